/** Least squares, and the committed model against the committed points. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { leastSquares } from '../../scripts/area/fit.mjs'

it('finds the coefficients that values were made with', () => {
  const coefficient = fc.integer({ min: -1000, max: 1000 })
  fc.assert(
    fc.property(fc.tuple(coefficient, coefficient, coefficient), ([a, b, c]) => {
      const rows = [1, 2, 3, 4, 5].map((x) => [1, x, x * x])
      const found = leastSquares(
        rows,
        rows.map(([one = 0, x = 0, square = 0]) => a * one + b * x + c * square),
      )
      ;[a, b, c].forEach((each, i) => {
        expect(found[i]).toBeCloseTo(each, 4)
      })
    }),
  )
})

it('leaves the least sum of squares: the mean, of a constant', () => {
  expect(leastSquares([[1], [1], [1]], [1, 2, 6])).toEqual([3])
})

it('gives a term that says nothing new the coefficient 0', () => {
  const rows = [
    [1, 2, 0],
    [1, 2, 0],
  ]
  expect(leastSquares(rows, [4, 4])).toEqual([4, 0, 0])
})
