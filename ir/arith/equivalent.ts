/**
 * Integers for the rule `real`. Its product with a double is beyond small hardware, but an output of 8 bits has only
 * 255 steps: a multiplier and shift that put each step at the same sum give the same result for every sum.
 */
import { must } from '../diagnostic.ts'
import { type QuantizedMultiplier, quantizeMultiplier } from './multiplier.ts'
import type { ChannelRequant } from './requant.ts'
import { INT32_MAX, INT32_MIN, multiplyHalfEven, multiplyReal } from './rounding.ts'

/** How far from the nearest multiplier to look. The nearest one fits nearly always. */
const NEIGHBOURS = 16

/**
 * A requantization by the rule `half_even` that equals one by `real` for every int32 sum; undefined if some channel
 * has no such multiplier.
 */
export function integerEquivalent(requant: ChannelRequant): ChannelRequant | undefined {
  const from = requant.min - requant.outputZeroPoint
  const to = requant.max - requant.outputZeroPoint
  const known = new Map<number, QuantizedMultiplier | undefined>()
  const channels = requant.factor.length
  const multiplier = new Int32Array(channels)
  const shift = new Int32Array(channels)
  for (let c = 0; c < channels; c++) {
    const factor = must(requant.factor[c], 'factor')
    if (!known.has(factor)) known.set(factor, equivalentMultiplier(factor, from, to))
    const found = known.get(factor)
    if (found === undefined) return undefined
    multiplier[c] = found.multiplier
    shift[c] = found.shift
  }
  return { ...requant, multiplier, shift, rule: 'half_even' }
}

/**
 * A multiplier and shift whose `half_even` results, limited to [from, to], equal round(x * factor) limited alike for
 * every int32 x; undefined if there is none near the factor.
 */
export function equivalentMultiplier(
  factor: number,
  from: number,
  to: number,
): QuantizedMultiplier | undefined {
  const nearest = quantizeMultiplier(factor)
  const steps = stepPositions(factor, from, to)
  for (let distance = 0; distance <= NEIGHBOURS; distance++) {
    for (const multiplier of [nearest.multiplier - distance, nearest.multiplier + distance]) {
      if (multiplier > 0 && multiplier <= INT32_MAX && hasSteps(steps, from, multiplier, nearest.shift)) {
        return { multiplier, shift: nearest.shift }
      }
    }
  }
  return undefined
}

/** For k = from .. to - 1 the smallest int32 x with round(x * factor) > k; INT32_MAX + 1 if there is none. */
function stepPositions(factor: number, from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, n) => {
    const k = from + n
    // The real solution is at most a rounding error away.
    let x = Math.max(INT32_MIN, Math.min(INT32_MAX, Math.ceil((k + 0.5) / factor)))
    while (x > INT32_MIN && multiplyReal(x - 1, factor) > k) x--
    while (x <= INT32_MAX && multiplyReal(x, factor) <= k) x++
    return x
  })
}

/** Both functions rise with x, so they are equal if they step at the same places. */
function hasSteps(steps: readonly number[], from: number, multiplier: number, shift: number): boolean {
  return steps.every((x, n) => {
    const k = from + n
    const below = x - 1 < INT32_MIN || multiplyHalfEven(x - 1, multiplier, shift) <= k
    return below && (x > INT32_MAX || multiplyHalfEven(x, multiplier, shift) > k)
  })
}
