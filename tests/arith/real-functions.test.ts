/** Our exp, logistic and tanh beside the engine's, in units in the last place of a float32. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exp, logistic, tanh } from '../../ir/arith/real-functions.ts'

const { fround } = Math
const bits = (x: number) => new Int32Array(Float32Array.of(x).buffer)[0] as number
/** Steps between two float32 of the same sign. */
const distance = (a: number, b: number) => (Object.is(a, b) ? 0 : Math.abs(bits(a) - bits(b)))
const float = fc.float({ noNaN: true })
const near = fc.float({ min: -20, max: 20, noNaN: true })

test.each<[string, (x: number) => number, (x: number) => number]>([
  ['exp', exp, Math.exp],
  ['logistic', logistic, (x) => 1 / (1 + Math.exp(-x))],
  ['tanh', tanh, Math.tanh],
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
})
