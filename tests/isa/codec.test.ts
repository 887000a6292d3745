import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkFields, decode, encode } from '../../backends/trellis/isa/codec.ts'
import { layoutOf, OPCODES, rangeOf } from '../../backends/trellis/isa/layout.ts'
import {
  INSTRUCTION_BITS,
  INSTRUCTION_BYTES,
  INSTRUCTIONS,
  type Instruction,
} from '../../backends/trellis/isa/table.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { arbitraryInstruction, arbitraryInstructionOf } from './arbitrary.ts'
import { cpuMs } from './cpu-time.ts'

const end: Instruction = { op: 'end', wait: 0, signal: 0 }

describe('the table', () => {
  test.each(OPCODES)('%s fits in an instruction', (op) => {
    expect(layoutOf(op).bits).toBeLessThanOrEqual(INSTRUCTION_BITS)
  })

  test('no two instructions share an opcode, and every opcode fits its field', () => {
    const numbers = OPCODES.map((op) => INSTRUCTIONS[op].opcode)
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(Math.max(...numbers)).toBeLessThan(32)
  })
})

describe('encode and decode', () => {
  test.each(OPCODES)('decode undoes encode: %s', (op) => {
    fc.assert(
      fc.property(arbitraryInstructionOf(op), (instruction) => {
        expect(decode(encode([instruction]))).toEqual({ ok: true, value: [instruction] })
      }),
      { numRuns: 50 },
    )
  })

  test('decode undoes encode: programs', () => {
    fc.assert(
      fc.property(fc.array(arbitraryInstruction, { maxLength: 20 }), (program) => {
        const bytes = encode(program)
        expect(bytes.length).toBe(program.length * INSTRUCTION_BYTES)
        expect(decode(bytes)).toEqual({ ok: true, value: program })
      }),
      { numRuns: 50 },
    )
  })

  test('bits stand where the order of the table puts them', () => {
    const bytes = encode([
      { op: 'load.param', wait: 0b0010, signal: 0b1001, dram: 0x12345678, param: 0x3fffc * 4, bytes: 4 },
    ])
    let word = 0n
    for (let k = INSTRUCTION_BYTES - 1; k >= 0; k--) word = (word << 8n) | BigInt(bytes[k] ?? 0)
    expect(word).toBe(
      5n | (0b0010n << 5n) | (0b1001n << 9n) | (0x12345678n << 13n) | (0x3fffcn << 45n) | (1n << 63n),
    )
  })

  test('negative values are two’s complement', () => {
    const fill = {
      op: 'post.fill',
      wait: 0,
      signal: 0,
      rows: 0,
      bytes: 0,
      out: 0,
      y_step: 0,
      ring_end: 0,
      ring_size: 0,
    } as const
    const minus = encode([{ ...fill, value: -1 }])
    const { lowBit } = layoutOf('post.fill').byName.get('value') ?? { lowBit: -1 }
    let word = 0n
    for (let k = INSTRUCTION_BYTES - 1; k >= 0; k--) word = (word << 8n) | BigInt(minus[k] ?? 0)
    expect(word >> BigInt(lowBit)).toBe(0xffn)
  })

  test('a program of 20,000 instructions takes well under a second', () => {
    const program = fc.sample(arbitraryInstruction, { numRuns: 200, seed: 1 })
    const long = Array.from({ length: 100 }, () => program).flat()
    const ms = cpuMs(() => {
      expect(unwrap(decode(encode(long)))).toHaveLength(20_000)
    })
    expect(ms).toBeLessThan(2000)
  })
})

describe('values that do not fit', () => {
  test.each(OPCODES)('%s: every field says its range', (op) => {
    const { fields } = layoutOf(op)
    const zero = { op, ...Object.fromEntries(fields.map((f) => [f.name, f.field.bits > 32 ? 0n : 0])) }
    expect(checkFields(zero as unknown as Instruction)).toBeUndefined()
    for (const { name, field } of fields) {
      const { min, max } = rangeOf(field)
      const step = field.scale ?? 1
      const [below, above] =
        typeof min === 'bigint' ? [min - 1n, BigInt(max) + 1n] : [min - step, Number(max) + step]
      for (const value of [below, above]) {
        expect(checkFields({ ...zero, [name]: value } as unknown as Instruction)).toBe(
          `${name} is ${value}, outside ${min}..${max}`,
        )
      }
      if (step > 1)
        expect(checkFields({ ...zero, [name]: 1 } as unknown as Instruction)).toBe(
          `${name} is 1, not a multiple of ${step}`,
        )
    }
  })

  test('encode refuses them as our own mistake', () => {
    const table = { op: 'load.table', wait: 0, signal: 0, dram: 0, table: 4 } as const
    expect(() => encode([end, table])).toThrow(
      'internal error: instruction 1, load.table: table is 4, outside 0..3',
    )
    expect(() => encode([{ ...table, table: 0.5 }])).toThrow('not an integer')
  })
})

describe('bytes that are no program', () => {
  const diagnosticOf = (bytes: Uint8Array) => {
    const result = decode(bytes, 'x.bin')
    return result.ok ? undefined : result.diagnostics[0]
  }

  test('a length that is not a whole number of instructions', () => {
    expect(diagnosticOf(encode([end, end]).subarray(0, 40))).toMatchObject({
      code: 'isa/length',
      span: { file: 'x.bin', offset: 32 },
    })
  })

  test('an unknown opcode', () => {
    const bytes = encode([end, end])
    bytes[32] = 30
    expect(diagnosticOf(bytes)).toMatchObject({
      code: 'isa/unknown-opcode',
      message: 'instruction 1 has opcode 30, which no instruction has',
      span: { offset: 32 },
    })
  })

  test('a bit above the last field', () => {
    const bytes = encode([end])
    bytes[1] = 1 << 5
    expect(diagnosticOf(bytes)).toMatchObject({ code: 'isa/unused-bits', span: { offset: 1 } })
    const last = encode([end])
    last[31] = 0x80
    expect(diagnosticOf(last)).toMatchObject({ code: 'isa/unused-bits', span: { offset: 31 } })
  })

  test('any bytes: a program that encodes to the same bytes, or a diagnostic', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 96 }), (bytes) => {
        const result = decode(bytes)
        if (result.ok) expect(encode(result.value)).toEqual(bytes)
        else expect(result.diagnostics[0]?.code).toMatch(/^isa\//)
      }),
    )
  })
})
