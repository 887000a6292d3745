/**
 * Requantization in three float32 operations that equals the exact integer rule, by proof.
 *
 * The exact function of a sum, E(acc), rises with acc and has at most 255 steps, since its result is a byte. So does
 * any g(acc) = trunc(fl(fl(float(acc) * scale) + offset)): float32 operations are monotone. Two rising functions are
 * equal on an interval if every step of one lies where the other has it; the steps of E in the interval that a layer's
 * sums can reach are found by bisection, and scale and offset are searched until g has the same ones.
 *
 * Two forms, since the integer rules round symmetrically about zero:
 * - `floor`: every step is at a positive result (a ReLU clamps the rest away): trunc(acc * scale + offset).
 * - `odd`: p = acc * scale; trunc(p + copysign(offset, p)).
 *
 * The rule `float32` is such a function by itself, with the nearest integer instead of the one below: nothing is searched.
 * - `nearest`: the nearest integer to acc * scale, halves to even.
 * - `nearest_sum`: that to acc * scale + offset.
 */
import { roundHalfEven } from '../../ir/arith/multiplier.ts'
import type { ChannelRequant } from '../../ir/arith/requant.ts'
import { multiplyByQuantizedMultiplier, multiplyReal } from '../../ir/arith/rounding.ts'
import { clamp } from '../../ir/arith/saturate.ts'
import { must } from '../../ir/diagnostic.ts'

export type FloatForm = 'floor' | 'odd' | 'nearest' | 'nearest_sum'

export interface FloatRequant {
  readonly form: FloatForm
  /** float32, one a channel. */
  readonly scale: Float32Array
  readonly offset: Float32Array
  /** To be added to each channel's bias; 0 for `odd`. It moves the products to where float32 rounds them well. */
  readonly shift: Int32Array
}

/** The sums that a channel can reach, both ends included. */
export interface SumRange {
  readonly min: Float64Array
  readonly max: Float64Array
}

/** The form that a requantization's range allows. */
function floatForm({ rule, min, outputZeroPoint }: ChannelRequant): FloatForm {
  if (rule === 'float32') return 'nearest'
  return min >= outputZeroPoint ? 'floor' : 'odd'
}

/**
 * Scales and offsets for every channel. For a channel that is solved, the result of g, clamped to [min, max] less the
 * output's zero point, equals the rule's, clamped alike, for every sum in `sums`. For those that are not, g is the
 * identity: scale 1, offset 1/2, or 0 for `nearest`.
 */
export function floatRequant(
  requant: ChannelRequant,
  sums: SumRange,
): { readonly solved: FloatRequant; readonly unsolved: readonly number[] } {
  const channels = requant.factor.length
  const form = floatForm(requant)
  const solved: FloatRequant = {
    form,
    scale: new Float32Array(channels).fill(1),
    offset: new Float32Array(channels).fill(form === 'nearest' ? 0 : 0.5),
    shift: new Int32Array(channels),
  }
  const unsolved: number[] = []
  for (let c = 0; c < channels; c++) {
    const solution = solveChannel(form, requant, c, must(sums.min[c], 'sum'), must(sums.max[c], 'sum'))
    if (solution === undefined) {
      unsolved.push(c)
      continue
    }
    solved.scale[c] = solution.scale
    solved.offset[c] = solution.offset
    solved.shift[c] = solution.shift
  }
  return { solved, unsolved }
}

function solveChannel(
  form: FloatForm,
  requant: ChannelRequant,
  channel: number,
  min: number,
  max: number,
): Solution | undefined {
  const factor = must(requant.factor[channel], 'factor')
  if (form === 'nearest') {
    return isSmall(factor, min, max) ? { scale: factor, offset: 0, shift: 0 } : undefined
  }
  const exact = exactFunction(requant, channel)
  if (exact === undefined || !isExactRange(requant, channel, min, max)) return undefined
  const list = conditions(exact, min, max, requant)
  if (!isSmall(factor, min, max)) return undefined
  // One result only, and it is the smallest or the largest: there is nothing to tell apart.
  if (list.length === 0) return { scale: 0, offset: constantOffset(exact(min), requant), shift: 0 }
  return solve(form, factor, list)
}

/** Whether products are far below 2^22. Kernels without a fast conversion rely on it (see kernels/epilogue.ts). */
export function isSmall(factor: number, min: number, max: number): boolean {
  return Math.max(Math.abs(min), Math.abs(max)) * factor <= 2 ** 22 - 1024
}

/** With scale 0 the product is a zero of the sum's sign, which a constant result other than 0 has as well. */
function constantOffset(result: number, requant: ChannelRequant): number {
  const { min, max, outputZeroPoint } = requant
  const clamped = clamp(result, min - outputZeroPoint, max - outputZeroPoint)
  return Math.abs(clamped) + 0.5
}

type Exact = (sum: number) => number

function exactFunction(requant: ChannelRequant, channel: number): Exact | undefined {
  const factor = must(requant.factor[channel], 'factor')
  const multiplier = must(requant.multiplier[channel], 'multiplier')
  const shift = must(requant.shift[channel], 'shift')
  switch (requant.rule) {
    case 'real':
      return (sum) => multiplyReal(sum, factor)
    case 'tflite':
      return (sum) => multiplyByQuantizedMultiplier(sum, multiplier, shift)
    default:
      return undefined
  }
}

/** Sums stay in 32 bits, and a left shift before the multiply does not wrap: else E would not rise everywhere. */
function isExactRange(requant: ChannelRequant, channel: number, min: number, max: number): boolean {
  const leftShift = requant.rule === 'tflite' ? Math.max(0, must(requant.shift[channel], 'shift')) : 0
  return min * 2 ** leftShift >= -(2 ** 31) && max * 2 ** leftShift < 2 ** 31
}

/** What g has to be at one sum: at least `value`, or less than it. */
interface Condition {
  readonly sum: number
  readonly value: number
  readonly atLeast: boolean
}

/** Conditions under which g, which rises, equals E clamped: each result's first sum, and the one before it. */
function conditions(exact: Exact, min: number, max: number, requant: ChannelRequant): readonly Condition[] {
  const bottom = requant.min - requant.outputZeroPoint
  const top = requant.max - requant.outputZeroPoint
  const lowest = clamp(exact(min), bottom, top)
  const highest = clamp(exact(max), bottom, top)
  const list: Condition[] = []
  if (lowest > bottom) list.push({ sum: min, value: lowest, atLeast: true })
  let from = min
  for (let value = lowest + 1; value <= highest; value++) {
    // Bisection: exact(low) < value <= exact(high).
    let low = from
    let high = exact(from) >= value ? from : max
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (exact(middle) >= value) high = middle
      else low = middle
    }
    list.push({ sum: high, value, atLeast: true }, { sum: high - 1, value, atLeast: false })
    from = high
  }
  if (highest < top) list.push({ sum: max, value: highest + 1, atLeast: false })
  return list
}

interface Solution {
  readonly scale: number
  readonly offset: number
  readonly shift: number
}

/** Neighbours of the scale to try, in units of half its last place, and shifts of the sums. */
const NEIGHBOURS = 512
const SHIFTS = 64

function solve(form: FloatForm, factor: number, list: readonly Condition[]): Solution | undefined {
  for (let shift = 0; shift < (form === 'floor' ? SHIFTS : 1); shift++) {
    for (let distance = 0; distance < NEIGHBOURS; distance++) {
      for (const sign of distance === 0 ? [1] : [1, -1]) {
        const scale = fround(factor * (1 + sign * distance * 2 ** -24))
        const offset = fittingOffset(form, scale, shift, list)
        if (offset !== undefined) return { scale, offset, shift }
      }
    }
  }
  return undefined
}

const { fround } = Math

/** An offset with which every condition holds. Each allows a half-line of offsets: they must overlap. */
function fittingOffset(
  form: FloatForm,
  scale: number,
  shift: number,
  list: readonly Condition[],
): number | undefined {
  let low = 0
  let high = 1024
  for (const { sum, value, atLeast } of list) {
    const product = fround(fround(sum + shift) * scale)
    const isNegative = form === 'odd' && product < 0
    // Of a negative product the offset is taken away, and trunc rounds up: trunc(p - offset) >= value means
    // p - offset > value - 1, for value <= 0.
    const edge = isNegative ? product - value + 1 : value - product
    if (atLeast !== isNegative) low = Math.max(low, edge)
    else high = Math.min(high, edge)
    if (low > high) return undefined
  }
  for (const share of SHARES) {
    const offset = fround(low + (high - low) * share)
    const holds = ({ sum, value, atLeast }: Condition) =>
      applyFloat(form, sum + shift, scale, offset) >= value === atLeast
    if (list.every(holds)) return offset
  }
  return undefined
}

const SHARES = [0.5, 0.25, 0.75, 0.1, 0.9, 0, 1]

/** g: what the emitted code computes of a sum that has its shift in it. */
export function applyFloat(form: FloatForm, sum: number, scale: number, offset: number): number {
  const product = fround(fround(sum) * scale)
  if (form === 'nearest' || form === 'nearest_sum') return roundHalfEven(fround(product + offset))
  const signed = form === 'odd' && (product < 0 || Object.is(product, -0)) ? -offset : offset
  return Math.trunc(fround(product + signed))
}
