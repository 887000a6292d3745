/** Vectors put together from parts of others, repeated bits and constants, as concatenations of SystemVerilog are. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileNetlist } from '../../backends/trellis/netlist/cycle-model.ts'
import type { Bit, Module } from '../../backends/trellis/netlist/netlist.ts'
import { unwrap } from '../../ir/diagnostic.ts'

const WIDTH = 70
/** Nets of the input port; 0 and 1 are no nets. */
const FIRST_NET = 2

/** Bits of the source, then, perhaps behind zeros, one of them several times, as a sign is; or constants. */
const piece: fc.Arbitrary<readonly Bit[]> = fc.oneof(
  fc
    .record({
      from: fc.nat(WIDTH - 40),
      count: fc.integer({ min: 1, max: 40 }),
      zeros: fc.nat(3),
      again: fc.constantFrom('first', 'last'),
      times: fc.oneof(fc.nat(2), fc.nat(60)),
    })
    .map(({ from, count, zeros, again, times }) => [
      ...nets(from, count),
      ...Array.from({ length: zeros }, () => '0' as const),
      ...Array.from({ length: times }, () => FIRST_NET + from + (again === 'last' ? count - 1 : 0)),
    ]),
  fc.array(fc.constantFrom<Bit>('0', '1', 'x'), { minLength: 1, maxLength: 3 }),
)
const vector = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.flat())

function nets(from: number, count: number): readonly Bit[] {
  return Array.from({ length: count }, (_, i) => FIRST_NET + from + i)
}

/** The value of a vector of bits where the source has a value. */
function valueOf(bits: readonly Bit[], source: bigint): bigint {
  return bits.reduceRight<bigint>((value, bit) => {
    const digit = typeof bit === 'number' ? (source >> BigInt(bit - FIRST_NET)) & 1n : bit === '1' ? 1n : 0n
    return (value << 1n) | digit
  }, 0n)
}

const source = fc.bigInt({ min: 0n, max: 2n ** BigInt(WIDTH) - 1n })

test('every bit comes from where it is wired to', () => {
  fc.assert(
    fc.property(vector, source, (bits, value) => {
      const model = unwrap(compileNetlist({ modules: { top: moduleOf(bits, []) } }, 'top'))
      model.set('source', value)
      model.evaluate()
      expect(model.get('wired')).toBe(valueOf(bits, value))
    }),
    { numRuns: 300 },
  )
})

test('operands are extended from such vectors', () => {
  fc.assert(
    fc.property(
      vector,
      vector,
      fc.integer({ min: 1, max: 100 }),
      fc.boolean(),
      source,
      (a, b, width, signed, value) => {
        const Y = Array.from({ length: width }, (_, i) => FIRST_NET + WIDTH + i)
        const cell = {
          type: '$add',
          parameters: { A_SIGNED: Number(signed), B_SIGNED: Number(signed) },
          port_directions: { A: 'input', B: 'input', Y: 'output' } as const,
          connections: { A: a, B: b, Y },
        }
        const model = unwrap(compileNetlist({ modules: { top: moduleOf(Y, [cell]) } }, 'top'))
        model.set('source', value)
        model.evaluate()
        const read = (bits: readonly Bit[]) =>
          signed ? BigInt.asIntN(bits.length, valueOf(bits, value)) : valueOf(bits, value)
        expect(model.get('wired')).toBe(BigInt.asUintN(width, read(a) + read(b)))
      },
    ),
    { numRuns: 300 },
  )
})

function moduleOf(wired: readonly Bit[], cells: readonly Module['cells'][string][]): Module {
  return {
    ports: {
      source: { direction: 'input', bits: nets(0, WIDTH) },
      wired: { direction: 'output', bits: wired },
    },
    cells: Object.fromEntries(cells.map((cell, i) => [`cell${i}`, cell])),
    netnames: {},
  }
}
