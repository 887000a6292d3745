import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeSlice } from '../../src/importers/tflite/geometry.ts'

const NO_MASKS = { beginMask: 0, endMask: 0, ellipsisMask: 0, shrinkAxisMask: 0, offset: false }

/** The indices that a normalized slice takes of one axis. */
function taken(begin: number, end: number, stride: number): readonly number[] {
  const indices = []
  for (let i = begin; stride > 0 ? i < end : i > end; i += stride) indices.push(i)
  return indices
}

/** What Python's `range(extent)[begin:end:stride]` takes; null is an absent bound. */
function python(extent: number, begin: number | null, end: number | null, stride: number): readonly number[] {
  const fromEnd = (i: number) => (i < 0 ? i + extent : i)
  return Array.from({ length: extent }, (_, i) => (stride > 0 ? i : extent - 1 - i)).filter((i) => {
    const first = begin === null ? (stride > 0 ? 0 : extent - 1) : fromEnd(begin)
    const start = stride > 0 ? Math.max(first, 0) : Math.min(first, extent - 1)
    const beyond = (x: number, y: number) => (stride > 0 ? x >= y : x <= y)
    return beyond(i, start) && (end === null || !beyond(i, fromEnd(end))) && (i - start) % stride === 0
  })
}

describe('slices without masks', () => {
  test('every axis takes what Python takes', () => {
    const axis = fc.record({
      extent: fc.integer({ min: 1, max: 6 }),
      begin: fc.option(fc.integer({ min: -8, max: 8 })),
      end: fc.option(fc.integer({ min: -8, max: 8 })),
      stride: fc.integer({ min: -3, max: 3 }).filter((s) => s !== 0),
    })
    fc.assert(
      fc.property(fc.array(axis, { minLength: 1, maxLength: 4 }), (axes) => {
        const mask = (absent: readonly boolean[]) => absent.reduce((bits, a, i) => bits | (a ? 1 << i : 0), 0)
        const slice = normalizeSlice(
          axes.map((a) => a.extent),
          axes.map((a) => a.begin ?? 99),
          axes.map((a) => a.end ?? 99),
          axes.map((a) => a.stride),
          {
            ...NO_MASKS,
            beginMask: mask(axes.map((a) => a.begin === null)),
            endMask: mask(axes.map((a) => a.end === null)),
          },
        )
        for (const [i, a] of axes.entries()) {
          const indices = taken(slice?.begin[i] ?? 0, slice?.end[i] ?? 0, slice?.strides[i] ?? 1)
          expect(indices).toEqual(python(a.extent, a.begin, a.end, a.stride))
        }
      }),
      { numRuns: 500 },
    )
  })

  test('an ellipsis stands for the axes between', () => {
    const slice = normalizeSlice([2, 3, 4, 5], [1, 0, -2], [2, 0, 5], [1, 1, 1], {
      ...NO_MASKS,
      ellipsisMask: 2,
    })
    expect(slice).toEqual({ begin: [1, 0, 0, 3], end: [2, 3, 4, 5], strides: [1, 1, 1, 1], shrink: [] })
  })

  test('axes that no entry names are taken whole', () => {
    expect(normalizeSlice([2, 3], [1], [2], [1], NO_MASKS)).toMatchObject({ begin: [1, 0], end: [2, 3] })
  })

  test('a shrunk axis takes one element, whatever its end', () => {
    const slice = normalizeSlice([4, 4], [-1, 0], [0, 4], [1, 2], { ...NO_MASKS, shrinkAxisMask: 1 })
    expect(slice).toEqual({ begin: [3, 0], end: [4, 4], strides: [1, 2], shrink: [0] })
  })

  test('an end relative to the begin', () => {
    expect(normalizeSlice([9], [2], [3], [1], { ...NO_MASKS, offset: true })).toMatchObject({
      begin: [2],
      end: [5],
    })
  })

  test('entries that do not fit', () => {
    expect(normalizeSlice([4], [0, 0], [1, 1], [1, 1], NO_MASKS)).toBeUndefined()
    expect(normalizeSlice([4], [0], [1], [0], NO_MASKS)).toBeUndefined()
  })
})
