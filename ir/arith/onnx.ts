/**
 * Quantized arithmetic as ONNX Runtime's CPU kernels do it: everything in float32, one rounding to an integer, halves to
 * even; scales are float32. They compute on uint8; an int8 tensor here stands for the uint8 one with 128 added to elements
 * and zero point.
 */
import type { TensorType } from '../tensor.ts'
import { roundHalfEven } from './multiplier.ts'
import { NUMBERS } from './real-arithmetic.ts'
import { exp } from './real-functions.ts'
import { addRequant, applyAdd, scaleOf, UNSIGNED, zeroPointOf } from './requant.ts'
import type { Arithmetic } from './rounding.ts'
import { type Activation, activationRange, clamp, integerRange } from './saturate.ts'

const { fround } = Math

/**
 * QuantizeLinear: x / scale in float32, rounded, the zero point, the output's range (onnxruntime/core/mlas/lib/
 * quantize.cpp). What is no number becomes the zero point; ONNX defines nothing for it.
 */
export function quantizeReal(output: TensorType): (real: number) => number {
  const scale = fround(scaleOf(output))
  const zeroPoint = zeroPointOf(output)
  const [min, max] = integerRange(output.dtype)
  return (real) => {
    const rounded = roundHalfEven(fround(real / scale))
    return Number.isNaN(rounded) ? zeroPoint : clamp(rounded + zeroPoint, min, max)
  }
}

/** DequantizeLinear: scale * (q - zeroPoint), one rounding to float32. */
function dequantizeElement(input: TensorType): (q: number) => number {
  const scale = fround(scaleOf(input))
  const zeroPoint = zeroPointOf(input)
  return (q) => fround(scale * (q - zeroPoint))
}

/** A function of reals, in float32, between DequantizeLinear and QuantizeLinear. */
export function betweenQuantizations(
  input: TensorType,
  output: TensorType,
  f: (real: number) => number,
): (q: number) => number {
  const toReal = dequantizeElement(input)
  const toQuantized = quantizeReal(output)
  return (q) => toQuantized(fround(f(toReal(q))))
}

/** For add and sub by `onnx`: round(ratioA * x + (ratioB * y + fixed)), each sum rounded once to float32. */
export interface FloatAddRequant {
  readonly ratioA: number
  /** Negative to subtract. */
  readonly ratioB: number
  /** The zero points' share. */
  readonly fixed: number
  readonly min: number
  readonly max: number
}

/**
 * Both products are fused into their sums, that of the second operand first (onnxruntime/core/mlas/lib/intrinsics/avx2/
 * qladd_avx2.cpp, on uint8).
 */
export function floatAddRequant(
  a: TensorType,
  b: TensorType,
  output: TensorType,
  activation: Activation,
  sign: 1 | -1,
): FloatAddRequant {
  const ratioA = fround(scaleOf(a) / scaleOf(output))
  const ratioB = sign * fround(scaleOf(b) / scaleOf(output))
  const zeroA = zeroPointOf(a) + UNSIGNED
  const zeroB = zeroPointOf(b) + UNSIGNED
  const zeros = fround(ratioA * zeroA + fround(ratioB * zeroB))
  const [min, max] = activationRange(activation, output, 'onnx')
  return { ratioA, ratioB, fixed: fround(zeroPointOf(output) + UNSIGNED - zeros), min, max }
}

/** One element of a sum or difference of int8 elements. */
export function applyFloatAdd(x: number, y: number, r: FloatAddRequant): number {
  // A double holds a product of 8 and 24 bits and nearly every sum of such products: one rounding to float32.
  const second = fround(r.ratioB * (y + UNSIGNED) + r.fixed)
  const sum = roundHalfEven(fround(r.ratioA * (x + UNSIGNED) + second))
  return clamp(sum - UNSIGNED, r.min, r.max)
}

/** The exact sum (sign 1) or difference (sign -1) of two quantized elements, by either arithmetic. */
export function sumFunction(
  a: TensorType,
  b: TensorType,
  output: TensorType,
  { activation, arithmetic }: { readonly activation: Activation; readonly arithmetic: Arithmetic },
  sign: 1 | -1,
): (x: number, y: number) => number {
  if (arithmetic === 'onnx') {
    const requant = floatAddRequant(a, b, output, activation, sign)
    return (x, y) => applyFloatAdd(x, y, requant)
  }
  const requant = addRequant(a, b, output, activation, sign)
  return (x, y) => applyAdd(x, y, requant)
}

/**
 * The mean of a window's elements: their reals added one after another in float32, divided by their number, quantized
 * with the zero point added in float32 before rounding (onnxruntime/contrib_ops/cpu/quantization/qlinear_pool.cc).
 */
export interface FloatMeanRequant {
  /** The real of each int8 element q at q + 128. */
  readonly reals: Float32Array
  readonly outputScale: number
  /** Of the output as uint8. */
  readonly zeroPoint: number
}

export function floatMeanRequant(input: TensorType, output: TensorType): FloatMeanRequant {
  const toReal = dequantizeElement(input)
  return {
    reals: Float32Array.from({ length: 256 }, (_, n) => toReal(n - 128)),
    outputScale: fround(scaleOf(output)),
    zeroPoint: zeroPointOf(output) + UNSIGNED,
  }
}

/** The output element for a float32 sum of `count` reals, before it is limited. */
export function quantizeMean(sum: number, count: number, r: FloatMeanRequant): number {
  return roundHalfEven(fround(fround(fround(sum / count) / r.outputScale) + r.zeroPoint)) - UNSIGNED
}

/** For softmax: exponentials of differences to a row's largest element, and the unit of the output. */
export interface FloatSoftmaxRequant {
  /** exp(-d * scale) times a power that makes the best of float32, for d = 0 .. 255. */
  readonly exponentials: Float32Array
  /** Output steps in one. */
  readonly unit: number
  readonly outputZeroPoint: number
}

/**
 * The exponentials are as large as a sum of `depth` of them allows (onnxruntime/contrib_ops/cpu/quantization/
 * qlinear_softmax.cc, `QlinearBuildLookupTableUint32`).
 */
export function floatSoftmaxRequant(
  input: TensorType,
  output: TensorType,
  depth: number,
): FloatSoftmaxRequant {
  const scale = scaleOf(input)
  const room = Math.log(fround(FLOAT32_MAX / depth))
  const up = Math.max(0, room - 5) / scale
  return {
    exponentials: Float32Array.from({ length: 256 }, (_, d) => exp(NUMBERS, (up - d) * scale)),
    unit: Math.floor(fround(1 / scaleOf(output))),
    outputZeroPoint: zeroPointOf(output),
  }
}

const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127

/** The output element of an exponential in a row with this sum. */
export function quantizeShare(exponential: number, sum: number, r: FloatSoftmaxRequant): number {
  return clamp(roundHalfEven(fround(fround(exponential * r.unit) / sum)) + r.outputZeroPoint, -128, 127)
}
