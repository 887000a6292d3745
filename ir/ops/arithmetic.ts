/** The attribute `arithmetic` of ops on quantized tensors: whose results they give. */
import { ARITHMETICS, type Arithmetic } from '../arith/rounding.ts'
import type { TensorType } from '../tensor.ts'
import type { OperandConstraint } from './constraints.ts'
import type { AttrSpec } from './op.ts'

export const ARITHMETIC = {
  kind: 'string',
  default: 'tflite',
  oneOf: ARITHMETICS,
  doc: 'whose rounding of quantized elements: TensorFlow Lite’s or ONNX Runtime’s',
} as const satisfies AttrSpec

/** A constraint on operands and the arithmetic. */
export interface ArithmeticConstraint {
  readonly sentence: string
  readonly holds: (operands: {
    readonly inputs: readonly TensorType[]
    readonly output: TensorType
    readonly attrs: { readonly arithmetic: Arithmetic }
  }) => boolean
}

/** ONNX Runtime's quantized kernels are for 8 bits. */
export const ONNX_OF_BYTES: ArithmeticConstraint = {
  sentence: 'With the arithmetic onnx neither inputs nor output are i16.',
  holds: ({ inputs, output, attrs }) =>
    attrs.arithmetic === 'tflite' || [...inputs, output].every(({ dtype }) => dtype !== 'i16'),
}

/** A constraint that TensorFlow Lite's kernels have, and ONNX Runtime's do not. */
export function ofTflite({ sentence, holds }: OperandConstraint): ArithmeticConstraint {
  return {
    sentence: `With the arithmetic tflite: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`,
    holds: (operands) => operands.attrs.arithmetic === 'onnx' || holds(operands),
  }
}
