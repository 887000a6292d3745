/** Instructions with every field given a plain value, for programs small enough to time by hand. */
import type { Instruction, InstructionOf, Opcode } from '../../../backends/trellis/isa/table.ts'
import { INSTRUCTIONS, UNITS, type Unit } from '../../../backends/trellis/isa/table.ts'
import { loadTarget, type Target } from '../../../backends/trellis/target.ts'
import { unwrap } from '../../../ir/diagnostic.ts'

/** 16 x 16, 16 bytes a cycle, 40 cycles of latency. */
export const TRELLIS_16: Target = unwrap(loadTarget('trellis-16'))

const USUAL: Readonly<Record<string, number>> = {
  ...{ rows: 1, bytes: 16, mx: 1, my: 1, entries: 1, blocks: 1, groups: 1, columns: 1, group_step: 1 },
  ...{ lines: 1, taps: 1, x_stride: 1, y_stride: 1, kx: 1, ky: 1, last_lanes: 16, max: 127, min: -128 },
}

/** An instruction whose fields are 0, or 1 where they count something, except for those given. */
export function make<O extends Opcode>(op: O, fields: Partial<InstructionOf<O>> = {}): Instruction {
  const names = Object.keys(INSTRUCTIONS[op].fields)
  const values = names.map((name) => [name, name === 'lanes' ? 0xffffn : (USUAL[name] ?? 0)])
  return { op, wait: 0, signal: 0, ...Object.fromEntries(values), ...fields } as Instruction
}

export function mask(...units: readonly Unit[]): number {
  return units.reduce((bits, unit) => bits | (1 << UNITS.indexOf(unit)), 0)
}

export const END = make('end')
