/**
 * Integer scaling under named rounding rules. Interpreter, simulator and every backend define their results by these
 * functions. They use plain numbers: a 32x32-bit product is split so that every intermediate is an exact double.
 */

import { roundHalfAway, roundHalfEven } from './multiplier.ts'

/**
 * Rules that take an integer multiplier and a shift, x * multiplier * 2^(shift - 31):
 * - `tflite`: a doubling high multiply that rounds halves up, then a right shift that rounds halves away from zero:
 *   two roundings. TensorFlow Lite's reference kernels with 32-bit accumulators.
 * - `tflite_wide`: the multiplier cut to 16 bits, then one right shift that rounds halves up. The same kernels with
 *   64-bit accumulators (int16 activations).
 * - `half_even`: the exact product, rounded once, halves to even.
 */
export type IntegerRoundingRule = 'tflite' | 'tflite_wide' | 'half_even'

/**
 * Whose results an op on quantized tensors gives: those of TensorFlow Lite's reference kernels, or of ONNX Runtime's
 * kernels for CPUs.
 */
export const ARITHMETICS = ['tflite', 'onnx'] as const
export type Arithmetic = (typeof ARITHMETICS)[number]

/**
 * Beside those:
 * - `real`: the product with a double, rounded once, halves away from zero. TensorFlow Lite's reference kernel of fully
 *   connected layers.
 * - `float32`: the product of two float32, rounded to a float32 and then to an integer, halves to even. ONNX Runtime
 *   (onnxruntime/core/mlas/lib/quantize.cpp, `MlasRequantizeOutput`).
 * - `none`: the sum as it is, for an op that leaves the scaling to its reader.
 */
export type RoundingRule = IntegerRoundingRule | 'real' | 'float32' | 'none'

export const INT32_MIN = -(2 ** 31)
export const INT32_MAX = 2 ** 31 - 1

/**
 * floor(a * b / 2^31 + 1/2) for int32 a and b; -2^31 * -2^31 saturates. Source: gemmlowp, fixedpoint/fixedpoint.h,
 * which is Arm's VQRDMULH.
 */
export function saturatingRoundingDoublingHighMul(a: number, b: number): number {
  if (a === INT32_MIN && b === INT32_MIN) return INT32_MAX
  // a * b + 2^30 = (a * high) * 2^16 + (a * low + 2^30): both parts stay below 2^48.
  const high = b >> 16
  const low = b & 0xffff
  return Math.floor((a * high + Math.floor((a * low + 0x40000000) / 0x10000)) / 0x8000) | 0
}

/** x / 2^exponent, halves away from zero; 0 <= exponent <= 31. Source: gemmlowp, `RoundingDivideByPOT`. */
export function roundingDivideByPot(x: number, exponent: number): number {
  const mask = ((1 << exponent) - 1) | 0
  const threshold = (mask >> 1) + (x < 0 ? 1 : 0)
  return ((x >> exponent) + ((x & mask) > threshold ? 1 : 0)) | 0
}

/**
 * x * multiplier * 2^(shift - 31) by the rule `tflite`, for an int32 x. A left shift comes before the multiply and
 * wraps, as in TensorFlow Lite.
 */
export function multiplyByQuantizedMultiplier(x: number, multiplier: number, shift: number): number {
  return shift > 0
    ? saturatingRoundingDoublingHighMul(x << shift, multiplier)
    : roundingDivideByPot(saturatingRoundingDoublingHighMul(x, multiplier), -shift)
}

/**
 * x * multiplier * 2^(shift - 31) by the rule `tflite_wide`, for an integer |x| < 2^47, multiplier >= 0 and
 * -31 <= shift < 8. Source: tensorflow/lite/kernels/internal/common.cc, the overload for int64.
 */
export function multiplyByQuantizedMultiplierWide(x: number, multiplier: number, shift: number): number {
  const reduced = multiplier < 0x7fff0000 ? (multiplier + 0x8000) >> 16 : 0x7fff
  const totalShift = 15 - shift
  const product = x * reduced
  if (product <= MAX_EXACT && product >= -MAX_EXACT) {
    return Math.floor((product + 2 ** (totalShift - 1)) / 2 ** totalShift) | 0
  }
  const exact = BigInt(x) * BigInt(reduced) + (1n << BigInt(totalShift - 1))
  return Number(BigInt.asIntN(32, exact >> BigInt(totalShift)))
}

/** Leaves room for the rounding term, at most 2^45, below 2^53. */
const MAX_EXACT = 2 ** 52

/** x * multiplier * 2^(shift - 31) by the rule `half_even`, for int32 x; saturates to int32. -31 <= shift <= 30. */
export function multiplyHalfEven(x: number, multiplier: number, shift: number): number {
  // The exact product is high * 2^32 + low.
  const low = Math.imul(x, multiplier) >>> 0
  const carry = Math.floor((x * (multiplier & 0xffff)) / 0x10000)
  const high = Math.floor((x * (multiplier >> 16) + carry) / 0x10000)
  const rightShift = 31 - shift
  // Split it at the rounding point: an integer, and what lies below compared with one half.
  let quotient: number
  let aboveHalf: boolean
  let isHalf: boolean
  if (rightShift <= 32) {
    const unit = 2 ** rightShift
    const remainder = low % unit
    quotient = high * 2 ** (32 - rightShift) + Math.floor(low / unit)
    aboveHalf = remainder > unit / 2
    isHalf = remainder === unit / 2
  } else {
    const unit = 2 ** (rightShift - 32)
    quotient = Math.floor(high / unit)
    const remainder = high - quotient * unit
    aboveHalf = remainder > unit / 2 || (remainder === unit / 2 && low > 0)
    isHalf = remainder === unit / 2 && low === 0
  }
  const rounded = aboveHalf || (isHalf && quotient % 2 !== 0) ? quotient + 1 : quotient
  return Math.max(INT32_MIN, Math.min(INT32_MAX, rounded)) | 0
}

/** One accumulator scaled by a rule given by name; inner loops call that rule's function directly. */
export function requantize(x: number, multiplier: number, shift: number, rule: IntegerRoundingRule): number {
  switch (rule) {
    case 'tflite':
      return multiplyByQuantizedMultiplier(x, multiplier, shift)
    case 'tflite_wide':
      return multiplyByQuantizedMultiplierWide(x, multiplier, shift)
    case 'half_even':
      return multiplyHalfEven(x, multiplier, shift)
  }
}

/** x * factor by the rule `real`: the product is one double, rounded once more to an integer. */
export function multiplyReal(x: number, factor: number): number {
  return roundHalfAway(x * factor)
}

/**
 * x * factor by the rule `float32`, for an int32 x and a float32 factor. An offset is added to the product in float32,
 * before it becomes an integer.
 */
export function multiplyFloat32(x: number, factor: number, offset = 0): number {
  return roundHalfEven(Math.fround(Math.fround(Math.fround(x) * factor) + offset))
}

/**
 * The same with the factor as multiplier and shift, multiplier * 2^(shift - 31): exactly it, where the multiplier has 24
 * significant bits, else the float32 nearest to it.
 */
export function multiplyFloat32Multiplier(x: number, multiplier: number, shift: number): number {
  return multiplyFloat32(x, Math.fround(multiplier * 2 ** (shift - 31)))
}

/** sum / count for int32 sum and count > 0, halves away from zero: TensorFlow Lite's average pooling. */
export function divideRoundHalfAway(sum: number, count: number): number {
  const half = count >> 1
  return ((sum > 0 ? sum + half : sum - half) / count) | 0
}
