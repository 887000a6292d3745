/** What `espalier simulate --json` prints: timing, traffic, accesses and energy of a whole program, in all and by layer. */
import { Accesses } from '../backends/trellis/isa/accesses.ts'
import { INSTRUCTION_BYTES, UNITS, unitOf } from '../backends/trellis/isa/table.ts'
import type { DramRegion, HostOp, Program, Segment } from '../backends/trellis/program.ts'
import { attempt, Diagnosed, must, type Result } from '../ir/diagnostic.ts'
import { type Counts, MEMORIES, type Memory } from './access-counts.ts'
import { regionKind, transferOf } from './dram-traffic.ts'
import { type ActionCounts, addActions, noActions } from './energy/actions.ts'
import { type Energy, energyOf } from './energy/energy.ts'
import { type BoundBy, layerCycles, layerDemand, limitOf } from './layer-cycles.ts'
import { TIMED_UNITS, type TimedUnit, type UnitCycles } from './timing/ledger.ts'
import { checkOwnership } from './timing/ownership.ts'
import { simulateTiming, type Timing } from './timing/simulate.ts'

/** Keys as in `espalier simulate --json`. Everything is for one run of the model, its whole batch. */
export interface SimulationResult {
  readonly model: string
  readonly target: string
  readonly clock_mhz: number
  /** Cycles of the machine; host ops take none. */
  readonly cycles: number
  readonly latency_ms: number
  /** Samples a second. */
  readonly inferences_per_s: number
  readonly macs: number
  /** MACs of kept blocks / (peak MACs x cycles), each layer's peak at its own precision. */
  readonly mac_utilization: number
  readonly lower_bound: { readonly cycles: number; readonly dram_bytes: number }
  readonly dram: {
    readonly read_bytes: number
    readonly write_bytes: number
    readonly by: Readonly<Record<DramRegion['kind'], number>>
  }
  readonly sram: Readonly<Record<Memory, SramCounts>>
  readonly energy_uj: Energy
  readonly units: Readonly<Record<TimedUnit, UnitCycles>>
  readonly layers: readonly LayerResult[]
  readonly host_ops: readonly { readonly name: string; readonly op: string; readonly reason: string }[]
}

export interface SramCounts {
  readonly reads: number
  readonly read_bytes: number
  readonly writes: number
  readonly write_bytes: number
}

export interface LayerResult {
  readonly name: string
  readonly op: string
  readonly precision: string
  /** Share of weights in blocks that are not all 0, the array's own blocks; 1 without sparsity. */
  readonly density: number
  /** Those of the dense layer. */
  readonly macs: number
  readonly cycles: number
  readonly mac_utilization: number
  readonly dram_bytes: number
  /** Nominal. */
  readonly energy_uj: number
  readonly bound_by: BoundBy
  /** MAC roofline alone: a layer's constants may come while others run. */
  readonly lower_bound_cycles: number
}

export interface SimulationOptions {
  /** Keeps for each unit what it did when: a trace needs it. */
  readonly intervals?: boolean
  /** Asserts that no two units ever share a port of activation memory; on unless false. */
  readonly ownership?: boolean
}

/** One step of a program that runs on the machine. */
export interface TimedSegment {
  readonly segment: Segment
  readonly timing: Timing
}

/** Times and counts a program. A program that hangs or breaks a rule of the machine gives `program/...` diagnostics. */
export function simulateProgram(program: Program, options: SimulationOptions = {}): Result<SimulationResult> {
  const timed = timeSegments(program, options)
  return timed.ok ? { ok: true, value: summarize(program, timed.value) } : timed
}

/** The timing of each segment, in the order of the steps that run them; once, however large the batch. */
export function timeSegments(
  program: Program,
  options: SimulationOptions = {},
): Result<readonly TimedSegment[]> {
  return attempt(() => {
    const { target } = program
    const constants = { bytes: program.weights, address: program.weightsAddress }
    const accesses = options.ownership === false ? undefined : new Accesses(target, constants)
    return program.steps.flatMap((step) => {
      if ('host' in step) return []
      const segment = must(program.segments[step.run], `segment ${step.run}`)
      const timing = simulateTiming(segment.instructions, segment.address, target, {
        intervals: options.intervals === true,
      })
      if (accesses) {
        const touched = segment.instructions.map((i) => accesses.next(i))
        const unitOfEach = Uint8Array.from(segment.instructions, (i) => UNITS.indexOf(unitOf(i)))
        const conflicts = checkOwnership({ unitOf: unitOfEach, ...timing }, touched, target)
        if (conflicts.length > 0) throw new Diagnosed(conflicts)
      }
      return [{ segment, timing }]
    })
  })
}

/** Puts timing, traffic, accesses and energy together. */
export function summarize(program: Program, timed: readonly TimedSegment[]): SimulationResult {
  const { target, batch } = program
  const cyclesOnce = timed.reduce((sum, { timing }) => sum + timing.cycles, 0)
  const cycles = cyclesOnce * batch
  const peak = target.array.rows * target.array.cols

  const actions = program.layers.map(noActions)
  const total = noActions()
  const by = { weights: 0, activations: 0, instructions: 0, parameters: 0 }
  const narrowest = program.layers.map(() => 0)
  for (const { segment } of timed) {
    segment.instructions.forEach((i, index) => {
      const layer = segment.layerOf[index] as number
      addActions(total, i, target)
      addActions(must(actions[layer], `layer ${layer}`), i, target)
      const transfer = transferOf(i)
      by.instructions += INSTRUCTION_BYTES
      if (transfer)
        by[regionKind(program.regions, transfer.address)] += transfer.readBytes + transfer.writeBytes
      if (i.op === 'mac.dense' || i.op === 'mac.depthwise')
        narrowest[layer] = Math.max(narrowest[layer] as number, i.precision)
    })
  }
  const perLayer = layerCycles(timed, program.layers.length, target)
  const demand = layerDemand(timed, program.layers.length, target)
  const energy = energyOf(total, cyclesOnce, target)

  /** Cycles that the array needs for the MACs of a layer's kept blocks, at the layer's precision. */
  const macCycles = program.layers.map(
    (l, index) => l.usefulMacs / (peak * 2 ** (narrowest[index] as number)),
  )
  const layers = program.layers.map((layer, index): LayerResult => {
    const spent = must(perLayer[index], 'layer cycles')
    const done = must(actions[index], 'layer actions')
    return {
      name: layer.name,
      op: layer.op,
      precision: layer.precision,
      density: layer.density,
      macs: layer.macs * batch,
      cycles: spent * batch,
      mac_utilization: spent === 0 ? 0 : (macCycles[index] as number) / spent,
      dram_bytes: (done.dramReadBytes + done.dramWriteBytes) * batch,
      energy_uj: energyOf(done, spent, target).nominal * batch,
      bound_by: limitOf(must(demand[index], 'layer demand'), spent),
      lower_bound_cycles: Math.ceil(macCycles[index] as number) * batch,
    }
  })
  return {
    model: program.model,
    target: target.name,
    clock_mhz: target.clock_mhz,
    cycles,
    latency_ms: cycles / (target.clock_mhz * 1e3),
    inferences_per_s: cycles === 0 ? 0 : (batch * target.clock_mhz * 1e6) / cycles,
    macs: layers.reduce((sum, l) => sum + l.macs, 0),
    mac_utilization: cycles === 0 ? 0 : macCycles.reduce((sum, n) => sum + n, 0) / cyclesOnce,
    lower_bound: {
      cycles: program.lowerBound.cycles * batch,
      dram_bytes: program.lowerBound.dramBytes * batch,
    },
    dram: {
      read_bytes: total.dramReadBytes * batch,
      write_bytes: total.dramWriteBytes * batch,
      by: scaled(by, batch),
    },
    sram: sramCounts(total, batch),
    energy_uj: scaledEnergy(energy, batch),
    units: sumUnits(timed, batch),
    layers,
    host_ops: program.steps.flatMap((step) => ('host' in step ? [describeHost(step.host)] : [])),
  }
}

function describeHost({ name, op, reason }: HostOp) {
  return { name, op, reason }
}

function scaled<K extends string>(values: Readonly<Record<K, number>>, factor: number): Record<K, number> {
  return Object.fromEntries(Object.entries<number>(values).map(([k, v]) => [k, v * factor])) as Record<
    K,
    number
  >
}

function scaledEnergy(energy: Energy, factor: number): Energy {
  const by = Object.entries(energy.by).map(([k, interval]) => [k, scaled({ ...interval }, factor)])
  return {
    low: energy.low * factor,
    nominal: energy.nominal * factor,
    high: energy.high * factor,
    by: Object.fromEntries(by) as Energy['by'],
  }
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
  return Object.fromEntries(TIMED_UNITS.map((unit) => [unit, sum(unit)])) as Record<TimedUnit, UnitCycles>
}
