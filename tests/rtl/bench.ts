/** The RTL of a target as a design, and the events of its test benches as times of instructions. */
import { type Instruction, UNITS, unitOf } from '../../backends/trellis/isa/table.ts'
import type { Design } from '../../backends/trellis/netlist/run-yosys.ts'
import { rtlSources } from '../../backends/trellis/rtl/emit.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'

/** Its top module is the whole machine without DRAM. */
export function trellisDesign(target: Target): Design {
  return { files: unwrap(rtlSources(target)), top: 'trellis' }
}

/** What a test bench has seen, in cycles from the first without reset. */
export interface Events {
  /** For each unit, in the order of their instructions. */
  readonly starts: readonly (readonly number[])[]
  readonly dones: readonly (readonly number[])[]
  /** The dispatch of `end`; undefined if it never came. */
  readonly end: number | undefined
}

/** Start and done of each instruction; NaN for what never happened. */
export function instructionTimes(
  instructions: readonly Instruction[],
  { starts, dones, end = Number.NaN }: Events,
): { readonly startCycles: readonly number[]; readonly doneCycles: readonly number[] } {
  const next = UNITS.map(() => 0)
  const times = instructions.map((instruction) => {
    if (instruction.op === 'end') return { start: end, done: end + 1 }
    const unit = UNITS.indexOf(unitOf(instruction))
    const nth = next[unit] ?? 0
    next[unit] = nth + 1
    return { start: starts[unit]?.[nth] ?? Number.NaN, done: dones[unit]?.[nth] ?? Number.NaN }
  })
  return { startCycles: times.map(({ start }) => start), doneCycles: times.map(({ done }) => done) }
}
