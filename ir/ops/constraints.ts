/** Constraints that several ops share. Each is a sentence for the user and the predicate that it states. */
import type { DType } from '../dtype.ts'
import type { TensorType } from '../tensor.ts'

/** Independent of attributes, so it fits every op. */
export interface OperandConstraint {
  readonly sentence: string
  readonly holds: (operands: {
    readonly inputs: readonly TensorType[]
    readonly output: TensorType
  }) => boolean
}

/** Element types of activations that the quantized kernels compute on. */
const QUANTIZED: readonly DType[] = ['i8', 'i16']

/** Element types below 8 bits. */
const LOW_BIT: readonly DType[] = ['i4', 'u4', 'i2', 'u2', 'b1']

export const SAME_ELEMENT_TYPE: OperandConstraint = {
  sentence: 'Inputs and output have the same element type.',
  holds: ({ inputs, output }) => inputs.every((x) => x.dtype === output.dtype),
}

/** For ops of activations only. */
export const QUANTIZED_ACTIVATIONS: OperandConstraint = {
  sentence: 'Inputs and output are i8 or i16 and quantized as whole tensors.',
  holds: ({ inputs, output }) => [...inputs, output].every(isQuantizedActivation),
}

/** For ops of real numbers only. */
export const REALS: OperandConstraint = {
  sentence: 'Inputs and output are f32.',
  holds: ({ inputs, output }) => [...inputs, output].every(({ dtype }) => dtype === 'f32'),
}

/** For ops that only compare elements. */
export const ORDERED_ACTIVATIONS: OperandConstraint = {
  sentence: 'Inputs and output are i8, i16, i4, u4, i2, u2 or b1 and quantized as whole tensors.',
  holds: ({ inputs, output }) => [...inputs, output].every(isActivation),
}

export const SYMMETRIC_INT16: OperandConstraint = {
  sentence: 'i16 inputs and outputs have zero point 0.',
  holds: ({ inputs, output }) =>
    [...inputs, output].every((type) => type.dtype !== 'i16' || (type.quant?.zeroPoint[0] ?? 0) === 0),
}

/** TensorFlow Lite's tolerance for the scales. */
export const SAME_QUANTIZATION: OperandConstraint = {
  sentence: 'Inputs and output have the same scale (within 1e-6) and the same zero point.',
  holds: ({ inputs, output }) =>
    inputs.every(
      ({ quant }) =>
        Math.abs((quant?.scale[0] ?? 1) - (output.quant?.scale[0] ?? 1)) <= 1e-6 &&
        (quant?.zeroPoint[0] ?? 0) === (output.quant?.zeroPoint[0] ?? 0),
    ),
}

/** For ops with weights: operands x, w and perhaps a bias. */
export const WEIGHTED_ACTIVATIONS: OperandConstraint = {
  sentence: 'Input and output are both i8 or both i16 and quantized as whole tensors.',
  holds: ({ inputs: [x], output }) =>
    x !== undefined && isQuantizedActivation(x) && isQuantizedActivation(output) && x.dtype === output.dtype,
}

/** For ops with weights that run in any width. */
export const MIXED_WIDTHS: OperandConstraint = {
  sentence:
    'Input and output are quantized as whole tensors: both i16, or each i8, i4, u4, i2, u2, the input also b1; or the output is i32, the sums without scaling, of an input of at most 8 bits.',
  holds: ({ inputs: [x], output }) => {
    if (x === undefined || !isActivation(x)) return false
    if (output.dtype === 'i32') return x.dtype !== 'i16'
    return isActivation(output) && output.dtype !== 'b1' && (x.dtype === 'i16') === (output.dtype === 'i16')
  },
}

/** Sums are not limited. */
export const NO_ACTIVATION_ON_SUMS = {
  sentence: 'An i32 output has no fused activation.',
  holds: ({
    output,
    attrs,
  }: {
    readonly output: TensorType
    readonly attrs: { readonly activation: string }
  }) => output.dtype !== 'i32' || attrs.activation === 'none',
}

/** Padding is real zero, which is neither -1 nor +1. */
export const NO_PADS_OF_BITS = {
  sentence: 'A b1 input is not padded.',
  holds: ({
    inputs: [x],
    attrs,
  }: {
    readonly inputs: readonly TensorType[]
    readonly attrs: { readonly pads: readonly number[] }
  }) => x?.dtype !== 'b1' || attrs.pads.every((pad) => pad === 0),
}

export const SYMMETRIC_WEIGHTS: OperandConstraint = {
  sentence: 'Weights are i8, i4, i2 or b1 and quantized with zero points 0.',
  holds: ({ inputs: [, w] }) => isQuantizedWeight(w) && w.quant?.zeroPoint.every((z) => z === 0) === true,
}

/** One scale for all weights, or one for each index along the axis of the output channels. */
export function weightScales(outputChannelAxis: number): OperandConstraint {
  return {
    sentence: `Weights have one scale, or one for each output channel (axis ${outputChannelAxis}).`,
    holds: ({ inputs: [, w] }) =>
      w?.quant !== undefined && (w.quant.scale.length === 1 || w.quant.axis === outputChannelAxis),
  }
}

export const BIAS_TYPE: OperandConstraint = {
  sentence: 'The bias is i32, or i64 where the input is i16.',
  holds: ({ inputs: [x, , b] }) =>
    b === undefined || b.dtype === 'i32' || (b.dtype === 'i64' && x?.dtype === 'i16'),
}

export function isQuantizedActivation(type: TensorType): boolean {
  return QUANTIZED.includes(type.dtype) && type.quant?.scale.length === 1
}

function isLowBit(dtype: DType): boolean {
  return LOW_BIT.includes(dtype)
}

/** Quantized as a whole tensor, of 8 or 16 bits or fewer. */
export function isActivation(type: TensorType): boolean {
  return isQuantizedActivation(type) || (isLowBit(type.dtype) && type.quant?.scale.length === 1)
}

export function isQuantizedWeight(type: TensorType | undefined): type is TensorType {
  return type !== undefined && ['i8', 'i4', 'i2', 'b1'].includes(type.dtype) && type.quant !== undefined
}
