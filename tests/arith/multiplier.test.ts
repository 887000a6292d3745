import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frexp, quantizeMultiplier, roundHalfAway } from '../../ir/arith/multiplier.ts'

test('frexp splits without loss', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
      const { fraction, exponent } = frexp(x)
      // In two steps, since 2 ** exponent alone may underflow.
      expect(fraction * 2 ** Math.trunc(exponent / 2) * 2 ** (exponent - Math.trunc(exponent / 2))).toBe(x)
      expect(x === 0 || (Math.abs(fraction) >= 0.5 && Math.abs(fraction) < 1)).toBe(true)
    }),
  )
  expect(frexp(Number.MIN_VALUE)).toEqual({ fraction: 0.5, exponent: -1073 })
})

test('halves round away from zero', () => {
  expect([0.5, 1.5, -0.5, -1.5, -0.4, 2.4].map(roundHalfAway).map((x) => x + 0)).toEqual([1, 2, -1, -2, 0, 2])
})

test('a multiplier is within half a unit of the factor', () => {
  fc.assert(
    fc.property(fc.double({ min: 2 ** -31, max: 2 ** 20, noNaN: true }), (real) => {
      const { multiplier, shift } = quantizeMultiplier(real)
      expect(multiplier).toBeGreaterThanOrEqual(2 ** 30)
      expect(multiplier).toBeLessThan(2 ** 31)
      expect(Math.abs(multiplier - real * 2 ** (31 - shift))).toBeLessThanOrEqual(0.5)
    }),
  )
})

test.each([
  ['one', 1, 2 ** 30, 1],
  ['zero', 0, 0, 0],
  ['a fraction that rounds up to one', 1 - 2 ** -53, 2 ** 30, 1],
  ['the smallest shift', 2 ** -32, 2 ** 30, -31],
  ['a factor whose every bit would be lost', 2 ** -33, 0, 0],
  ['a negative slope', -0.3, -1288490189, -1],
])('%s', (_, real, multiplier, shift) => {
  expect(quantizeMultiplier(real)).toEqual({ multiplier, shift })
})
