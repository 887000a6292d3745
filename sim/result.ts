/** What `espalier simulate --json` prints: timing, traffic, accesses and energy of a whole program, in all and by layer. */
import type { Buffer, Program } from '../backends/trellis/program.ts'
import { must, type Result } from '../ir/diagnostic.ts'
import { type Counts, MEMORIES, type Memory } from './access-counts.ts'
import { type DramTraffic, sumTraffic } from './dram-traffic.ts'
import { type ActionCounts, addActions, noActions } from './energy/actions.ts'
import { type Energy, energyOf } from './energy/energy.ts'
import { type LayerResult, layerResults } from './layer-result.ts'
import { describeMachine, type MachineDescription } from './machine-description.ts'
import { runOrder } from './run-order.ts'
import { scaledEnergy } from './scaled.ts'
import { type SimulationOptions, type TimedSegment, timeSegments } from './timed-segments.ts'
import { eachUnit, type TimedUnit, type UnitCycles } from './timing/ledger.ts'

/** Keys as in `espalier simulate --json`. Everything is for one run of the model, its whole batch. */
export interface SimulationResult {
  readonly model: string
  readonly target: string
  /** Samples that the figures are for. */
  readonly batch: number
  readonly clock_mhz: number
  readonly machine: MachineDescription
  /** Cycles of the machine; host ops take none. */
  readonly cycles: number
  readonly latency_ms: number
  /** Samples a second. */
  readonly inferences_per_s: number
  readonly macs: number
  /** MACs of kept blocks / (peak MACs x cycles), each layer's peak at its own precision. */
  readonly mac_utilization: number
  readonly lower_bound: { readonly cycles: number; readonly dram_bytes: number }
  readonly dram: DramTraffic
  readonly sram: Readonly<Record<Memory, SramCounts>>
  readonly energy_uj: Energy
  readonly units: Readonly<Record<TimedUnit, UnitCycles>>
  readonly layers: readonly LayerResult[]
  readonly host_ops: readonly HostOpResult[]
  /** Names of the tensors that enter and leave the model; views go by the name of the tensor that they show. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

export interface HostOpResult {
  readonly name: string
  readonly op: string
  readonly reason: string
  /** As those of layers. */
  readonly order: number
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

export interface SramCounts {
  readonly reads: number
  readonly read_bytes: number
  readonly writes: number
  readonly write_bytes: number
}

/** Times and counts a program. A program that hangs or breaks a rule of the machine gives `program/...` diagnostics. */
export function simulateProgram(program: Program, options: SimulationOptions = {}): Result<SimulationResult> {
  const timed = timeSegments(program, options)
  return timed.ok ? { ok: true, value: summarize(program, timed.value) } : timed
}

/** Puts timing, traffic, accesses and energy together. */
export function summarize(program: Program, timed: readonly TimedSegment[]): SimulationResult {
  const { target, batch } = program
  const cyclesOnce = timed.reduce((sum, { timing }) => sum + timing.cycles, 0)
  const cycles = cyclesOnce * batch

  const actions = noActions()
  for (const { segment } of timed) for (const i of segment.instructions) addActions(actions, i, target)
  const layers = layerResults(program, timed)
  const macCycles = layers.reduce(
    (sum, l) => sum + (l.peak_macs_per_cycle === 0 ? 0 : l.kept_macs / l.peak_macs_per_cycle),
    0,
  )
  return {
    model: program.model,
    target: target.name,
    batch,
    clock_mhz: target.clock_mhz,
    machine: describeMachine(target),
    cycles,
    latency_ms: cycles / (target.clock_mhz * 1e3),
    inferences_per_s: cycles === 0 ? 0 : (batch * target.clock_mhz * 1e6) / cycles,
    macs: layers.reduce((sum, l) => sum + l.macs, 0),
    mac_utilization: cycles === 0 ? 0 : macCycles / cycles,
    lower_bound: {
      cycles: program.lowerBound.cycles * batch,
      dram_bytes: program.lowerBound.dramBytes * batch,
    },
    dram: sumTraffic(layers.map((l) => l.dram)),
    sram: sramCounts(actions, batch),
    energy_uj: scaledEnergy(energyOf(actions, cyclesOnce, target), batch),
    units: sumUnits(timed, batch),
    layers,
    host_ops: hostOps(program),
    inputs: program.inputs.map((b) => tensorName(b, program)),
    outputs: program.outputs.map((b) => tensorName(b, program)),
  }
}

function hostOps(program: Program): HostOpResult[] {
  const order = runOrder(program).hostOps
  const isConstant = new Set(
    program.buffers.filter((b) => b.address >= program.weightsAddress).map((b) => b.id),
  )
  return program.steps
    .flatMap((step) => ('host' in step ? [step.host] : []))
    .map(({ name, op, reason, inputs, outputs }, index) => ({
      ...{ name, op, reason, order: must(order[index], 'order of a host op') },
      inputs: inputs.filter((id) => !isConstant.has(id)),
      outputs,
    }))
}

/** A model's output may show the bytes of another tensor, which stands before it in the list: then it is that one. */
function tensorName({ id, address, bytes }: Buffer, { buffers }: Program): string {
  return buffers.find((b) => b.id === id || (b.address === address && bytes > 0))?.id ?? id
}

function sramCounts({ memories }: ActionCounts, batch: number): Record<Memory, SramCounts> {
  const named = ({ reads, readBytes, writes, writeBytes }: Counts): SramCounts => ({
    reads: reads * batch,
    read_bytes: readBytes * batch,
    writes: writes * batch,
    write_bytes: writeBytes * batch,
  })
  return Object.fromEntries(MEMORIES.map((m) => [m, named(memories[m])])) as Record<Memory, SramCounts>
}

function sumUnits(timed: readonly TimedSegment[], batch: number): Record<TimedUnit, UnitCycles> {
  const sum = (unit: TimedUnit): UnitCycles => {
    const stall: Record<string, number> = {}
    let busy = 0
    let idle = 0
    for (const { timing } of timed) {
      const cycles = timing.units[unit]
      busy += cycles.busy
      idle += cycles.idle
      for (const [cause, n] of Object.entries(cycles.stall)) stall[cause] = (stall[cause] ?? 0) + n * batch
    }
    return { busy: busy * batch, stall, idle: idle * batch }
  }
  return eachUnit(sum)
}
