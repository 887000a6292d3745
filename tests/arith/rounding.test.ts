import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  divideRoundHalfAway,
  multiplyByQuantizedMultiplier,
  multiplyByQuantizedMultiplierWide,
  multiplyHalfEven,
  multiplyReal,
  requantize,
  roundingDivideByPot,
  saturatingRoundingDoublingHighMul,
} from '../../ir/arith/rounding.ts'
import { divideHalfAway, halfEven, highMul, tflite, tfliteWide } from './bigint-rules.ts'

const EDGES = [-(2 ** 31), 2 ** 31 - 1, -(2 ** 30), 2 ** 30, -1, 0, 1, 2, 3]
const int32 = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.constantFrom(...EDGES),
)
const multiplier = fc.oneof(
  fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }),
  fc.constantFrom(0, 2 ** 30, 2 ** 31 - 1, 0x7fff0000, 0x7ffeffff),
)
/** Round multipliers and sums make ties. */
const roundNumber = fc.tuple(fc.integer({ min: -127, max: 127 }), fc.integer({ min: 0, max: 24 }))
const mayTie = fc.oneof(
  int32,
  roundNumber.map(([n, e]) => n * 2 ** e),
)

const RUNS = { numRuns: 3000 }

test('the doubling high multiply', () => {
  fc.assert(
    fc.property(mayTie, mayTie, (a, b) => {
      expect(BigInt(saturatingRoundingDoublingHighMul(a, b))).toBe(highMul(BigInt(a), BigInt(b)))
    }),
    RUNS,
  )
  // Halves go up, whatever the sign.
  expect(saturatingRoundingDoublingHighMul(1, 2 ** 30)).toBe(1)
  expect(saturatingRoundingDoublingHighMul(-1, 2 ** 30)).toBe(0)
})

test('the rounding shift', () => {
  fc.assert(
    fc.property(mayTie, fc.integer({ min: 0, max: 31 }), (x, exponent) => {
      expect(BigInt(roundingDivideByPot(x, exponent))).toBe(divideHalfAway(BigInt(x), 2n ** BigInt(exponent)))
    }),
    RUNS,
  )
  expect(roundingDivideByPot(-3, 1)).toBe(-2)
})

test('the rule tflite', () => {
  fc.assert(
    fc.property(mayTie, multiplier, fc.integer({ min: -31, max: 30 }), (x, m, shift) => {
      const expected = Number(tflite(BigInt(x), BigInt(m), shift))
      expect(multiplyByQuantizedMultiplier(x, m, shift)).toBe(expected)
      expect(requantize(x, m, shift, 'tflite')).toBe(expected)
    }),
    RUNS,
  )
})

test('the rule tflite_wide', () => {
  const wide = fc.oneof(fc.integer({ min: -(2 ** 47), max: 2 ** 47 - 1 }), mayTie)
  fc.assert(
    fc.property(wide, multiplier, fc.integer({ min: -31, max: 7 }), (x, m, shift) => {
      const expected = Number(tfliteWide(BigInt(x), BigInt(m), shift))
      expect(multiplyByQuantizedMultiplierWide(x, m, shift)).toBe(expected)
      expect(requantize(x, m, shift, 'tflite_wide')).toBe(expected)
    }),
    RUNS,
  )
})

test('the rule half_even', () => {
  const anyMultiplier = fc.oneof(multiplier, mayTie)
  fc.assert(
    fc.property(mayTie, anyMultiplier, fc.integer({ min: -31, max: 30 }), (x, m, shift) => {
      const expected = Number(halfEven(BigInt(x), BigInt(m), shift))
      expect(multiplyHalfEven(x, m, shift)).toBe(expected)
      expect(requantize(x, m, shift, 'half_even')).toBe(expected)
    }),
    RUNS,
  )
  expect([1, 3, 5, -1, -3].map((x) => multiplyHalfEven(x, 2 ** 30, 0))).toEqual([0, 2, 2, 0, -2])
})

test('the rule real', () => {
  expect([1, 3, 5, -1, -3].map((x) => multiplyReal(x, 0.5))).toEqual([1, 2, 3, -1, -2])
})

test('the rounding division of pools', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -(2 ** 30), max: 2 ** 30 }),
      fc.integer({ min: 1, max: 10000 }),
      (sum, count) => {
        expect(BigInt(divideRoundHalfAway(sum, count))).toBe(divideHalfAway(BigInt(sum), BigInt(count)))
      },
    ),
    RUNS,
  )
})
