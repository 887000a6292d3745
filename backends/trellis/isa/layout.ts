/** Where each field of each instruction stands in its 256 bits, and which values it can hold: derived from the table. */
import { must } from '../../../ir/diagnostic.ts'
import {
  type Field,
  HEADER,
  INSTRUCTIONS,
  type Instruction,
  type InstructionSpec,
  type Opcode,
} from './table.ts'

export interface PlacedField {
  readonly name: string
  readonly field: Field
  /** Its lowest bit, counted from the lowest of the instruction. */
  readonly lowBit: number
}

export interface Layout {
  readonly op: Opcode
  readonly spec: InstructionSpec
  /** `wait`, `signal` and the instruction's own fields, in the order of their bits; the opcode stands below them. */
  readonly fields: readonly PlacedField[]
  readonly byName: ReadonlyMap<string, PlacedField>
  /** Bits in use; the ones above are 0. */
  readonly bits: number
}

export const OPCODES = Object.keys(INSTRUCTIONS) as readonly Opcode[]

const LAYOUTS: ReadonlyMap<Opcode, Layout> = new Map(OPCODES.map((op) => [op, place(op)]))

function place(op: Opcode): Layout {
  const spec: InstructionSpec = INSTRUCTIONS[op]
  const { opcode, ...header } = HEADER
  let lowBit: number = opcode.bits
  const fields = Object.entries({ ...header, ...spec.fields }).map(([name, field]) => {
    const placed = { name, field, lowBit }
    lowBit += field.bits
    return placed
  })
  return { op, spec, fields, byName: new Map(fields.map((f) => [f.name, f])), bits: lowBit }
}

export function layoutOf(op: Opcode): Layout {
  return must(LAYOUTS.get(op), `instruction ${op}`)
}

/** Values wider than a JavaScript bit operation are bigints; the others are numbers. */
export function isWide(field: Field): boolean {
  return field.bits > 32
}

/** Smallest and largest value, in the field's unit. */
export function rangeOf(field: Field): { readonly min: number | bigint; readonly max: number | bigint } {
  if (isWide(field)) return { min: 0n, max: (1n << BigInt(field.bits)) - 1n }
  const scale = field.scale ?? 1
  if (field.signed) return { min: -(2 ** (field.bits - 1)) * scale, max: (2 ** (field.bits - 1) - 1) * scale }
  return { min: 0, max: (2 ** field.bits - 1) * scale }
}

export function fieldValue(instruction: Instruction, name: string): number | bigint {
  return must((instruction as unknown as Record<string, number | bigint>)[name], `${instruction.op} ${name}`)
}

/** Why a field cannot hold a value, as the end of a sentence that starts with the field's name; undefined if it can. */
export function checkValue(field: Field, value: number | bigint): string | undefined {
  if (isWide(field) ? typeof value !== 'bigint' : !Number.isInteger(value))
    return `is ${value}, not an integer`
  const { min, max } = rangeOf(field)
  if (value < min || value > max) return `is ${value}, outside ${min}..${max}`
  const scale = field.scale ?? 1
  if (scale > 1 && Number(value) % scale !== 0) return `is ${value}, not a multiple of ${scale}`
  return undefined
}

/** The first field that cannot hold its value, in words; undefined if the instruction can be encoded. */
export function checkFields(instruction: Instruction): string | undefined {
  for (const { name, field } of layoutOf(instruction.op).fields) {
    const wrong = checkValue(field, fieldValue(instruction, name))
    if (wrong !== undefined) return `${name} ${wrong}`
  }
  return undefined
}
