/** Whether the figures of a simulation add up: over units, causes, kinds and components, and over layers. */
import { COMPONENTS, type Energy } from '../../../sim/energy/energy.ts'
import type { SimulationResult } from '../../../sim/result.ts'
import { CAUSES, TIMED_UNITS, type UnitCycles } from '../../../sim/timing/ledger.ts'

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** Floats may differ in the last digits, since they are added up in another order. */
const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))

/** What does not add up in `result`, in words; none for a right one. */
export function whatDoesNotAddUp(result: SimulationResult): string[] {
  const { layers, dram } = result
  const wrong: string[] = []
  const same = (what: string, parts: readonly number[], whole: number): void => {
    if (sum(parts) !== whole) wrong.push(`${what}: ${sum(parts)}, not ${whole}`)
  }
  const alike = (what: string, parts: readonly number[], whole: number): void => {
    if (!close(sum(parts), whole)) wrong.push(`${what}: ${sum(parts)}, not ${whole}`)
  }
  same(
    'cycles of layers',
    layers.map((l) => l.cycles),
    result.cycles,
  )
  same(
    'MACs of layers',
    layers.map((l) => l.macs),
    result.macs,
  )

  for (const unit of TIMED_UNITS) {
    const whole = result.units[unit]
    same(`cycles of ${unit}`, [total(whole)], result.cycles)
    for (const layer of layers) {
      same(`cycles of ${unit} in ${layer.name}`, [total(layer.units[unit])], layer.cycles)
      for (const cycles of [layer.units[unit].busy, layer.units[unit].idle])
        if (cycles < 0 || !Number.isInteger(cycles)) wrong.push(`${cycles} cycles of ${unit}`)
    }
    for (const cause of CAUSES)
      same(
        `${cause} of ${unit} over layers`,
        layers.map((l) => cyclesOf(l.units[unit], cause)),
        cyclesOf(whole, cause),
      )
  }

  for (const of of [result, ...layers])
    same('DRAM bytes by kind', Object.values(of.dram.by), of.dram.read_bytes + of.dram.write_bytes)
  for (const layer of layers)
    same(`DRAM bytes of ${layer.name}`, [layer.dram.read_bytes, layer.dram.write_bytes], layer.dram_bytes)
  for (const key of ['read_bytes', 'write_bytes'] as const)
    same(
      `DRAM ${key} over layers`,
      layers.map((l) => l.dram[key]),
      dram[key],
    )
  for (const kind of Object.keys(dram.by) as (keyof typeof dram.by)[])
    same(
      `DRAM bytes of ${kind} over layers`,
      layers.map((l) => l.dram.by[kind]),
      dram.by[kind],
    )

  for (const bound of ['low', 'nominal', 'high'] as const) {
    const parts = (energy: Energy): number[] => COMPONENTS.map((c) => energy.by[c][bound])
    alike(
      `${bound} energy over layers`,
      layers.map((l) => l.energy[bound]),
      result.energy_uj[bound],
    )
    alike(`${bound} energy by component`, parts(result.energy_uj), result.energy_uj[bound])
    for (const layer of layers)
      alike(`${bound} energy of ${layer.name}`, parts(layer.energy), layer.energy[bound])
    for (const c of COMPONENTS)
      alike(
        `${bound} energy of ${c} over layers`,
        layers.map((l) => l.energy.by[c][bound]),
        result.energy_uj.by[c][bound],
      )
  }
  for (const layer of layers) {
    if (layer.energy_uj !== layer.energy.nominal) wrong.push(`two energies of ${layer.name}`)
    const peak = layer.peak_macs_per_cycle * layer.cycles * layer.mac_utilization
    if (!close(peak, layer.kept_macs)) wrong.push(`${layer.kept_macs} MACs of ${layer.name} are not ${peak}`)
    if (layer.kept_macs > layer.macs) wrong.push(`${layer.name} keeps more MACs than it has`)
  }
  return wrong
}

/** Which layers and host ops read what nothing before them wrote, in words; none for a connected network. */
export function whatIsNotConnected(result: SimulationResult): string[] {
  const steps = [...result.layers, ...result.host_ops].sort((a, b) => a.order - b.order)
  const wrong = steps.flatMap(({ name, order }, at) =>
    order === at ? [] : [`${name} has place ${order}, not ${at}`],
  )
  const known = new Set(result.inputs)
  for (const { name, inputs, outputs } of steps) {
    for (const id of inputs) if (!known.has(id)) wrong.push(`${name} reads ${id}, which nothing has written`)
    for (const id of outputs) known.add(id)
  }
  for (const id of result.outputs) if (!known.has(id)) wrong.push(`nothing writes ${id}, an output`)
  return wrong
}

function total({ busy, stall, idle }: UnitCycles): number {
  return busy + idle + sum(Object.values(stall))
}

function cyclesOf({ busy, stall, idle }: UnitCycles, cause: (typeof CAUSES)[number]): number {
  if (cause === 'busy') return busy
  return cause === 'idle' ? idle : (stall[cause] ?? 0)
}
