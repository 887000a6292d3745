import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyFloat } from '../../backends/wasm/float-requant.ts'
import { floatStaircase } from '../../backends/wasm/float-staircase.ts'
import { clamp } from '../../ir/arith/saturate.ts'

/** How many thresholds a sum reaches. */
const reached = (thresholds: readonly number[], sum: number) => thresholds.filter((t) => sum >= t).length

/** The first sum in [min, max] at which the line gives another number; undefined where there is none. */
function firstDifference(thresholds: readonly number[], min: number, max: number): number | undefined {
  const line = floatStaircase(thresholds, min, max)
  if (line === undefined) return undefined
  const near = thresholds.flatMap((t) => [t - 2, t - 1, t, t + 1])
  const spread = Array.from({ length: 1000 }, (_, n) => Math.round(min + ((max - min) * n) / 999))
  return [...near, ...spread]
    .filter((sum) => sum >= min && sum <= max)
    .find((sum) => {
      const counted = applyFloat('floor', sum, line.scale, line.offset)
      return clamp(counted, 0, thresholds.length) !== reached(thresholds, sum)
    })
}

/** Steps of one width, each rounded to an integer by itself. */
const straight = fc
  .record({
    steps: fc.integer({ min: 1, max: 15 }),
    width: fc.double({ min: 3, max: 5000, noNaN: true }),
    start: fc.double({ min: -50000, max: 50000, noNaN: true }),
  })
  .map(({ steps, width, start }) => Array.from({ length: steps }, (_, k) => Math.ceil(start + width * k)))

const LIMIT = 200_000

describe('thresholds as a line', () => {
  it('counts what comparisons count, for steps of one width', () => {
    fc.assert(
      fc.property(straight, fc.integer({ min: -LIMIT, max: 0 }), fc.nat(LIMIT), (thresholds, min, max) => {
        expect(firstDifference(thresholds, min, max)).toBeUndefined()
      }),
      { numRuns: 500, seed: 1 },
    )
  })

  it('is nearly always found for those', () => {
    const all = fc.sample(straight, { numRuns: 500, seed: 2 })
    const found = all.filter((thresholds) => floatStaircase(thresholds, -LIMIT, LIMIT) !== undefined)
    expect(found.length).toBeGreaterThan(495)
  })

  it('counts right or is not found for any others', () => {
    const any = fc
      .array(fc.integer({ min: -300, max: 300 }), { minLength: 1, maxLength: 8 })
      .map((list) => list.sort((a, b) => a - b))
    fc.assert(
      fc.property(any, fc.integer({ min: -400, max: 0 }), fc.nat(400), (thresholds, min, max) => {
        expect(firstDifference(thresholds, min, max)).toBeUndefined()
      }),
      { numRuns: 1000, seed: 1 },
    )
    expect(floatStaircase([0, 1, 100], -200, 200)).toBeUndefined()
  })

  it('is a constant where no threshold can be told from another', () => {
    expect(floatStaircase([-500, 1000], -100, 100)).toEqual({ scale: 0, offset: 1.5 })
    expect(floatStaircase([-(2 ** 31), 2 ** 31 - 1], -100, 100)).toEqual({ scale: 0, offset: 1.5 })
  })

  it('is not found for sums that may wrap', () => {
    expect(floatStaircase([0], -(2 ** 31) - 1, 0)).toBeUndefined()
    expect(floatStaircase([0], 0, 2 ** 31)).toBeUndefined()
  })
})
