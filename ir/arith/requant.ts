/**
 * From the scales of an op's tensors to the integers it computes with. A compiler folds these into its instructions;
 * the reference kernels use the same ones. Where TensorFlow Lite multiplies scales in float32 the rounding is kept.
 */
import { must } from '../diagnostic.ts'
import type { TensorType } from '../tensor.ts'
import { type QuantizedMultiplier, quantizeMultiplier } from './multiplier.ts'
import {
  type Arithmetic,
  INT32_MAX,
  INT32_MIN,
  multiplyByQuantizedMultiplier,
  multiplyFloat32,
  type RoundingRule,
  roundingDivideByPot,
  saturatingRoundingDoublingHighMul,
} from './rounding.ts'
import { type Activation, activationRange, clamp, integerRange } from './saturate.ts'

const { fround } = Math

/** The scale of a tensor that is quantized as a whole. */
export function scaleOf(type: TensorType): number {
  return must(type.quant?.scale[0], 'a quantized tensor')
}

export function zeroPointOf(type: TensorType): number {
  return must(type.quant?.zeroPoint[0], 'a quantized tensor')
}

/** A scaling for each output channel, from a sum to an output element, and the output's range. */
export interface ChannelRequant {
  /** The real factors: what the rules `real` and `float32` multiply with, and what the integers below approximate. */
  readonly factor: Float64Array
  readonly multiplier: Int32Array
  readonly shift: Int32Array
  readonly rule: RoundingRule
  /** Sums have 64 bits instead of 32. */
  readonly wide: boolean
  readonly inputZeroPoint: number
  readonly outputZeroPoint: number
  readonly min: number
  readonly max: number
}

/**
 * For the convolutions. The factor is the double inputScale * weightScale / outputScale (kernel_util.cc,
 * `PopulateConvolutionQuantizationParams`). An int16 input with an int32 bias sums in 32 bits and rounds by `tflite`;
 * with an int64 bias, or none, in 64 bits and by `tflite_wide`. An i32 output takes the sums as they are.
 *
 * With the arithmetic `onnx` the factor is a float32, computed in float32 (onnxruntime/core/providers/cpu/quantization/
 * qlinearconv.cc, `ComputeOutputScale`), and the rule `float32`.
 */
export function convRequant(
  input: TensorType,
  weights: TensorType,
  output: TensorType,
  activation: Activation,
  bias?: TensorType,
  arithmetic: Arithmetic = 'tflite',
): ChannelRequant {
  const channels = must(output.shape.at(-1), 'output channels')
  if (output.dtype === 'i32') return unscaled(input, channels)
  const weightScales = must(weights.quant, 'quantized weights').scale
  const factor = Float64Array.from({ length: channels }, (_, c) => {
    const weightScale = must(weightScales[weightScales.length === 1 ? 0 : c], 'weight scale')
    return arithmetic === 'onnx'
      ? productScale(scaleOf(input), weightScale, scaleOf(output))
      : (scaleOf(input) * weightScale) / scaleOf(output)
  })
  const scalings = Array.from(factor, quantizeMultiplier)
  const [min, max] = activationRange(activation, output, arithmetic)
  const wide = input.dtype === 'i16' && bias?.dtype !== 'i32'
  return {
    factor,
    multiplier: Int32Array.from(scalings, (s) => s.multiplier),
    shift: Int32Array.from(scalings, (s) => s.shift),
    rule: arithmetic === 'onnx' ? 'float32' : wide ? 'tflite_wide' : 'tflite',
    wide,
    inputZeroPoint: zeroPointOf(input),
    outputZeroPoint: zeroPointOf(output),
    min,
    max,
  }
}

/** a * b / output, in float32. */
function productScale(a: number, b: number, output: number): number {
  return fround(fround(a * b) / output)
}

/** Sums that are the output. */
function unscaled(input: TensorType, channels: number): ChannelRequant {
  return {
    factor: new Float64Array(channels).fill(1),
    multiplier: new Int32Array(channels),
    shift: new Int32Array(channels),
    rule: 'none',
    wide: false,
    inputZeroPoint: zeroPointOf(input),
    outputZeroPoint: 0,
    min: INT32_MIN,
    max: INT32_MAX,
  }
}

/**
 * For fully connected layers: as a convolution, but `tflite` rounds by `real` (TensorFlow Lite 2.21,
 * reference/integer_ops/fully_connected.h). `integerEquivalent` finds integers that do the same.
 */
export function fullyConnectedRequant(
  input: TensorType,
  weights: TensorType,
  output: TensorType,
  activation: Activation,
  bias?: TensorType,
  arithmetic: Arithmetic = 'tflite',
): ChannelRequant {
  const requant = convRequant(input, weights, output, activation, bias, arithmetic)
  return requant.rule === 'none' || arithmetic === 'onnx' ? requant : { ...requant, rule: 'real' }
}

/** One scaling for a whole tensor, and the output's range. */
export interface TensorRequant extends QuantizedMultiplier {
  readonly rule: 'tflite' | 'float32'
  /** The real factor. */
  readonly factor: number
  /** A float32 that the rule `float32` adds before it rounds; 0 for `tflite`. */
  readonly offset: number
  /** What is added after rounding. */
  readonly outputZeroPoint: number
  readonly min: number
  readonly max: number
}

/** An int32 scaled, moved to the output's zero point and limited to its range. */
export function applyRequant(x: number, r: TensorRequant): number {
  return clamp(scaleSum(x, r) + r.outputZeroPoint, r.min, r.max)
}

/** An int32 scaled and rounded: before zero point and limits. */
function scaleSum(x: number, { rule, factor, offset, multiplier, shift }: TensorRequant): number {
  return rule === 'float32'
    ? multiplyFloat32(x, factor, offset)
    : multiplyByQuantizedMultiplier(x, multiplier, shift)
}

function tensorRequant(
  factor: number,
  output: TensorType,
  range: readonly [number, number],
  rule: TensorRequant['rule'] = 'tflite',
): TensorRequant {
  const [min, max] = range
  const outputZeroPoint = zeroPointOf(output)
  return { ...quantizeMultiplier(factor), rule, factor, offset: 0, outputZeroPoint, min, max }
}

/**
 * For mul: applied to (a - zeroPointA) * (b - zeroPointB). The factor is computed in float32 (mul.cc).
 *
 * ONNX Runtime adds the zero point of the unsigned output in float32 before it rounds (mlas/lib/qlmul.cpp).
 */
export function mulRequant(
  a: TensorType,
  b: TensorType,
  output: TensorType,
  activation: Activation,
  arithmetic: Arithmetic = 'tflite',
): TensorRequant {
  const factor = productScale(scaleOf(a), scaleOf(b), scaleOf(output))
  const range = activationRange(activation, output, arithmetic)
  if (arithmetic === 'tflite') return tensorRequant(factor, output, range)
  const offset = zeroPointOf(output) + UNSIGNED
  return { ...tensorRequant(factor, output, range, 'float32'), offset, outputZeroPoint: -UNSIGNED }
}

/** An int8 element and this are the uint8 element that ONNX Runtime computes with. */
export const UNSIGNED = 128

/** For quantize from integers to integers: applied to x - zeroPoint. The factor is a double (quantize.cc). */
export function rescaleRequant(input: TensorType, output: TensorType): TensorRequant {
  return tensorRequant(scaleOf(input) / scaleOf(output), output, integerRange(output.dtype))
}

/** For a ReLU that stands alone: applied to x - zeroPoint. The factor is a float32 quotient (activations.cc). */
export function reluRequant(input: TensorType, output: TensorType, activation: Activation): TensorRequant {
  return tensorRequant(fround(scaleOf(input) / scaleOf(output)), output, activationRange(activation, output))
}

/** For leaky ReLU: `identity` where x >= zeroPoint, else `slope`; both applied to x - zeroPoint. */
export function leakyReluRequant(
  input: TensorType,
  output: TensorType,
  alpha: number,
): { readonly identity: TensorRequant; readonly slope: TensorRequant } {
  const range = integerRange(output.dtype)
  const slope = fround(fround(scaleOf(input) * fround(alpha)) / scaleOf(output))
  return {
    identity: tensorRequant(fround(scaleOf(input) / scaleOf(output)), output, range),
    slope: tensorRequant(slope, output, range),
  }
}

/**
 * For the mean of `count` elements: applied to their sum less count * zeroPoint. The division is folded into the
 * multiplier, which is first shifted up to keep its bits (reference/reduce.h, `QuantizedMeanOrSum`). With the
 * arithmetic `onnx` it is folded into a float32 factor (onnxruntime/core/mlas/lib/qlgavgpool.cpp).
 */
export function meanRequant(
  input: TensorType,
  output: TensorType,
  count: number,
  arithmetic: Arithmetic = 'tflite',
): TensorRequant {
  if (arithmetic === 'onnx') {
    const factor = fround(scaleOf(input) / fround(scaleOf(output) * count))
    return tensorRequant(factor, output, integerRange(output.dtype), 'float32')
  }
  const base = rescaleRequant(input, output)
  const up = Math.min(Math.floor(Math.log2(count)), 32, 31 + base.shift)
  const multiplier = Number((BigInt(base.multiplier) << BigInt(up)) / BigInt(count))
  return { ...base, factor: base.factor / count, multiplier, shift: base.shift - up }
}

/** For add and sub: both operands shifted left and scaled to a common scale, then summed and scaled to the output. */
export interface AddRequant {
  readonly leftShift: number
  readonly a: QuantizedMultiplier
  readonly b: QuantizedMultiplier
  /** 1 to add, -1 to subtract. */
  readonly sign: 1 | -1
  readonly zeroPointA: number
  readonly zeroPointB: number
  readonly output: TensorRequant
}

/**
 * The common scale is twice the larger input scale; the left shift keeps a sum in 32 bits: 20 for 8-bit, 15 for 16-bit
 * elements (tensorflow/lite/kernels/add.cc, sub.cc).
 */
export function addRequant(
  a: TensorType,
  b: TensorType,
  output: TensorType,
  activation: Activation,
  sign: 1 | -1 = 1,
): AddRequant {
  const leftShift = output.dtype === 'i16' ? 15 : 20
  const commonScale = 2 * Math.max(scaleOf(a), scaleOf(b))
  const factor = commonScale / (2 ** leftShift * scaleOf(output))
  return {
    leftShift,
    a: quantizeMultiplier(scaleOf(a) / commonScale),
    b: quantizeMultiplier(scaleOf(b) / commonScale),
    sign,
    zeroPointA: zeroPointOf(a),
    zeroPointB: zeroPointOf(b),
    output: tensorRequant(factor, output, activationRange(activation, output)),
  }
}

/** One element of a quantized sum or difference. */
export function applyAdd(x: number, y: number, r: AddRequant): number {
  const a = scaleDown((x - r.zeroPointA) << r.leftShift, r.a)
  const b = scaleDown((y - r.zeroPointB) << r.leftShift, r.b)
  return applyRequant((r.sign > 0 ? a + b : a - b) | 0, r.output)
}

/** A factor of at most one half never shifts left. */
function scaleDown(x: number, { multiplier, shift }: QuantizedMultiplier): number {
  return roundingDivideByPot(saturatingRoundingDoublingHighMul(x, multiplier), -shift)
}

/** For int8 softmax: differences to the row's maximum become Q5.26 by a left shift and a multiply. */
export interface SoftmaxRequant {
  readonly multiplier: number
  readonly leftShift: number
  /** Differences below this give zero. */
  readonly minDifference: number
}

/** Source: quantization_util.cc, `PreprocessSoftmaxScaling` and `CalculateInputRadius`, with 5 integer bits. */
export function softmaxRequant(input: TensorType, beta: number): SoftmaxRequant {
  const factor = Math.min(fround(beta) * scaleOf(input) * 2 ** 26, 2 ** 31 - 1)
  const { multiplier, shift } = quantizeMultiplier(factor)
  return { multiplier, leftShift: shift, minDifference: -Math.floor((31 * 2 ** 26) / 2 ** shift) }
}
