import { convRequant } from '../arith/requant.ts'
import type { TensorType } from '../tensor.ts'
import { ARITHMETIC, ONNX_OF_BYTES } from './arithmetic.ts'
import {
  BIAS_TYPE,
  SYMMETRIC_INT16,
  SYMMETRIC_WEIGHTS,
  WEIGHTED_ACTIVATIONS,
  weightScales,
} from './constraints.ts'
import { ACTIVATION, checkBias, convolve, PADS, pads, pair, STRIDE } from './convolution.ts'
import { defineOp, input, nhwc, shapeError } from './define.ts'
import { convolveReal } from './real/convolution.ts'
import { transposedWindow, type Window } from './taps.ts'

export const transposeConv2d = defineOp({
  summary:
    '2-D transposed convolution: each input pixel adds a weighted kernel to the output, `stride` apart.',
  inputs: ['x NHWC', 'w OHWI', 'bias O'],
  required: 2,
  attrs: {
    stride: STRIDE,
    pads: { ...PADS, doc: '[top, left, bottom, right] rows and columns cut off the output' },
    output_size: { kind: 'ints', doc: '[height, width] of the output in pixels' },
    activation: ACTIVATION,
    arithmetic: ARITHMETIC,
  },
  constraints: [
    WEIGHTED_ACTIVATIONS,
    SYMMETRIC_INT16,
    SYMMETRIC_WEIGHTS,
    weightScales(0),
    BIAS_TYPE,
    ONNX_OF_BYTES,
  ],

  inferShape(inputs, attrs) {
    const [n, , , channels] = nhwc(input(inputs, 0), 'x')
    const [outputs, , , weightChannels] = nhwc(input(inputs, 1), 'w')
    if (channels !== weightChannels) {
      shapeError(`x has ${channels} channels, w expects ${weightChannels}`)
    }
    checkBias(inputs, outputs)
    pair(attrs.stride, 'stride')
    pads(attrs.pads)
    return [n, ...pair(attrs.output_size, 'output_size'), outputs]
  },

  prepare({ inputs, output, attrs }, constants) {
    const [x, w] = [input(inputs, 0), input(inputs, 1)]
    const requant = convRequant(x, w, output, attrs.activation, inputs[2], attrs.arithmetic)
    return convolve(inputs, output, windowOf(inputs, attrs), requant, constants)
  },

  real: {
    prepare: ({ inputs, output, attrs }) =>
      convolveReal(inputs, output, windowOf(inputs, attrs), attrs.activation),
  },

  macs: ({ inputs }) => {
    const [n, height, width, channels] = nhwc(input(inputs, 0), 'x')
    const [outputs, kernelHeight, kernelWidth] = nhwc(input(inputs, 1), 'w')
    return n * height * width * channels * outputs * kernelHeight * kernelWidth
  },
})

/** The window that gathers what the input pixels add to each output pixel. */
function windowOf(
  inputs: readonly TensorType[],
  attrs: {
    readonly stride: readonly number[]
    readonly pads: readonly number[]
    readonly output_size: readonly number[]
  },
): Window {
  const [, height, width] = nhwc(input(inputs, 0), 'x')
  const [, kernelHeight, kernelWidth] = nhwc(input(inputs, 1), 'w')
  const [outputHeight, outputWidth] = pair(attrs.output_size, 'output_size')
  const [strideY, strideX] = pair(attrs.stride, 'stride')
  const [padTop, padLeft] = pads(attrs.pads)
  const dilation = 1
  return transposedWindow(
    {
      input: height,
      output: outputHeight,
      kernel: kernelHeight,
      stride: strideY,
      padBefore: padTop,
      dilation,
    },
    {
      input: width,
      output: outputWidth,
      kernel: kernelWidth,
      stride: strideX,
      padBefore: padLeft,
      dilation,
    },
  )
}
