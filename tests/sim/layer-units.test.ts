/** Accounts of layers: intervals of units, cut where layers change. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { layerUnits } from '../../sim/layer-units.ts'
import { type Interval, TIMED_UNITS, type TimedUnit } from '../../sim/timing/ledger.ts'

const each = (intervals: readonly Interval[]) =>
  Object.fromEntries(TIMED_UNITS.map((unit) => [unit, intervals])) as Record<TimedUnit, Interval[]>

it('a stream that spans layers gives each its cycles, and its stalls in proportion', () => {
  const intervals: Interval[] = [
    { cause: 'idle', start: 0, end: 10, instruction: 0 },
    { cause: 'busy', start: 10, end: 110, instruction: 0, mixed: [['weights', 60]] },
    { cause: 'pipeline', start: 110, end: 120, instruction: 0 },
  ]
  const slices = [
    { layer: 0, from: 0, to: 60 },
    { layer: 1, from: 60, to: 115 },
    { layer: 0, from: 115, to: 120 },
  ]
  const [first, second] = layerUnits([{ slices, intervals: each(intervals) }], 2)
  expect(first?.mac).toEqual({ busy: 20, stall: { weights: 30, pipeline: 5 }, idle: 10 })
  expect(second?.mac).toEqual({ busy: 20, stall: { weights: 30, pipeline: 5 }, idle: 0 })
})

it('however a mixture is cut, no cycle is lost, none is negative and pieces have their length', () => {
  const cases = fc.record({
    busy: fc.nat(40),
    weights: fc.nat(40),
    pipeline: fc.nat(40),
    cuts: fc.array(fc.nat(120), { maxLength: 12 }),
  })
  fc.assert(
    fc.property(cases, ({ busy, weights, pipeline, cuts }) => {
      const end = busy + weights + pipeline
      const bounds = [...new Set([0, ...cuts.filter((c) => c < end), end])].sort((a, b) => a - b)
      const slices = bounds.slice(1).map((to, layer) => ({ layer, from: bounds[layer] as number, to }))
      const mixed: Interval['mixed'] = [
        ['weights', weights],
        ['pipeline', pipeline],
      ]
      const intervals = each([{ cause: 'busy', start: 0, end, instruction: 0, mixed }])
      const layers = layerUnits([{ slices, intervals }], slices.length).map(({ mac }) => mac)
      const sum = (of: (layer: (typeof layers)[number]) => number) => layers.reduce((n, l) => n + of(l), 0)
      expect(sum((l) => l.busy)).toBe(busy)
      expect(sum((l) => l.stall.weights ?? 0)).toBe(weights)
      expect(sum((l) => l.stall.pipeline ?? 0)).toBe(pipeline)
      layers.forEach((l, n) => {
        const parts = [l.busy, l.stall.weights ?? 0, l.stall.pipeline ?? 0]
        expect(Math.min(...parts)).toBeGreaterThanOrEqual(0)
        const { from, to } = slices[n] as (typeof slices)[number]
        expect(parts.reduce((a, b) => a + b, 0)).toBe(to - from)
      })
    }),
    { numRuns: 500 },
  )
})
