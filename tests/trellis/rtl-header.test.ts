/** What the RTL knows of the instruction set comes from the instruction table alone. */
import { describe, expect, it } from 'vitest'
import { encode } from '../../backends/trellis/isa/codec.ts'
import { layoutOf, OPCODES } from '../../backends/trellis/isa/layout.ts'
import { isaHeader, targetHeader } from '../../backends/trellis/rtl/header.ts'
import { make, target } from '../isa/programs.ts'

const macros = new Map(
  [...isaHeader().matchAll(/^`define (\w+) (.+)$/gm)].map(([, name = '', value = '']) => [name, value]),
)

function bits(word: Uint8Array, range: string): bigint {
  const [high = 0, low = 0] = range.split(':').map(Number)
  const value = word.reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n)
  return (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n)
}

describe('trellis_isa.svh', () => {
  it('names the bits in which the encoder puts each field', () => {
    for (const op of OPCODES) {
      const prefix = `F_${op.replaceAll('.', '_').toUpperCase()}_`
      for (const { name, field } of layoutOf(op).fields) {
        const range = macros.get(`F_${name.toUpperCase()}`) ?? macros.get(prefix + name.toUpperCase()) ?? ''
        const scale = field.scale ?? 1
        const word = encode([make(op, { [name]: field.bits > 32 ? 1n : scale })])
        expect(bits(word, range), `${op} ${name}`).toBe(1n)
        expect(Number(range.split(':')[0]) - Number(range.split(':')[1]) + 1).toBe(field.bits)
      }
      expect(bits(encode([make(op)]), '4:0')).toBe(
        BigInt(macros.get(`OP_${prefix.slice(2, -1)}`)?.slice(3) ?? -1),
      )
    }
  })
})

it('trellis_target.svh holds the parameters of the target', () => {
  const text = targetHeader({ ...target, precisions: [8, 1] })
  expect(text).toContain('`define TRELLIS_ROWS 16')
  expect(text).toContain('`define TRELLIS_PRECISIONS 9')
  expect(text).toContain('`define TRELLIS_ACTIVATION_BYTES 131072')
})
