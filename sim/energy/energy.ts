/** Energy of counted actions over counted cycles, as an interval. docs/energy.md explains the model. */
import { INSTRUCTION_BYTES } from '../../backends/trellis/isa/table.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { MEMORIES, type Memory } from '../access-counts.ts'
import { memoryBytes } from '../machine-description.ts'
import type { ActionCounts } from './actions.ts'
import { type Constant, ENERGY_TABLES, type EnergyTable } from './table.ts'

export interface Interval {
  readonly low: number
  readonly nominal: number
  readonly high: number
}

export const COMPONENTS = [
  'mac',
  ...MEMORIES,
  'requantize',
  'vector',
  'instruction',
  'clock',
  'leakage',
  'dram',
  'dram_background',
] as const
export type Component = (typeof COMPONENTS)[number]

/** Microjoules. */
export interface Energy extends Interval {
  readonly by: Readonly<Record<Component, Interval>>
}

const BOUNDS = ['low', 'nominal', 'high'] as const
type Bound = (typeof BOUNDS)[number]

/** Memories smaller than this cost as much as one of this size: sense amplifiers and drivers remain. */
const SMALLEST_KIB = 0.25
/** Times that an instruction is written to, and read from, a flip-flop buffer: fetch buffer, then queue. */
const INSTRUCTION_MOVES = 4

/**
 * Energy in microjoules of `actions` in `cycles` cycles of `target`. Everything adds up: the energies of parts of a program
 * with their shares of the cycles sum to the energy of the whole.
 */
export function energyOf(actions: ActionCounts, cycles: number, target: Target): Energy {
  const table = ENERGY_TABLES[target.energy]
  const bounds = BOUNDS.map((bound) => picojoules(actions, cycles, target, table, bound))
  const [low, nominal, high] = bounds as [Parts, Parts, Parts]
  const total = (parts: Parts): number => COMPONENTS.reduce((sum, c) => sum + parts[c], 0) / 1e6
  return {
    low: total(low),
    nominal: total(nominal),
    high: total(high),
    by: Object.fromEntries(
      COMPONENTS.map((c) => [c, { low: low[c] / 1e6, nominal: nominal[c] / 1e6, high: high[c] / 1e6 }]),
    ) as Record<Component, Interval>,
  }
}

type Parts = Record<Component, number>

function picojoules(
  actions: ActionCounts,
  cycles: number,
  target: Target,
  table: EnergyTable,
  bound: Bound,
): Parts {
  const of = (constant: Constant): number => constant[bound]
  const picoseconds = (cycles * 1e6) / target.clock_mhz
  const memory = (m: Memory): number => {
    const { readBytes, writeBytes } = actions.memories[m]
    const kib = Math.max(SMALLEST_KIB, memoryKib(m, target))
    // An access drives word and bit lines whose length grows as the side of the array: the square root of the size.
    return (readBytes + writeBytes) * of(table.sramByte) * Math.sqrt(kib / of(table.sramReferenceKib))
  }
  const onChip = {
    mac: actions.lanes.reduce((sum, lanes, log2) => {
      // 2^log2 multipliers of 8 / 2^log2 bits each; a multiplier's energy goes with the square of its width.
      return sum + lanes * (of(table.multiply8) / 2 ** log2 + of(table.laneAdd))
    }, 0),
    activation: memory('activation'),
    weight: memory('weight'),
    accumulator: memory('accumulator'),
    parameter: memory('parameter'),
    index: memory('index'),
    table: memory('table'),
    line: memory('line'),
    requantize: actions.requantizations * of(table.requantize),
    vector: actions.vectorLanes * of(table.vectorLane),
    instruction: actions.instructions * INSTRUCTION_BYTES * INSTRUCTION_MOVES * of(table.registerByte),
  }
  const dynamic = Object.values(onChip).reduce((sum, pj) => sum + pj, 0)
  const bits = MEMORIES.reduce((sum, m) => sum + memoryBytes(m, target) * 8, 0)
  // 1 pW for 1 ps is 1e-12 pJ; 1 mW for 1 ps is 1e-3 pJ.
  const leakage = bits * of(table.sramLeakage) * (1 + of(table.logicLeakageShare)) * picoseconds * 1e-12
  return {
    ...onChip,
    clock: dynamic * of(table.clockShare),
    leakage,
    dram: (actions.dramReadBytes + actions.dramWriteBytes) * of(table.dramByte),
    dram_background: of(table.dramBackground) * picoseconds * 1e-3,
  }
}

/** Size of the array that one access reaches: a bank of activation memory, the whole of the others. */
function memoryKib(memory: Memory, target: Target): number {
  const bytes = memoryBytes(memory, target) / 1024
  return memory === 'activation' ? bytes / target.memories.banks : bytes
}
