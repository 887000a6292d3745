/**
 * Assembly text to bytes and back, exact inverses: `assemble` of `disassemble` gives the same bytes.
 *
 *     ; comment
 *     mac.dense wait=load,post signal=post input=6720 x_step=16 mx=8 my=1 entries=9 blocks=2
 *
 * One instruction a line: its name, then fields as NAME=VALUE in any order; a field left out is 0. Numbers are decimal
 * or 0x hexadecimal, negative ones with a minus; `wait` and `signal` are lists of units. The language is regular, a
 * word at a time, so a regular expression is all the parser there is: a grammar would be longer than this file.
 */
import { attempt, type Diagnostic, fail, nearest, type Result, type Span } from '../../../ir/diagnostic.ts'
import { decode, encode } from './codec.ts'
import { checkValue, fieldValue, isWide, type Layout, layoutOf, OPCODES, type PlacedField } from './layout.ts'
import { type Instruction, type Opcode, UNITS } from './table.ts'

/** After this many errors the rest of the text is not worth reading. */
const MOST_ERRORS = 20

/** The program in a text; diagnostics `asm/...` with line and column. */
export function assemble(text: string, file: string): Result<Uint8Array> {
  const instructions: Instruction[] = []
  const errors: Diagnostic[] = []
  text.split(/\r?\n/).forEach((line, index) => {
    if (errors.length >= MOST_ERRORS) return
    const parsed = attempt(() => parseLine(line, (column) => ({ file, line: index + 1, column })))
    if (!parsed.ok) errors.push(...parsed.diagnostics)
    else if (parsed.value) instructions.push(parsed.value)
  })
  return errors.length > 0 ? { ok: false, diagnostics: errors } : { ok: true, value: encode(instructions) }
}

/** The canonical text of a program: fields in the order of the table, those that are 0 left out. */
export function disassemble(bytes: Uint8Array, file: string): Result<string> {
  const decoded = decode(bytes, file)
  if (!decoded.ok) return decoded
  return { ok: true, value: decoded.value.map((i) => `${printInstruction(i)}\n`).join('') }
}

/** The line of one instruction. */
export function printInstruction(instruction: Instruction): string {
  let line: string = instruction.op
  for (const { name, field } of layoutOf(instruction.op).fields) {
    const value = fieldValue(instruction, name)
    if (Number(value) === 0) continue
    if (isUnitMask(name)) line += ` ${name}=${UNITS.filter((_, u) => (Number(value) >> u) & 1).join(',')}`
    // Masks and DRAM addresses read best in hexadecimal.
    else line += ` ${name}=${field.bits >= 32 && !field.signed ? `0x${value.toString(16)}` : value}`
  }
  return line
}

function isUnitMask(name: string): boolean {
  return name === 'wait' || name === 'signal'
}

interface Word {
  readonly text: string
  /** From 1. */
  readonly column: number
}

type At = (column: number) => Span

/** The instruction of a line; undefined if there is none. */
function parseLine(line: string, at: At): Instruction | undefined {
  const comment = line.indexOf(';')
  const code = comment < 0 ? line : line.slice(0, comment)
  const words = [...code.matchAll(/\S+/g)].map((m) => ({ text: m[0], column: m.index + 1 }))
  const [name, ...assignments] = words
  if (name === undefined) return undefined
  const layout = layoutOf(parseOpcode(name, at))
  const values: Record<string, string | number | bigint> = { op: layout.op }
  for (const { name: field, field: kind } of layout.fields) values[field] = isWide(kind) ? 0n : 0
  const given = new Set<string>()
  for (const word of assignments) parseField(word, layout, values, given, at)
  return values as unknown as Instruction
}

function parseOpcode({ text, column }: Word, at: At): Opcode {
  const op = OPCODES.find((o) => o === text)
  if (op !== undefined) return op
  const near = nearest(text, OPCODES)
  return fail({
    code: 'asm/unknown-instruction',
    message: text.includes('=')
      ? `"${text}" stands where an instruction's name belongs`
      : `there is no instruction "${text}"`,
    span: at(column),
    hint: near ? `did you mean ${near}?` : `instructions are ${OPCODES.join(', ')}`,
  })
}

/** Reads NAME=VALUE into `values`. */
function parseField(
  { text, column }: Word,
  { op, byName }: Layout,
  values: Record<string, string | number | bigint>,
  given: Set<string>,
  at: At,
): void {
  const [, name = '', value = ''] = text.match(/^([^=]*)=(.*)$/) ?? []
  if (name === '' || value === '') {
    fail({
      code: 'asm/syntax',
      message: `"${text}" is not of the form NAME=VALUE`,
      span: at(column),
      hint: 'write for example mx=16, without spaces around =; a comment starts with ;',
    })
  }
  const placed = byName.get(name)
  if (placed === undefined) {
    const near = nearest(name, byName.keys())
    fail({
      code: 'asm/unknown-field',
      message: `${op} has no field "${name}"`,
      span: at(column),
      hint: near ? `did you mean ${near}?` : `its fields are ${[...byName.keys()].join(', ')}`,
    })
  }
  if (given.has(name)) {
    fail({
      code: 'asm/field-twice',
      message: `${name} is given twice`,
      span: at(column),
      hint: 'leave one out',
    })
  }
  given.add(name)
  const where = at(column + name.length + 1)
  values[name] = isUnitMask(name) ? parseUnits(value, where) : parseNumber(value, placed, where)
}

function parseUnits(text: string, span: Span): number {
  let mask = 0
  for (const name of text.split(',')) {
    const unit = (UNITS as readonly string[]).indexOf(name)
    if (unit < 0) {
      const near = nearest(name, UNITS)
      fail({
        code: 'asm/unknown-unit',
        message: `there is no unit "${name}"`,
        span,
        hint: near
          ? `did you mean ${near}?`
          : `units are ${UNITS.join(', ')}, with commas between and no spaces`,
      })
    }
    mask |= 1 << unit
  }
  return mask
}

function parseNumber(text: string, { name, field }: PlacedField, span: Span): number | bigint {
  const [, minus, digits] = text.match(/^(-?)(\d+|0x[\da-f]+)$/i) ?? []
  if (digits === undefined) {
    return fail({
      code: 'asm/number',
      message: `${name} is "${text}", not a whole number`,
      span,
      hint: 'write 26, -26 or 0x1a',
    })
  }
  const magnitude = isWide(field) ? BigInt(digits) : Number(digits)
  const value = minus ? -magnitude : magnitude
  const wrong = checkValue(field, value)
  if (wrong !== undefined) {
    fail({ code: 'asm/range', message: `${name} ${wrong}`, span, hint: `${name}: ${field.doc}` })
  }
  return value
}
