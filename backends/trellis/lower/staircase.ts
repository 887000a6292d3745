/**
 * Thresholds that come from an affine function, as BatchNorm and a uniform quantizer make them, are one product, one sum and
 * one shift: floor((x * multiplier + offset) / 2^shift), clamped to 0..steps, counts them. Whether such integers exist is
 * searched and then proved for every sum that can occur, threshold by threshold.
 */

import { must } from '../../../ir/diagnostic.ts'

/** For each channel. */
export interface Line {
  readonly multiplier: Int32Array
  readonly offset: BigInt64Array
  readonly shift: Int8Array
}

/** Bits of a multiplier, without its sign. */
const MULTIPLIER_BITS = 30
/** So that products, and the steps times 2^shift, stay within 64 bits. */
const MOST_SHIFT = 50

/** The sums of a channel that can occur. */
export interface Reach {
  readonly lowest: number
  readonly highest: number
}

/**
 * Integers that count the thresholds of each channel, [channel][step] rising, reached by `direction * x`, for every x that can
 * occur; or undefined where a channel has none.
 */
export function lineOf(
  values: Int32Array,
  directions: Int8Array,
  reaches: readonly Reach[],
): Line | undefined {
  const channels = directions.length
  const steps = values.length / channels
  const line: Line = {
    multiplier: new Int32Array(channels),
    offset: new BigInt64Array(channels),
    shift: new Int8Array(channels),
  }
  for (let c = 0; c < channels; c++) {
    const { lowest, highest } = must(reaches[c], 'reach')
    const reach = directions[c] === -1 ? { lowest: -highest, highest: -lowest } : { lowest, highest }
    const found = channelLine(values.subarray(c * steps, (c + 1) * steps), reach)
    if (!found) return undefined
    line.multiplier[c] = found.multiplier * (directions[c] as number)
    line.offset[c] = found.offset
    line.shift[c] = found.shift
  }
  return line
}

/**
 * The slope a and offset b count threshold k if a * t + b >= k > a * (t - 1) + b. For a slope these are bounds of b: it
 * exists where the highest lower one is below the lowest upper one. Their distance is convex in the slope.
 */
function channelLine(thresholds: Int32Array, { lowest, highest }: Reach) {
  const gap = (slope: number): number => {
    let lower = Number.NEGATIVE_INFINITY
    let upper = Number.POSITIVE_INFINITY
    thresholds.forEach((t, k) => {
      if (t <= highest) lower = Math.max(lower, k + 1 - slope * Math.max(t, lowest))
      if (t > lowest) upper = Math.min(upper, k + 1 - slope * Math.min(t - 1, highest))
    })
    return lower - upper
  }
  let [from, to] = [0, 2 * thresholds.length]
  for (let round = 0; round < 200; round++) {
    const [a, b] = [from + (to - from) / 3, to - (to - from) / 3]
    if (gap(a) <= gap(b)) to = b
    else from = a
  }
  // Channels that do not depend on x have a slope of 0 too.
  for (const slope of [(from + to) / 2, 0]) {
    const shift =
      slope === 0 ? 0 : Math.max(0, Math.min(MOST_SHIFT, MULTIPLIER_BITS - 1 - Math.floor(Math.log2(slope))))
    const multiplier = Math.round(slope * 2 ** shift)
    const offset = exactOffset(thresholds, BigInt(multiplier), BigInt(shift), {
      lowest: BigInt(lowest),
      highest: BigInt(highest),
    })
    if (multiplier < 2 ** MULTIPLIER_BITS * 2 - 1 && offset !== undefined)
      return { multiplier, offset, shift }
  }
  return undefined
}

/** The least offset with which every threshold is counted exactly; undefined if there is none. */
function exactOffset(
  thresholds: Int32Array,
  multiplier: bigint,
  shift: bigint,
  { lowest, highest }: { readonly lowest: bigint; readonly highest: bigint },
): bigint | undefined {
  let lower: bigint | undefined
  let upper: bigint | undefined
  thresholds.forEach((threshold, k) => {
    const t = BigInt(threshold)
    const level = BigInt(k + 1) << shift
    if (t <= highest) {
      // Reached from t on; one below all sums is reached by the lowest.
      const bound = level - multiplier * (t > lowest ? t : lowest)
      if (lower === undefined || bound > lower) lower = bound
    }
    if (t > lowest) {
      // Not reached by t - 1; one above all sums not by the highest.
      const bound = level - multiplier * (t - 1n < highest ? t - 1n : highest)
      if (upper === undefined || bound < upper) upper = bound
    }
  })
  if (lower === undefined) return upper === undefined ? 0n : upper - 1n
  return upper === undefined || lower < upper ? lower : undefined
}
