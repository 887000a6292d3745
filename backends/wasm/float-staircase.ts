/**
 * Thresholds in three float32 operations that count exactly as many as the sum reaches, by proof.
 *
 * Thresholds that a quantizer's steps of one width have become lie on a line, but for their rounding to integers. So
 * their number is g(acc) = trunc(fl(fl(float(acc) * scale) + offset)), clamped to [0, steps], if a line passes between
 * each threshold and the integer below it: scale * t[k] + offset >= k + 1 > scale * (t[k] - 1) + offset. Each pair of
 * these bounds the scale; offsets are then tried in float32 itself. g rises with acc, since float32 operations are
 * monotone, so that it is right everywhere if it is right at the thresholds and just below.
 */
import { must } from '../../ir/diagnostic.ts'
import { applyFloat } from './float-requant.ts'

export interface FloatStaircase {
  readonly scale: number
  readonly offset: number
}

/** Kernels without a fast conversion to integers rely on this (see kernels/epilogue.ts). */
const LARGEST = 2 ** 22 - 1024

/**
 * Undefined where none is found for `thresholds`, which rise. Sums lie in [min, max]; what g is elsewhere is left open.
 */
export function floatStaircase(
  thresholds: readonly number[],
  min: number,
  max: number,
): FloatStaircase | undefined {
  if (min < -(2 ** 31) || max >= 2 ** 31) return undefined
  const below = thresholds.filter((t) => t <= min).length
  const steps = thresholds.slice(below).filter((t) => t <= max)
  const last = below + steps.length
  if (steps.length === 0) return { scale: 0, offset: last + 0.5 }
  const conditions = steps.flatMap((t, n) => [
    { sum: t, value: below + n + 1, atLeast: true },
    { sum: t - 1, value: below + n + 1, atLeast: false },
  ])
  // Neither the results below the first step nor those from the last on may be others, unless they are clamped.
  if (below > 0) conditions.push({ sum: min, value: below, atLeast: true })
  if (last < thresholds.length) conditions.push({ sum: max, value: last + 1, atLeast: false })
  const [low, high] = scales(conditions)
  for (const share of SHARES) {
    const scale = Math.fround(low + (high - low) * share)
    if (!(scale > 0)) continue
    const offset = fittingOffset(scale, conditions)
    if (offset === undefined) continue
    if (scale * Math.max(-min, max) + Math.abs(offset) <= LARGEST) return { scale, offset }
  }
  return undefined
}

/** What g has to be at one sum: at least `value`, or less than it. */
interface Condition {
  readonly sum: number
  readonly value: number
  readonly atLeast: boolean
}

const SHARES = [0.5, 0.25, 0.75, 0.1, 0.9, 0.02, 0.98]

/** Bounds of the scale: of a step up from one condition to another, and of a distance that is no step. */
function scales(conditions: readonly Condition[]): readonly [low: number, high: number] {
  let [low, high] = [0, 1]
  for (const upper of conditions.filter(({ atLeast }) => atLeast)) {
    for (const lower of conditions.filter(({ atLeast }) => !atLeast)) {
      const run = upper.sum - lower.sum
      const rise = upper.value - lower.value
      // scale * run > rise
      if (run > 0) low = Math.max(low, rise / run)
      else if (run < 0) high = Math.min(high, rise / run)
    }
  }
  return [low, high]
}

function fittingOffset(scale: number, conditions: readonly Condition[]): number | undefined {
  let [low, high] = [-LARGEST, LARGEST]
  for (const { sum, value, atLeast } of conditions) {
    const edge = value - Math.fround(Math.fround(sum) * scale)
    if (atLeast) low = Math.max(low, edge)
    else high = Math.min(high, edge)
  }
  if (low > high) return undefined
  for (const share of SHARES) {
    const offset = Math.fround(low + (high - low) * share)
    if (conditions.every((condition) => holds(condition, scale, offset))) return offset
  }
  return undefined
}

function holds({ sum, value, atLeast }: Condition, scale: number, offset: number): boolean {
  return applyFloat('floor', sum, scale, offset) >= value === atLeast
}

/** The thresholds of a channel as `thresholdWords` gives them, and whether it is the negative sum that reaches them. */
export function thresholdsOfWords(words: readonly number[]): {
  readonly isTurned: boolean
  readonly thresholds: readonly number[]
} {
  const isTurned = must(words[0], 'a mask') !== 0
  return { isTurned, thresholds: words.slice(1).map((word) => (isTurned ? word + 1 : word)) }
}
