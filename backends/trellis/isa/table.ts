/**
 * The instruction set of Trellis, once. The instruction types, encoder, decoder, assembler, disassembler and
 * docs/isa.md all come from this table.
 *
 * An instruction is 256 bits: fields stand in the order of the table, the first in the lowest bits, after the common
 * header. Addresses and steps of activation memory are bytes; a window may start at any byte. Every address generator
 * of activation memory knows one circular row buffer: an address at or past `ring_end` has `ring_size` subtracted
 * (a size of 0 means that there is no ring). It is applied to the start of a row (mac: to the start of a window).
 */

export const UNITS = ['load', 'mac', 'post', 'store'] as const
export type Unit = (typeof UNITS)[number]

export const INSTRUCTION_BITS = 256
export const INSTRUCTION_BYTES = INSTRUCTION_BITS / 8

export interface Field {
  readonly bits: number
  /** Two's complement; otherwise unsigned. */
  readonly signed?: boolean
  /** The field holds the value divided by this; values must be multiples. */
  readonly scale?: number
  readonly doc: string
}

/** Fields that every instruction starts with. `wait` and `signal`: one bit a unit, in the order of UNITS. */
export const HEADER = {
  opcode: { bits: 5, doc: 'which instruction' },
  wait: { bits: 4, doc: 'take one token from the channel of each unit named here before starting' },
  signal: { bits: 4, doc: 'give one token to each unit named here when done' },
} as const satisfies Readonly<Record<string, Field>>

const act = (doc: string): Field => ({ bits: 18, doc: `activation byte address: ${doc}` })
const xStep = (doc: string): Field => ({ bits: 14, doc: `bytes from one column to the next: ${doc}` })
const yStep = (doc: string): Field => ({ bits: 18, doc: `bytes from one row to the next: ${doc}` })
const ringEnd = (of: string): Field => ({
  bits: 15,
  scale: 16,
  doc: `byte address where the row ring of ${of} ends`,
})
const ringSize = (of: string): Field => ({
  bits: 15,
  scale: 16,
  doc: `bytes of the row ring of ${of}; 0: no ring`,
})
const dram: Field = { bits: 32, doc: 'DRAM byte address' }
const mx = (of: string): Field => ({ bits: 12, doc: `${of} in a row` })
const my: Field = { bits: 12, doc: 'rows' }
const lastLanes: Field = {
  bits: 7,
  doc: 'valid byte lanes of the last block (of the last vector of each row, where there are no blocks)',
}
const every: Field = {
  bits: 1,
  doc: '1: `last_lanes` holds for every vector of a row, not for the last alone',
}
const rounding: Field = {
  bits: 2,
  doc: 'rule of the requantization. 0: tflite, a doubling high multiply and a rounding shift; 1: half_even, one rounding of the exact product, halves to even; 2: float32, where sum, factor and product are each rounded to 24 significant bits, and the product to an integer, all halves to even',
}
const packed = (of: string): Field => ({
  bits: 2,
  doc: `log2 of 8 / bits of ${of}: 0 is 8-bit, 3 is -1 or +1 in one bit`,
})
const unsigned = (of: string): Field => ({ bits: 1, doc: `1: ${of} below 8 bits have no sign` })
const q8 = (doc: string): Field => ({ bits: 8, signed: true, doc })
const multiplier = (doc: string): Field => ({ bits: 32, signed: true, doc: `multiplier ${doc}, Q0.31` })
const shift = (doc: string): Field => ({ bits: 6, signed: true, doc: `shift ${doc}, positive is left` })

const macFields = {
  input: act('window of the first output at list offset 0'),
  x_step: xStep('windows of neighbouring outputs (depthwise: input pixels)'),
  y_step: yStep('windows of neighbouring output rows (depthwise: input rows)'),
  mx: mx('outputs'),
  my,
  in_ring_end: ringEnd('the input'),
  in_ring_size: ringSize('the input'),
  list: { bits: 14, doc: 'index memory address of the first list entry' },
  entries: { bits: 12, doc: 'list entries; each is an input byte offset and consumes one weight block' },
  weight: { bits: 16, doc: 'weight memory address (in columns) of the first block' },
  blocks: { bits: 10, doc: 'column blocks: the whole list is walked once for each, weights running on' },
  acc: { bits: 14, doc: 'accumulator vector of the first output; block n starts at acc + n * mx * my' },
  accumulate: { bits: 1, doc: '1: add to what is there; 0: the first list entry overwrites' },
  precision: packed('an operand'),
  last_columns: {
    bits: 7,
    doc: 'columns of the last block that mean something, 0 for all: the weights of the others need not be loaded, and their accumulators must not be used',
  },
  early: {
    bits: 1,
    doc: '1: the token for post comes mx * my cycles before done, for a post.acc of the same accumulators, mx, my and blocks: it reads each of them after mac has written it',
  },
} as const satisfies Readonly<Record<string, Field>>

// Instructions of one unit have what they share in the same bits: the RTL takes such a field from there, whatever the opcode.

const outputFields = {
  out: act('first output'),
  y_step: yStep('output rows'),
  ring_end: ringEnd('the output'),
  ring_size: ringSize('the output'),
  x_step: xStep('outputs'),
  last_lanes: lastLanes,
} as const satisfies Readonly<Record<string, Field>>

const inputFields = {
  input: act('first byte of the first operand'),
  in_y_step: yStep('first operand'),
  in_ring_end: ringEnd('the first operand'),
  in_ring_size: ringSize('the first operand'),
  in_x_step: xStep('first operand'),
} as const satisfies Readonly<Record<string, Field>>

const vectorFields = {
  ...outputFields,
  every,
  zp: q8('zero point of the result'),
  min: q8('lower clamp'),
  max: q8('upper clamp'),
  ...inputFields,
  mx: mx('vectors of cols bytes'),
  my,
} as const satisfies Readonly<Record<string, Field>>

export interface InstructionSpec {
  readonly opcode: number
  readonly unit: Unit
  readonly summary: string
  readonly fields: Readonly<Record<string, Field>>
}

export const INSTRUCTIONS = {
  'load.act': {
    opcode: 1,
    unit: 'load',
    summary: 'DRAM to activation memory: rows, each with constant bytes before and after it.',
    fields: {
      dram,
      rows: my,
      act: act('first byte written, padding included'),
      y_step: yStep('rows written'),
      ring_size: ringSize('the destination'),
      value: q8('the constant'),
      ring_end: ringEnd('the destination'),
      bytes: { bits: 17, doc: 'DRAM bytes a row' },
      dram_pitch: { bits: 24, doc: 'DRAM bytes from one row to the next' },
      pad_left: { bits: 13, doc: 'constant bytes written before each row' },
      pad_right: { bits: 13, doc: 'constant bytes written after each row' },
    },
  },
  'load.fill': {
    opcode: 2,
    unit: 'load',
    summary: 'A constant into activation memory, without DRAM.',
    fields: {
      bytes: { bits: 17, doc: 'bytes a row' },
      ring_end: ringEnd('the destination'),
      rows: my,
      act: act('first byte written'),
      y_step: yStep('rows written'),
      ring_size: ringSize('the destination'),
      value: q8('the constant'),
    },
  },
  'load.weight': {
    opcode: 3,
    unit: 'load',
    summary:
      'DRAM to weight memory. The stream is contiguous; each column takes as many bytes of `8 >> precision` bit weights as `lanes` has bits set, other lanes become 0, at 1 bit nothing. Weights of the stream that are narrower are widened.',
    fields: {
      dram,
      column: { bits: 16, doc: 'weight memory address (in columns) of the first column written' },
      groups: { bits: 16, doc: 'groups of columns' },
      columns: { bits: 16, doc: 'columns a group' },
      group_step: { bits: 16, doc: 'columns from the start of one group to the next' },
      lanes: { bits: 64, doc: 'lanes that take weights of the stream' },
      precision: packed('a weight in memory'),
      stream: packed('a weight in DRAM; at least `precision`'),
    },
  },
  'load.index': {
    opcode: 4,
    unit: 'load',
    summary: 'DRAM to index memory: list entries, 4 bytes each, little-endian, signed input byte offsets.',
    fields: {
      dram,
      list: { bits: 14, doc: 'index memory address of the first entry written' },
      entries: { bits: 14, doc: 'entries' },
    },
  },
  'load.param': {
    opcode: 5,
    unit: 'load',
    summary:
      'DRAM to parameter memory. A per-channel block is cols x int32 bias, cols x int32 multiplier, cols x int8 shift; a per-tensor block is cols x int32 bias; a block of thresholds is cols x int32 bias, cols x int32 for each step, and cols x int8: -1 where the sum is negated before it is compared, else 1; a block of lines is cols x int32 bias, cols x int32 multiplier, cols x the low and cols x the high 32 bits of an offset, and cols x int8 shift to the right.',
    fields: {
      dram,
      param: { bits: 18, scale: 4, doc: 'parameter memory byte address' },
      bytes: { bits: 18, scale: 4, doc: 'bytes' },
    },
  },
  'load.table': {
    opcode: 6,
    unit: 'load',
    summary: 'DRAM to a 256-byte activation table of the post unit, indexed by the value + 128.',
    fields: { dram, table: { bits: 2, doc: 'which table' } },
  },
  'mac.dense': {
    opcode: 8,
    unit: 'mac',
    summary:
      'Dot products: for each column block and list entry, a block of rows x cols weights is held while windows of `rows` bytes stream past it.',
    fields: { ...macFields, unsigned: unsigned('inputs') },
  },
  'mac.depthwise': {
    opcode: 9,
    unit: 'mac',
    summary:
      'A filter of lines x taps in each lane column: lane 3 * a + b sees its own column of the pixel `a` rows above and `b` columns before the last of the window. Input advances by cols bytes a block. Streams every input pixel; outputs at the strides are kept.',
    fields: {
      ...macFields,
      lines: { bits: 2, doc: 'kernel rows a pass, at most 3; three lanes are for each' },
      taps: { bits: 2, doc: 'kernel columns a pass, at most 3' },
      x_stride: { bits: 3, doc: 'input columns between outputs' },
      y_stride: { bits: 3, doc: 'input rows between outputs' },
      resume: {
        bits: 1,
        doc: '1: continues the rows of the mac instruction before, whose last lines - y_stride rows the line buffers still hold: only my * y_stride rows are streamed. Result and addresses are as without it',
      },
    },
  },
  'post.setup': {
    opcode: 16,
    unit: 'post',
    summary:
      'Constants and second operand of the post instructions that follow: add computes m_out * (m_a * ((a - zp_a) << 20) + m_b * ((b - zp_b) << 20)), the others use zp_a, m_out and what follows.',
    fields: {
      operand: act('first byte of the second operand'),
      x_step: xStep('second operand'),
      y_step: yStep('second operand'),
      ring_end: ringEnd('the second operand'),
      ring_size: ringSize('the second operand'),
      zp_a: q8('zero point of the first operand'),
      zp_b: q8('zero point of the second operand'),
      m_a: multiplier('of the first operand'),
      s_a: shift('of the first operand'),
      m_b: multiplier('of the second operand'),
      s_b: shift('of the second operand'),
      m_out: multiplier('of the result'),
      s_out: shift('of the result'),
    },
  },
  'post.acc': {
    opcode: 17,
    unit: 'post',
    summary:
      'Accumulators + bias, requantized, clamped, optionally added to the second operand or looked up in a table, to activation memory.',
    fields: {
      ...outputFields,
      per_channel: {
        bits: 1,
        doc: '1: multiplier and shift stand in the parameter blocks; 0: they are fields',
      },
      zp: q8(
        'zero point of the requantized value; in mode 1 of the sum, the requantized value then has zp_a of post.setup',
      ),
      min: q8('lower clamp of the requantized value, in mode 1 of the sum; a table is looked up after it'),
      max: q8('upper clamp, likewise'),
      acc: { bits: 14, doc: 'accumulator vector of the first output; block n starts at acc + n * mx * my' },
      blocks: {
        bits: 10,
        doc: 'column blocks; block n writes cols results further and uses the next parameter block',
      },
      param: { bits: 14, scale: 4, doc: 'parameter memory byte address of the first block' },
      multiplier: multiplier(
        'of the requantization; in modes 3 and 5 the distance of neighbouring results, at most 255',
      ),
      shift: shift('of the requantization'),
      mode: {
        bits: 3,
        doc: '0: requantize, clamp; 1: requantize, saturate, add the second operand, clamp; 2: requantize, clamp, look up in the table; 3: `zp` and `multiplier` times the number of thresholds reached; 4: the sum as it is, 4 bytes little-endian; 5: `zp` and `multiplier` times what a product, a sum and a shift of its column make of the sum, clamped to 0..`steps`',
      },
      zeros: { bits: 1, doc: '1: instead of accumulators, zeros: outputs of the bias alone' },
      mx: mx('outputs'),
      my,
      rounding,
      steps: { bits: 8, doc: 'thresholds of a column in mode 3, the largest count in mode 5' },
      precision: packed('a result, but in mode 4'),
      table: { bits: 2, doc: 'which table' },
    },
  },
  'post.binary': {
    opcode: 18,
    unit: 'post',
    summary: 'Elementwise operation of two activation operands; the second is that of post.setup.',
    fields: {
      ...vectorFields,
      kind: { bits: 2, doc: '0: add; 1: subtract; 2: multiply' },
    },
  },
  'post.unary': {
    opcode: 19,
    unit: 'post',
    summary: 'Copy, requantize (constants of post.setup) or look up vectors of cols bytes.',
    fields: {
      ...vectorFields,
      mode: {
        bits: 2,
        doc: '0: copy, clamped; 1: requantize m_out * (a - zp_a), + zp, clamp; 2: table, without a clamp',
      },
      table: { bits: 2, doc: 'which table' },
    },
  },
  'post.pool': {
    opcode: 20,
    unit: 'post',
    summary:
      'Largest value, or requantized sum (m_out of post.setup, zero point zp_a subtracted from each), over a window of vectors of cols bytes.',
    fields: {
      ...outputFields,
      every,
      kx_step: xStep('inside a window'),
      kx: { bits: 8, doc: 'window columns' },
      rounding,
      input: act('first byte of the first window'),
      in_y_step: yStep('rows of windows'),
      in_ring_end: ringEnd('the input'),
      in_ring_size: ringSize('the input'),
      in_x_step: xStep('windows'),
      mx: { bits: 9, doc: 'windows in a row' },
      precision: packed('an element, in a maximum'),
      unsigned: unsigned('elements'),
      my: { bits: 9, doc: 'rows of windows' },
      kind: { bits: 1, doc: '0: maximum; 1: sum, requantized, + post.setup zp_b, saturated' },
      ky_step: yStep('inside a window'),
      ky: { bits: 8, doc: 'window rows' },
    },
  },
  'post.fill': {
    opcode: 21,
    unit: 'post',
    summary: 'A constant into activation memory.',
    fields: {
      out: act('first byte written'),
      y_step: yStep('rows written'),
      ring_end: ringEnd('the destination'),
      ring_size: ringSize('the destination'),
      rows: my,
      bytes: { bits: 17, doc: 'bytes a row' },
      value: q8('the constant'),
    },
  },
  store: {
    opcode: 24,
    unit: 'store',
    summary: 'Activation memory to DRAM, rows.',
    fields: {
      act: act('first byte read'),
      y_step: yStep('rows read'),
      ring_end: ringEnd('the source'),
      ring_size: ringSize('the source'),
      rows: my,
      bytes: { bits: 17, doc: 'bytes a row' },
      dram,
      dram_pitch: { bits: 24, doc: 'DRAM bytes from one row to the next' },
    },
  },
  end: {
    opcode: 31,
    unit: 'load',
    summary: 'Stops the fetch unit; goes to no queue. The program is over when every unit is idle.',
    fields: {},
  },
} as const satisfies Readonly<Record<string, InstructionSpec>>

export type Opcode = keyof typeof INSTRUCTIONS
type FieldsOf<O extends Opcode> = { readonly [F in keyof (typeof INSTRUCTIONS)[O]['fields']]: number }
type LanesOf<O extends Opcode> = O extends 'load.weight' ? { readonly lanes: bigint } : unknown

/** `wait` and `signal` are masks over UNITS; every other value is in the unit that its field documents. */
export type InstructionOf<O extends Opcode> = {
  readonly op: O
  readonly wait: number
  readonly signal: number
} & Omit<FieldsOf<O>, 'lanes'> &
  LanesOf<O>
export type Instruction = { [O in Opcode]: InstructionOf<O> }[Opcode]

export function unitOf(instruction: Instruction): Unit {
  return INSTRUCTIONS[instruction.op].unit
}
