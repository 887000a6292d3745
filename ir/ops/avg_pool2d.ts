import { floatMeanRequant, quantizeMean } from '../arith/onnx.ts'
import { divideRoundHalfAway } from '../arith/rounding.ts'
import { activationBounds, activationRange } from '../arith/saturate.ts'
import type { TensorType } from '../tensor.ts'
import { ARITHMETIC, ONNX_OF_BYTES, ofTflite } from './arithmetic.ts'
import { QUANTIZED_ACTIVATIONS, SAME_ELEMENT_TYPE, SAME_QUANTIZATION } from './constraints.ts'
import { defineOp, input } from './define.ts'
import { NO_EMPTY_WINDOW, POOL_ATTRS, poolOver, poolShape, type Reduce } from './pooling.ts'

const meanOfIntegers: Reduce = (x, { offsets, count }, channel) => {
  let sum = 0
  for (let tap = 0; tap < count; tap++) sum += x[(offsets[tap] as number) + channel] as number
  return divideRoundHalfAway(sum, count)
}

export const avgPool2d = defineOp({
  summary:
    'Mean of each window. With the arithmetic tflite rounded with halves away from zero, with onnx rescaled to the output.',
  inputs: ['x NHWC'],
  attrs: {
    ...POOL_ATTRS,
    include_pad: {
      kind: 'bool',
      default: false,
      doc: 'padding counts as zeros: a sum is divided by the kernel’s size, whatever lies inside',
    },
    arithmetic: ARITHMETIC,
  },
  constraints: [
    SAME_ELEMENT_TYPE,
    QUANTIZED_ACTIVATIONS,
    ONNX_OF_BYTES,
    ofTflite(SAME_QUANTIZATION),
    {
      sentence: 'With the arithmetic tflite: padding does not count.',
      holds: ({ attrs: { arithmetic, include_pad } }) => arithmetic === 'onnx' || !include_pad,
    },
    NO_EMPTY_WINDOW,
  ],
  inferShape: poolShape,

  prepare({ inputs, output, attrs }) {
    const { activation, arithmetic } = attrs
    const reduce = arithmetic === 'onnx' ? meanInFloat(input(inputs, 0), output, attrs) : meanOfIntegers
    return poolOver(inputs, output, attrs, activationRange(activation, output, arithmetic), reduce)
  },

  real: {
    constraints: [NO_EMPTY_WINDOW],
    prepare: ({ inputs, output, attrs }) =>
      poolOver(inputs, output, attrs, activationBounds(attrs.activation), meanOfReals(sizeOf(attrs))),
  },
})

function meanOfReals(size: number | undefined): Reduce {
  return (x, { offsets, count }, channel) => {
    let sum = 0
    for (let tap = 0; tap < count; tap++) {
      sum = Math.fround(sum + (x[(offsets[tap] as number) + channel] as number))
    }
    return Math.fround(sum / (size ?? count))
  }
}

interface PadAttrs {
  readonly kernel: readonly number[]
  readonly include_pad: boolean
}

/** What every sum is divided by, unless that depends on the window. */
function sizeOf({ kernel: [height = 1, width = 1], include_pad }: PadAttrs): number | undefined {
  return include_pad ? height * width : undefined
}

/** The reals of a window, in the order of its rows, added in float32. */
function meanInFloat(input: TensorType, output: TensorType, attrs: PadAttrs): Reduce {
  const requant = floatMeanRequant(input, output)
  const { reals } = requant
  const size = sizeOf(attrs)
  return (x, { offsets, count }, channel) => {
    let sum = 0
    for (let tap = 0; tap < count; tap++) {
      const q = x[(offsets[tap] as number) + channel] as number
      sum = Math.fround(sum + (reals[q + 128] as number))
    }
    return quantizeMean(sum, size ?? count, requant)
  }
}
