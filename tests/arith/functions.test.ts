/** Saturation, fixed-point functions and tables: against the real functions, and their exact corner cases. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  expOnNegativeValues,
  oneOverOnePlusX,
  reciprocal,
  saturatingMultiplyByPot,
} from '../../ir/arith/fixed-point.ts'
import { applyHardSwish, hardSwishRequant } from '../../ir/arith/hard-swish.ts'
import { activationRange, clamp, saturate } from '../../ir/arith/saturate.ts'
import {
  interpolate,
  interpolationTable,
  logistic,
  logisticInt16,
  lookupTable,
  sigmoidScaling,
  tanhInt16,
} from '../../ir/arith/tables.ts'
import { quantized } from '../ops/tensors.ts'

describe('ranges', () => {
  test('of fused activations', () => {
    const output = quantized('i8', [1], Math.fround(0.05), -10)
    expect(activationRange('none', output)).toEqual([-128, 127])
    expect(activationRange('relu', output)).toEqual([-10, 127])
    expect(activationRange('relu6', output)).toEqual([-10, 110])
    expect(activationRange('relu_n1_to_1', output)).toEqual([-30, 10])
    expect(activationRange('relu6', quantized('i16', [1], Math.fround(0.001), 0))).toEqual([0, 6000])
    expect(activationRange('relu6', quantized('i8', [1], Math.fround(0.01), 0))).toEqual([0, 127])
  })

  test('of types', () => {
    expect([saturate(300, 'i8'), saturate(-300, 'i8'), saturate(40000, 'i16'), saturate(7, 'i8')]).toEqual([
      127, -128, 32767, 7,
    ])
    expect([clamp(5, 0, 3), clamp(-5, 0, 3), clamp(2, 0, 3)]).toEqual([3, 0, 2])
  })
})

describe('fixed point', () => {
  const ONE = 2 ** 31

  test('the exponential', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: -1 }), (x) => {
        // Q5.26: x / 2^26 lies in [-32, 0).
        expect(Math.abs(expOnNegativeValues(x, 5) / ONE - Math.exp(x / 2 ** 26))).toBeLessThan(1e-6)
      }),
    )
    expect(expOnNegativeValues(0, 5)).toBe(2 ** 31 - 1)
  })

  test('1 / (1 + x) and 1 / x', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (x) => {
        expect(Math.abs(oneOverOnePlusX(x) / ONE - 1 / (1 + x / ONE))).toBeLessThan(1e-8)
        const { scale, bitsOverUnit } = reciprocal(x, 12)
        const real = 1 / (x / 2 ** 19)
        expect(Math.abs((scale / ONE) * 2 ** -bitsOverUnit - real) / real).toBeLessThan(1e-8)
      }),
    )
  })

  test('powers of two saturate', () => {
    expect(saturatingMultiplyByPot(2 ** 29, 1)).toBe(2 ** 30)
    expect(saturatingMultiplyByPot(2 ** 30, 1)).toBe(2 ** 31 - 1)
    expect(saturatingMultiplyByPot(-(2 ** 30), 1)).toBe(-(2 ** 31))
    expect(saturatingMultiplyByPot(-3, -1)).toBe(-2)
  })
})

describe('tables', () => {
  test('8-bit logistic is the nearest output', () => {
    const input = quantized('i8', [1], Math.fround(0.08), 5)
    const table = lookupTable(input, quantized('i8', [1], 1 / 256, -128), logistic)
    for (let q = -128; q <= 127; q++) {
      const real = 256 / (1 + Math.exp(-Math.fround(0.08) * (q - 5)))
      expect(Math.abs((table[q & 255] as number) + 128 - Math.min(real, 255))).toBeLessThanOrEqual(0.501)
    }
  })

  test.each([1 / 4096, 1 / 2048, Math.fround(0.00021)])(
    'int16 logistic and tanh with input scale %d',
    (scale) => {
      fc.assert(
        fc.property(fc.integer({ min: -32768, max: 32767 }), (q) => {
          const x = q * scale
          expect(
            Math.abs(logisticInt16(q, sigmoidScaling(scale, 0)) / 32768 - 1 / (1 + Math.exp(-x))),
          ).toBeLessThan(3e-4)
          expect(Math.abs(tanhInt16(q, sigmoidScaling(scale, 1)) / 32768 - Math.tanh(x))).toBeLessThan(6e-4)
        }),
      )
    },
  )

  test('a power-of-two scale needs no rounding', () => {
    expect(sigmoidScaling(1 / 4096, 0)).toEqual({ multiplier: 3, shift: 0 })
    expect(sigmoidScaling(1 / 2048, 1)).toEqual({ multiplier: 6, shift: 0 })
    expect(sigmoidScaling(1 / 2048, 0).shift).toBeGreaterThan(0)
  })

  test('interpolation', () => {
    const table = interpolationTable(10 / 65535, 32767, Math.exp)
    for (let q = -32768; q <= 32767; q += 97) {
      // 512 intervals of 128 do not quite cover 65535: off by up to one input step at the end, 5 output steps.
      const real = 32767.5 * Math.exp((10 / 65535) * (q - 32767))
      expect(Math.abs(interpolate(table, q) - real)).toBeLessThan(6)
    }
  })
})

test('hard swish is within two steps of the real function', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.005, max: 0.1, noNaN: true }),
      fc.integer({ min: -128, max: 127 }),
      (rawScale, zeroPoint) => {
        const scale = Math.fround(rawScale)
        const input = quantized('i8', [1], scale, zeroPoint)
        const output = quantized('i8', [1], scale, -100)
        const requant = hardSwishRequant(input, output)
        let worst = 0
        for (let q = -128; q <= 127; q++) {
          const x = scale * (q - zeroPoint)
          const real = clamp((x * Math.min(6, Math.max(0, x + 3))) / 6 / scale - 100, -128, 127)
          worst = Math.max(worst, Math.abs(applyHardSwish(q, requant) - real))
        }
        expect(worst).toBeLessThan(2)
      },
    ),
    { numRuns: 50 },
  )
})
