import { convRequant } from '../arith/requant.ts'
import { elementCount } from '../tensor.ts'
import { ARITHMETIC, ONNX_OF_BYTES } from './arithmetic.ts'
import {
  BIAS_TYPE,
  MIXED_WIDTHS,
  NO_ACTIVATION_ON_SUMS,
  NO_PADS_OF_BITS,
  SYMMETRIC_INT16,
  SYMMETRIC_WEIGHTS,
  weightScales,
} from './constraints.ts'
import {
  ACTIVATION,
  checkBias,
  convolve,
  DILATION,
  PADS,
  STRIDE,
  windowedSize,
  windowOver,
} from './convolution.ts'
import { defineOp, input, nhwc, shapeError } from './define.ts'
import { convolveReal } from './real/convolution.ts'

export const conv2d = defineOp({
  summary: '2-D convolution; input channels that are a multiple of the weights’ make groups.',
  inputs: ['x NHWC', 'w OHWI', 'bias O'],
  required: 2,
  attrs: {
    stride: STRIDE,
    dilation: DILATION,
    pads: PADS,
    activation: ACTIVATION,
    arithmetic: ARITHMETIC,
  },
  constraints: [
    MIXED_WIDTHS,
    SYMMETRIC_INT16,
    SYMMETRIC_WEIGHTS,
    weightScales(0),
    BIAS_TYPE,
    NO_ACTIVATION_ON_SUMS,
    NO_PADS_OF_BITS,
    ONNX_OF_BYTES,
  ],

  inferShape(inputs, attrs) {
    const [n, height, width, channels] = nhwc(input(inputs, 0), 'x')
    const [outputs, kernelHeight, kernelWidth, groupChannels] = nhwc(input(inputs, 1), 'w')
    if (channels % groupChannels !== 0 || outputs % (channels / groupChannels) !== 0) {
      shapeError(
        `x has ${channels} channels, w expects ${groupChannels} and gives ${outputs}`,
        'the input channels are a multiple g of those of w, and the output channels a multiple of g',
      )
    }
    checkBias(inputs, outputs)
    return [n, ...windowedSize(height, width, kernelHeight, kernelWidth, attrs), outputs]
  },

  prepare({ inputs, output, attrs }, constants) {
    const [, kernelHeight, kernelWidth] = nhwc(input(inputs, 1), 'w')
    const window = windowOver(input(inputs, 0), output, kernelHeight, kernelWidth, attrs)
    const [x, w] = [input(inputs, 0), input(inputs, 1)]
    const requant = convRequant(x, w, output, attrs.activation, inputs[2], attrs.arithmetic)
    return convolve(inputs, output, window, requant, constants)
  },

  real: {
    prepare: ({ inputs, output, attrs }) => {
      const [, kernelHeight, kernelWidth] = nhwc(input(inputs, 1), 'w')
      const window = windowOver(input(inputs, 0), output, kernelHeight, kernelWidth, attrs)
      return convolveReal(inputs, output, window, attrs.activation)
    },
  },

  macs: ({ inputs, output }) => {
    const [, kernelHeight, kernelWidth, groupChannels] = nhwc(input(inputs, 1), 'w')
    return elementCount(output.shape) * kernelHeight * kernelWidth * groupChannels
  },
})
