/** Thresholds as one multiplication: whatever is found counts exactly, and affine quantizers are found. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineOf } from '../../backends/trellis/lower/staircase.ts'
import { cases } from '../laws/long-run.ts'

const REACH = 1 << 20
const within = (reach: number) => [{ lowest: -reach, highest: reach }]

function counted(line: NonNullable<ReturnType<typeof lineOf>>, x: number, steps: number): number {
  const sum = BigInt(x) * BigInt(line.multiplier[0] as number) + (line.offset[0] as bigint)
  return Math.min(steps, Math.max(0, Number(sum >> BigInt(line.shift[0] as number))))
}

const reached = (thresholds: Int32Array, direction: number, x: number) =>
  thresholds.filter((t) => direction * x >= t).length

const direction = fc.constantFrom(-1, 1)

test('thresholds of scale * x + bias, rounded, are found', () => {
  let tried = 0
  let found = 0
  fc.assert(
    fc.property(
      fc.double({ min: 1e-4, max: 0.9, noNaN: true }),
      fc.double({ min: -40, max: 40, noNaN: true }),
      fc.constantFrom(1, 3, 7, 15, 63, 255),
      direction,
      (scale, bias, steps, d) => {
        const thresholds = Int32Array.from({ length: steps }, (_, k) => Math.ceil((k + 0.5 - bias) / scale))
        const line = lineOf(thresholds, Int8Array.of(d), within(REACH))
        tried++
        if (!line) return
        found++
        for (const t of thresholds) {
          for (const u of [t - 1, t, -REACH, REACH]) {
            if (Math.abs(u) <= REACH) expect(counted(line, d * u, steps)).toBe(reached(thresholds, d, d * u))
          }
        }
      },
    ),
    cases(300),
  )
  // 255 thresholds may leave less room than the 30 bits of a multiplier resolve.
  expect(found).toBeGreaterThanOrEqual(0.97 * tried)
})

test('what is found for any thresholds counts exactly', () => {
  let found = 0
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: -30, max: 30 }), fc.integer()), { minLength: 1, maxLength: 6 }),
      direction,
      (list, d) => {
        const thresholds = Int32Array.from(list).sort()
        const line = lineOf(thresholds, Int8Array.of(d), within(40))
        if (!line) return
        found++
        for (let x = -40; x <= 40; x++) expect(counted(line, x, list.length)).toBe(reached(thresholds, d, x))
      },
    ),
    cases(500),
  )
  expect(found).toBeGreaterThan(50)
})

test('thresholds outside of what can occur do not count', () => {
  // As where a quantizer's highest values are out of reach.
  const thresholds = Int32Array.of(10, 20, 30, 31, 31)
  expect(lineOf(thresholds, Int8Array.of(1), within(40))).toBeUndefined()
  for (const d of [1, -1]) {
    const reach = d === 1 ? { lowest: -5, highest: 30 } : { lowest: -30, highest: 5 }
    const line = lineOf(thresholds, Int8Array.of(d), [reach])
    if (!line) throw new Error('not found')
    for (let x = reach.lowest; x <= reach.highest; x++)
      expect(counted(line, x, 5)).toBe(reached(thresholds, d, x))
  }
})

test('thresholds that no line has are refused', () => {
  expect(lineOf(Int32Array.of(0, 1, 100, 1000), Int8Array.of(1), within(REACH))).toBeUndefined()
})
