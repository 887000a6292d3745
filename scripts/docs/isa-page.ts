/** docs/isa.md: every instruction and field, from the instruction table. */
import { layoutOf, OPCODES, rangeOf } from '../../backends/trellis/isa/layout.ts'
import {
  HEADER,
  INSTRUCTION_BITS,
  INSTRUCTION_BYTES,
  INSTRUCTIONS,
  UNITS,
} from '../../backends/trellis/isa/table.ts'

export function isaPage(): string {
  return `${head()}${UNITS.map(unitSection).join('')}`
}

function head(): string {
  const masks = UNITS.map((unit, bit) => `\`${unit}\` is bit ${bit}`).join(', ')
  const list = OPCODES.map(
    (op) =>
      `| ${INSTRUCTIONS[op].opcode} | [\`${op}\`](#${anchor(op)}) | ${INSTRUCTIONS[op].unit} | ${INSTRUCTIONS[op].summary} |\n`,
  ).join('')
  return `# The instruction set of Trellis

This page is generated from [\`table.ts\`](../backends/trellis/isa/table.ts) by \`npm run docs\`. When each thing happens
is in [\`timing.md\`](timing.md).

## Encoding

An instruction is one little-endian word of ${INSTRUCTION_BITS} bits (${INSTRUCTION_BYTES} bytes). Bit 0 is the lowest bit of the first byte. Fields
stand one after the other from bit 0; bits above the last field are 0. Signed fields are two's complement. A field with a
multiple holds the value divided by it; the tables give the values themselves.

| bits | field | meaning |
| --- | --- | --- |
| ${bits(0, HEADER.opcode.bits)} | \`opcode\` | ${HEADER.opcode.doc} |
| ${bits(HEADER.opcode.bits, HEADER.wait.bits)} | \`wait\` | ${HEADER.wait.doc} |
| ${bits(HEADER.opcode.bits + HEADER.wait.bits, HEADER.signal.bits)} | \`signal\` | ${HEADER.signal.doc} |

In \`wait\` and \`signal\` ${masks}.

Addresses and steps of activation memory are bytes, and a window may start at any byte. Weight memory is addressed in
columns, accumulator memory in vectors of \`cols\` accumulators, index memory in entries, parameter memory and DRAM in bytes.
A _row ring_ lets a few rows of a tensor stand for all of it: where a row (for mac: a window) would start at or past
\`ring_end\`, \`ring_size\` is subtracted. A size of 0 means that there is no ring.

## Assembly

One instruction a line, its fields as \`NAME=VALUE\` in any order; a field left out is 0, and \`;\` starts a comment.
Numbers are decimal or \`0x\` hexadecimal, \`wait\` and \`signal\` are lists of units:

\`\`\`
mac.dense wait=load,post signal=post input=6720 x_step=16 mx=8 my=1 entries=9 blocks=2  ; one row
\`\`\`

\`espalier asm\` and \`espalier disasm\` are exact inverses.

## Instructions

| opcode | instruction | unit | what it does |
| --- | --- | --- | --- |
${list}`
}

function unitSection(unit: (typeof UNITS)[number]): string {
  const sections = OPCODES.filter((op) => INSTRUCTIONS[op].unit === unit).map((op) => {
    const { spec, fields, bits: used } = layoutOf(op)
    const rows = fields
      .filter(({ name }) => !(name in HEADER))
      .map(({ name, field, lowBit }) => {
        const { min, max } = rangeOf(field)
        const multiple = field.scale === undefined ? '' : `, multiples of ${field.scale}`
        return `| ${bits(lowBit, field.bits)} | \`${name}\` | ${inWords(min)} to ${inWords(max)}${multiple} | ${field.doc} |\n`
      })
    const table =
      rows.length === 0
        ? 'No fields but the header.\n'
        : `| bits | field | values | meaning |\n| --- | --- | --- | --- |\n${rows.join('')}`
    return `\n### ${op}\n\n${spec.summary} Opcode ${spec.opcode}, ${used} bits used.\n\n${table}`
  })
  return `\n## The ${unit} unit\n${sections.join('')}`
}

function bits(low: number, count: number): string {
  return count === 1 ? `${low}` : `${low + count - 1}:${low}`
}

/** Long powers of two read better as such. */
function inWords(value: number | bigint): string {
  const digits = String(value)
  if (digits.length < 10) return digits
  const magnitude = BigInt(value) < 0n ? -BigInt(value) : BigInt(value) + 1n
  const exponent = magnitude.toString(2).length - 1
  return BigInt(value) < 0n ? `-2^${exponent}` : `2^${exponent} - 1`
}

function anchor(op: string): string {
  return op.replace('.', '')
}
