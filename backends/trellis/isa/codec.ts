/**
 * Instructions to bytes and back. An instruction is one little-endian 256-bit word: the opcode in the lowest bits, then
 * `wait` and `signal`, then its fields in the order of the table. Bits above the last field are 0.
 */
import { attempt, fail, type Result } from '../../../ir/diagnostic.ts'
import { checkFields, fieldValue, isWide, layoutOf, OPCODES, type PlacedField } from './layout.ts'
import { HEADER, INSTRUCTION_BYTES, INSTRUCTIONS, type Instruction, type Opcode } from './table.ts'

export { checkFields } from './layout.ts'

const OPCODE_BY_NUMBER: ReadonlyMap<number, Opcode> = new Map(
  OPCODES.map((op) => [INSTRUCTIONS[op].opcode, op]),
)

/** The bytes of a program. A value that its field cannot hold is an internal error: see `checkFields`. */
export function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES)
  instructions.forEach((instruction, index) => {
    const wrong = checkFields(instruction)
    if (wrong !== undefined)
      throw new Error(`internal error: instruction ${index}, ${instruction.op}: ${wrong}`)
    const { spec, fields } = layoutOf(instruction.op)
    const base = index * INSTRUCTION_BYTES * 8
    putBits(bytes, base, spec.opcode)
    for (const { name, field, lowBit } of fields) {
      const value = fieldValue(instruction, name)
      if (typeof value === 'bigint') {
        putBits(bytes, base + lowBit, Number(value & 0xffffffffn))
        putBits(bytes, base + lowBit + 32, Number(value >> 32n))
      } else {
        const scaled = value / (field.scale ?? 1)
        putBits(bytes, base + lowBit, scaled < 0 ? scaled + 2 ** field.bits : scaled)
      }
    }
  })
  return bytes
}

/** The instructions in `bytes`; diagnostics `isa/length`, `isa/unknown-opcode`, `isa/unused-bits` with byte offsets. */
export function decode(bytes: Uint8Array, file?: string): Result<Instruction[]> {
  return attempt(() => {
    if (bytes.length % INSTRUCTION_BYTES !== 0) {
      fail({
        code: 'isa/length',
        message: `${bytes.length} bytes are not a whole number of ${INSTRUCTION_BYTES}-byte instructions`,
        span: spanAt(bytes.length - (bytes.length % INSTRUCTION_BYTES), file),
        hint: 'the file is cut off, or is not a Trellis program',
      })
    }
    const instructions: Instruction[] = []
    for (let at = 0; at < bytes.length; at += INSTRUCTION_BYTES) instructions.push(decodeOne(bytes, at, file))
    return instructions
  })
}

function decodeOne(bytes: Uint8Array, at: number, file: string | undefined): Instruction {
  const opcode = getBits(bytes, at * 8, HEADER.opcode.bits)
  const op = OPCODE_BY_NUMBER.get(opcode)
  if (op === undefined) {
    return fail({
      code: 'isa/unknown-opcode',
      message: `instruction ${at / INSTRUCTION_BYTES} has opcode ${opcode}, which no instruction has`,
      span: spanAt(at, file),
      hint: 'the file is damaged, or is not a Trellis program; docs/isa.md lists the opcodes',
    })
  }
  const layout = layoutOf(op)
  const instruction: Record<string, string | number | bigint> = { op }
  for (const placed of layout.fields) instruction[placed.name] = getField(bytes, at * 8, placed)
  for (let bit = layout.bits; bit < INSTRUCTION_BYTES * 8; bit = (bit | 7) + 1) {
    if (getBits(bytes, at * 8 + bit, 8 - (bit & 7)) !== 0) {
      fail({
        code: 'isa/unused-bits',
        message: `instruction ${at / INSTRUCTION_BYTES}, ${op}, has bits above bit ${layout.bits - 1} that are not 0`,
        span: spanAt(at + (bit >> 3), file),
        hint: 'the file is damaged, or was written for another version of the instruction set',
      })
    }
  }
  return instruction as unknown as Instruction
}

function getField(bytes: Uint8Array, base: number, { field, lowBit }: PlacedField): number | bigint {
  if (isWide(field)) {
    const low = BigInt(getBits(bytes, base + lowBit, 32))
    return low | (BigInt(getBits(bytes, base + lowBit + 32, field.bits - 32)) << 32n)
  }
  const raw = getBits(bytes, base + lowBit, field.bits)
  const value = field.signed && raw >= 2 ** (field.bits - 1) ? raw - 2 ** field.bits : raw
  return value * (field.scale ?? 1)
}

function spanAt(offset: number, file: string | undefined) {
  return file === undefined ? { offset } : { file, offset }
}

/** Writes up to 32 bits over zeros. Doubles hold the up to 39 bits of the shifted value exactly. */
function putBits(bytes: Uint8Array, lowBit: number, value: number): void {
  let rest = value * 2 ** (lowBit & 7)
  for (let at = lowBit >> 3; rest > 0; at++) {
    bytes[at] = (bytes[at] ?? 0) | (rest % 256)
    rest = Math.floor(rest / 256)
  }
}

/** Reads up to 32 bits. */
function getBits(bytes: Uint8Array, lowBit: number, bits: number): number {
  let value = 0
  for (let at = (lowBit + bits - 1) >> 3; at >= lowBit >> 3; at--) value = value * 256 + (bytes[at] ?? 0)
  return Math.floor(value / 2 ** (lowBit & 7)) % 2 ** bits
}
