/** Random instructions, straight from the table: every value that a field can hold, edges more often. */
import fc from 'fast-check'
import { layoutOf, OPCODES, rangeOf } from '../../backends/trellis/isa/layout.ts'
import type { Field, Instruction, Opcode } from '../../backends/trellis/isa/table.ts'

function arbitraryValue(field: Field): fc.Arbitrary<number | bigint> {
  const { min, max } = rangeOf(field)
  if (typeof min === 'bigint' || typeof max === 'bigint')
    return fc.bigInt({ min: BigInt(min), max: BigInt(max) })
  const scale = field.scale ?? 1
  return fc.integer({ min: min / scale, max: max / scale }).map((n) => n * scale)
}

export function arbitraryInstructionOf(op: Opcode): fc.Arbitrary<Instruction> {
  const fields = Object.fromEntries(layoutOf(op).fields.map((f) => [f.name, arbitraryValue(f.field)]))
  return fc.record(fields).map((values) => ({ op, ...values }) as unknown as Instruction)
}

export const arbitraryInstruction: fc.Arbitrary<Instruction> = fc.oneof(
  ...OPCODES.map(arbitraryInstructionOf),
)
