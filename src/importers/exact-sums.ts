/** Int8 weights whose sums of products with bytes, less a zero point that depends on the data, are exact in float32. */
import { integerRange } from '../../ir/arith/saturate.ts'

/** Integers, row-major, whose output channels lie along `axis`. */
export interface IntegerWeights {
  readonly shape: readonly number[]
  readonly data: Float64Array
  readonly axis: number
}

/** Greatest magnitude of a byte, and of one less a zero point. */
const MOST_BYTE = 255
/** Up to here every integer is a float32. */
const EXACT = 2 ** 24

/** Weights that are not exact are split into multiples of this and what is left. */
export const SPLIT = 16

/** The weights as they are, if they are exact, or SPLIT * `multiples` + `rest`, if both are; undefined if neither. */
export type ExactParts =
  | { readonly whole: Float64Array }
  | { readonly multiples: Float64Array; readonly rest: Float64Array }

export function exactParts(weights: IntegerWeights): ExactParts | undefined {
  const { data } = weights
  if (isExact(weights)) return { whole: data }
  const multiples = data.map((w) => Math.round(w / SPLIT))
  const rest = data.map((w, i) => w - SPLIT * (multiples[i] ?? 0))
  const areExact = [multiples, rest].every((part) => isExact({ ...weights, data: part }))
  return areExact ? { multiples, rest } : undefined
}

/** The sum of each output channel's weights: what a zero point is multiplied with. */
export function channelTotals(weights: IntegerWeights): Float64Array {
  return channelSums(weights, (w) => w)
}

/** Whether weights are int8, and their sums of products with bytes float32, in any order. */
function isExact(weights: IntegerWeights): boolean {
  const [min, max] = integerRange('i8')
  return (
    weights.data.every((w) => w >= min && w <= max) &&
    channelSums(weights, Math.abs).every((sum) => sum * MOST_BYTE <= EXACT)
  )
}

function channelSums({ shape, data, axis }: IntegerWeights, f: (w: number) => number): Float64Array {
  const channels = shape[axis] ?? 1
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const result = new Float64Array(channels)
  data.forEach((w, i) => {
    const channel = Math.floor(i / inner) % channels
    result[channel] = (result[channel] ?? 0) + f(w)
  })
  return result
}
