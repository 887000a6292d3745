/** Our functions beside the engine's, in units in the last place of a float32. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NUMBERS } from '../../ir/arith/real-arithmetic.ts'
import * as functions from '../../ir/arith/real-functions.ts'

const { fround } = Math
const exp = (x: number) => functions.exp(NUMBERS, x)
const log = (x: number) => functions.log(NUMBERS, x)
const logistic = (x: number) => functions.logistic(NUMBERS, x)
const tanh = (x: number) => functions.tanh(NUMBERS, x)
const power = (x: number, y: number) => functions.power(NUMBERS, x, y)
const bits = (x: number) => new Int32Array(Float32Array.of(x).buffer)[0] as number
/** Steps between two float32 of the same sign. */
const distance = (a: number, b: number) => (Object.is(a, b) ? 0 : Math.abs(bits(a) - bits(b)))
const float = fc.float({ noNaN: true })
const near = fc.float({ min: -20, max: 20, noNaN: true })

test.each<[string, (x: number) => number, (x: number) => number]>([
  ['exp', exp, Math.exp],
  ['logistic', logistic, (x) => 1 / (1 + Math.exp(-x))],
  ['tanh', tanh, Math.tanh],
  ['exp(x) - 1', (x) => functions.expMinusOne(NUMBERS, x), Math.expm1],
  [
    'log(1 + exp(x))',
    (x) => functions.softplus(NUMBERS, x),
    (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  ],
  ['log |x|', (x) => log(Math.abs(x)), (x) => Math.log(Math.abs(x))],
  ['|x| ^ 3.7', (x) => power(Math.abs(x), 3.7), (x) => Math.abs(x) ** 3.7],
  ['x ^ -3', (x) => power(x, -3), (x) => x ** -3],
])('%s is within one unit in the last place', (_, ours, theirs) => {
  fc.assert(
    fc.property(fc.oneof(float, near), (x) => {
      // Below the normal numbers a unit is no share of the value.
      fc.pre(Math.abs(theirs(x)) > 1e-37 || theirs(x) === 0)
      expect(distance(fround(ours(x)), fround(theirs(x)))).toBeLessThanOrEqual(1)
    }),
    { numRuns: 20_000 },
  )
})

test('at the ends', () => {
  expect([exp(0), exp(Infinity), exp(-Infinity), exp(1000), exp(-1000)].map(fround)).toEqual([
    1,
    Infinity,
    0,
    Infinity,
    0,
  ])
  expect([tanh(Infinity), tanh(-Infinity), tanh(0), tanh(-0)]).toEqual([1, -1, 0, -0])
  expect([logistic(Infinity), logistic(-Infinity), logistic(0)].map(fround)).toEqual([1, 0, 0.5])
  expect([exp(Number.NaN), tanh(Number.NaN), logistic(Number.NaN)]).toEqual([
    Number.NaN,
    Number.NaN,
    Number.NaN,
  ])
  expect([log(0), log(-0), log(1), log(Infinity), log(-1), log(Number.NaN)]).toEqual([
    -Infinity,
    -Infinity,
    0,
    Infinity,
    Number.NaN,
    Number.NaN,
  ])
  const powers = [
    power(0, 0),
    power(0, 2),
    power(0, -1),
    power(-2, 3),
    power(-2, 2),
    power(-2, 0.5),
    power(Infinity, -1),
  ]
  expect(powers.map(fround)).toEqual([1, 0, Infinity, -8, 4, Number.NaN, 0])
})

test('the nearest integer is the even one of two', () => {
  const halves = [-2.5, -1.5, -0.5, -0.2, 0.5, 1.5, 2.5, 2.6, 2 ** 40, -Infinity, Number.NaN]
  expect(halves.map(NUMBERS.nearest)).toEqual([-2, -2, -0, -0, 0, 2, 2, 3, 2 ** 40, -Infinity, Number.NaN])
})

test('powers of two and exponents are exact', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1022, max: 1023 }),
      fc.double({ min: 1, max: 1.9999, noNaN: true }),
      (k, m) => {
        expect(NUMBERS.powerOfTwo(k)).toBe(k < 0 ? 1 / 2 ** -k : 2 ** k)
        expect(NUMBERS.exponent(-m * NUMBERS.powerOfTwo(k))).toBe(k)
      },
    ),
  )
})
