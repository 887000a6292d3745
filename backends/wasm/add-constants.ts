/**
 * Integers with which one affine function of two bytes, shifted right, equals the exact quantized sum (ir/arith/
 * requant.ts, `applyAdd`, or onnx.ts, `applyFloatAdd`) for each of the 65536 pairs that there are: all are tried.
 *
 * The factors of the two operands have 30 bits. 16-bit dot products take them in two parts, so the function is
 *
 *   (((x * high.a + y * high.b) << HIGH_SHIFT) + ((x * low.a + y * low.b) >> LOW_SHIFT) + offset) >> shift
 *
 * The exact sum rounds halves away from zero, or to even, this one rounds them up: factors a little too large push a negative half
 * over the edge.
 */
import { applyFloatAdd, type FloatAddRequant } from '../../ir/arith/onnx.ts'
import { type AddRequant, applyAdd, zeroPointOf } from '../../ir/arith/requant.ts'
import { clamp } from '../../ir/arith/saturate.ts'
import type { TensorType } from '../../ir/tensor.ts'

export const HIGH_SHIFT = 7
export const LOW_SHIFT = 8

/** Factors of the first operand and the second, 16 bits each. */
export interface Factors {
  readonly a: number
  readonly b: number
}

export interface AddConstants {
  readonly high: Factors
  /** Even, so that 128 added to an operand moves the sum by a whole number. */
  readonly low: Factors
  /** For int8 operands and result as they are, zero points included. */
  readonly offset: number
  readonly shift: number
}

/** A sum or difference, and what it is made of. */
export interface ExactSum {
  /** The result for two elements. */
  readonly of: (x: number, y: number) => number
  readonly sign: 1 | -1
  readonly zeroPointA: number
  readonly zeroPointB: number
  readonly outputZeroPoint: number
  readonly min: number
  readonly max: number
}

export function tfliteSum(requant: AddRequant): ExactSum {
  const { sign, zeroPointA, zeroPointB } = requant
  const { outputZeroPoint, min, max } = requant.output
  const of = (x: number, y: number) => applyAdd(x, y, requant)
  return { of, sign, zeroPointA, zeroPointB, outputZeroPoint, min, max }
}

export function onnxSum(
  requant: FloatAddRequant,
  a: TensorType,
  b: TensorType,
  output: TensorType,
): ExactSum {
  return {
    of: (x, y) => applyFloatAdd(x, y, requant),
    sign: requant.ratioB < 0 ? -1 : 1,
    zeroPointA: zeroPointOf(a),
    zeroPointB: zeroPointOf(b),
    outputZeroPoint: zeroPointOf(output),
    min: requant.min,
    max: requant.max,
  }
}

/** How much too large the two factors may be: both alike first, which nearly always fits. */
const PUSHES: readonly (readonly [number, number])[] = (() => {
  const pushes = [2 ** -21, 2 ** -20, 2 ** -22, 2 ** -19, 2 ** -18, 2 ** -23, 0]
  const pairs = pushes.flatMap((a) => pushes.map((b) => [a, b] as const))
  return [...pairs.filter(([a, b]) => a === b), ...pairs.filter(([a, b]) => a !== b)]
})()

/** Undefined where none of the candidates is exact for all pairs. */
export function addConstants(sum: ExactSum, factorA: number, factorB: number): AddConstants | undefined {
  const exact = exactSums(sum)
  const { zeroPointA, zeroPointB, outputZeroPoint } = sum
  const signedB = sum.sign * factorB
  const shift = largestShift(factorA, factorB)
  if (shift < HIGH_SHIFT + 1) return undefined
  for (const [pushA, pushB] of PUSHES) {
    const a = split(factorA * 2 ** shift * (1 + pushA))
    const b = split(signedB * 2 ** shift * (1 + pushB))
    const factors = { high: { a: a.high, b: b.high }, low: { a: a.low, b: b.low }, shift }
    const zero = outputZeroPoint * 2 ** shift - affine(factors, zeroPointA, zeroPointB)
    const offset = fittingOffset(factors, exact, sum, zero + 2 ** (shift - 1))
    if (offset !== undefined) return { ...factors, offset }
  }
  return undefined
}

/** Sums stay below 2^31, with 128 added to the result and room for the offset; high factors below 2^15. */
function largestShift(factorA: number, factorB: number): number {
  const reach = (factorA + factorB) * 256 + 512
  const forSums = Math.floor(31 - Math.log2(reach))
  const forFactors = Math.floor(15 + HIGH_SHIFT - Math.log2(Math.max(factorA, factorB) * 1.0001))
  return Math.min(forSums, forFactors)
}

function split(factor: number): { readonly high: number; readonly low: number } {
  const high = Math.round(factor / 2 ** HIGH_SHIFT)
  const rest = factor - high * 2 ** HIGH_SHIFT
  return { high, low: 2 * Math.round(rest * 2 ** (LOW_SHIFT - 1)) }
}

/** The offset for operands and result that are stored with `added` added to them. */
export function addOffset(constants: AddConstants, added: number): number {
  return constants.offset + added * 2 ** constants.shift - affine(constants, added, added)
}

type Linear = Omit<AddConstants, 'offset'>

/** The function before the offset. */
function affine({ high, low }: Linear, x: number, y: number): number {
  return (x * high.a + y * high.b) * 2 ** HIGH_SHIFT + ((x * low.a + y * low.b) >> LOW_SHIFT)
}

/** The exact result of x and y at (x + 128) * 256 + y + 128. */
function exactSums(sum: ExactSum): Int16Array {
  const table = new Int16Array(65536)
  let at = 0
  for (let x = -128; x < 128; x++) {
    for (let y = -128; y < 128; y++) table[at++] = sum.of(x, y)
  }
  return table
}

/**
 * The offset nearest to `wanted` with which all pairs are exact. Each pair allows an interval of offsets, open where
 * its result is the smallest or the largest, which clamping gives: all of them must overlap.
 */
function fittingOffset(
  factors: Linear,
  exact: Int16Array,
  { min, max }: ExactSum,
  wanted: number,
): number | undefined {
  const unit = 2 ** factors.shift
  let low = Number.NEGATIVE_INFINITY
  let high = Number.POSITIVE_INFINITY
  let at = 0
  for (let x = -128; x < 128; x++) {
    for (let y = -128; y < 128; y++) {
      const result = exact[at++] as number
      const sum = affine(factors, x, y)
      if (result > min && result * unit - sum > low) low = result * unit - sum
      if (result < max && (result + 1) * unit - 1 - sum < high) high = (result + 1) * unit - 1 - sum
    }
    if (low > high) return undefined
  }
  return clamp(Math.round(wanted), low, high)
}
