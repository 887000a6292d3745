/** What `espalier simulate --json` printed, read back from a file. */
import { z } from 'zod'
import { checkSchema } from '../../backends/trellis/schema-problems.ts'
import { attempt, fail, type Result, unwrap } from '../../ir/diagnostic.ts'
import { readBytes } from '../files.ts'

const amount = z.number().min(0)
const interval = z.object({ low: amount, nominal: amount, high: amount })
const energy = interval.extend({ by: z.record(z.string(), interval) })
const dram = z.object({
  read_bytes: amount,
  write_bytes: amount,
  by: z.record(z.string(), amount),
})
const units = z.record(
  z.string(),
  z.object({ busy: amount, stall: z.record(z.string(), amount), idle: amount }),
)

const layer = z.object({
  name: z.string(),
  op: z.string(),
  precision: z.string(),
  output_shape: z.array(amount),
  macs: amount,
  kept_macs: amount,
  peak_macs_per_cycle: amount,
  mac_utilization: amount,
  bound_by: z.string(),
  lower_bound_cycles: amount,
  cycles: amount,
  dram,
  energy,
  units,
})

/** The keys that a comparison reads; others are let pass, since later versions may have more. */
const simulationSchema = z.object({
  model: z.string(),
  target: z.string(),
  clock_mhz: amount,
  batch: amount,
  machine: z.object({ rows: amount, cols: amount, dram_bytes_per_cycle: amount }),
  cycles: amount,
  latency_ms: amount,
  inferences_per_s: amount,
  macs: amount,
  mac_utilization: amount,
  lower_bound: z.object({ cycles: amount, dram_bytes: amount }),
  dram,
  energy_uj: energy,
  units,
  layers: z.array(layer),
  host_ops: z.array(z.object({ name: z.string(), op: z.string() })),
})

/** Units as in `SimulationResult`: cycles, bytes, microjoules, MHz. */
export type SavedSimulation = z.infer<typeof simulationSchema>
export type SavedLayer = z.infer<typeof layer>
export type SavedUnits = z.infer<typeof units>

const SAVE_IT = 'save one with "espalier simulate MODEL --json > FILE"'

/** Diagnostics: `file/...` if it cannot be read, `simulation/...` if it is no simulation that can be compared. */
export function readSimulation(file: string): Result<SavedSimulation> {
  return attempt(() => checkSimulation(parseJson(unwrap(readBytes(file)), file), file))
}

function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    return fail({
      code: 'simulation/not-json',
      message: `the file is not JSON: ${(error as Error).message.slice(0, 120)}`,
      span: { file },
      hint: `${SAVE_IT}; with npm, "npm run -s", which adds no lines of its own`,
    })
  }
}

/** Keys that no other command's object has all of. */
const OWN_KEYS = ['clock_mhz', 'cycles', 'layers']

function checkSimulation(data: unknown, file: string): SavedSimulation {
  if (typeof data !== 'object' || data === null || !OWN_KEYS.every((key) => key in data)) {
    fail({
      code: 'simulation/foreign',
      message: 'the file is JSON, but not what "espalier simulate --json" prints',
      span: { file },
      hint: SAVE_IT,
    })
  }
  const checked = checkSchema(simulationSchema, data)
  if (checked.ok) return checked.value
  const [problem] = checked.problems
  return fail({
    code: 'simulation/invalid',
    message: problem?.message ?? 'it does not fit the format',
    span: { file, path: problem?.path.join('.') ?? '' },
    hint: 'an older version may have written it, or somebody changed it: simulate again with this version',
  })
}
