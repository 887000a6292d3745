/** Saturation, and the integer range that a fused activation leaves of an output type. */
import { must } from '../diagnostic.ts'
import { DTYPE_RANGE, type DType } from '../dtype.ts'
import type { TensorType } from '../tensor.ts'
import { roundHalfAway, roundHalfEven } from './multiplier.ts'
import type { Arithmetic } from './rounding.ts'

export const ACTIVATIONS = ['none', 'relu', 'relu6', 'relu_n1_to_1'] as const
export type Activation = (typeof ACTIVATIONS)[number]

export function clamp(x: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, x))
}

/** x limited to the values of an integer type. */
export function saturate(x: number, dtype: DType): number {
  const [min, max] = integerRange(dtype)
  return clamp(x, min, max)
}

export function integerRange(dtype: DType): readonly [min: number, max: number] {
  return must(DTYPE_RANGE[dtype], `the range of ${dtype}`)
}

/** Bounds of a fused activation in real values. */
export function activationBounds(activation: Activation): readonly [min: number, max: number] {
  switch (activation) {
    case 'none':
      return [-Infinity, Infinity]
    case 'relu':
      return [0, Infinity]
    case 'relu6':
      return [0, 6]
    case 'relu_n1_to_1':
      return [-1, 1]
  }
}

/**
 * Smallest and largest quantized output under a fused activation. The bound is divided by the scale in float32 and
 * rounded, halves away from zero (tensorflow/lite/kernels/kernel_util.cc, `CalculateActivationRangeQuantized`), or as
 * QuantizeLinear rounds, to even.
 */
export function activationRange(
  activation: Activation,
  output: TensorType,
  arithmetic: Arithmetic = 'tflite',
): readonly [min: number, max: number] {
  const [typeMin, typeMax] = integerRange(output.dtype)
  const [realMin, realMax] = activationBounds(activation)
  const min = realMin === -Infinity ? typeMin : Math.max(typeMin, quantizeBound(realMin, output, arithmetic))
  const max = realMax === Infinity ? typeMax : Math.min(typeMax, quantizeBound(realMax, output, arithmetic))
  return [min, max]
}

function quantizeBound(real: number, output: TensorType, arithmetic: Arithmetic): number {
  const scale = must(output.quant?.scale[0], 'output scale')
  const zeroPoint = must(output.quant?.zeroPoint[0], 'output zero point')
  const round = arithmetic === 'onnx' ? roundHalfEven : roundHalfAway
  return zeroPoint + round(Math.fround(real / scale))
}
