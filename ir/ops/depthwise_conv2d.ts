import { convRequant } from '../arith/requant.ts'
import { must } from '../diagnostic.ts'
import { allocate, type TensorData } from '../dtype.ts'
import { elementCount } from '../tensor.ts'
import { type Accumulators, accumulators, fromConstants, storeRequantized, weightData } from './accumulate.ts'
import {
  BIAS_TYPE,
  SYMMETRIC_INT16,
  SYMMETRIC_WEIGHTS,
  WEIGHTED_ACTIVATIONS,
  weightScales,
} from './constraints.ts'
import { ACTIVATION, checkBias, DILATION, PADS, STRIDE, windowedSize, windowOver } from './convolution.ts'
import { defineOp, input, nhwc, shapeError } from './define.ts'

export const depthwiseConv2d = defineOp({
  summary:
    '2-D convolution of each channel by itself; output channel c * m + j is the j-th of input channel c.',
  inputs: ['x NHWC', 'w 1HWO', 'bias O'],
  required: 2,
  attrs: { stride: STRIDE, dilation: DILATION, pads: PADS, activation: ACTIVATION },
  constraints: [
    WEIGHTED_ACTIVATIONS,
    SYMMETRIC_INT16,
    SYMMETRIC_WEIGHTS,
    weightScales(3),
    BIAS_TYPE,
    {
      sentence: 'With an i16 input the bias is i64.',
      holds: ({ inputs: [x, , b] }) => x?.dtype !== 'i16' || b === undefined || b.dtype === 'i64',
    },
  ],

  inferShape(inputs, attrs) {
    const [n, height, width, channels] = nhwc(input(inputs, 0), 'x')
    const [one, kernelHeight, kernelWidth, outputs] = nhwc(input(inputs, 1), 'w')
    if (one !== 1) shapeError(`w has first dimension ${one}, expected 1`)
    if (outputs % channels !== 0) {
      shapeError(`w has ${outputs} channels, expected a multiple of the ${channels} of x`)
    }
    checkBias(inputs, outputs)
    return [n, ...windowedSize(height, width, kernelHeight, kernelWidth, attrs), outputs]
  },

  prepare({ inputs, output, attrs }, constants) {
    const xType = input(inputs, 0)
    const [batch, height, width, channels] = nhwc(xType, 'x')
    const [, kernelHeight, kernelWidth, outputs] = nhwc(input(inputs, 1), 'w')
    const window = windowOver(xType, output, kernelHeight, kernelWidth, attrs)
    const { outputHeight, outputWidth, rows, columns } = window
    const requant = convRequant(xType, input(inputs, 1), output, attrs.activation, inputs[2])
    const zeroPoint = requant.inputZeroPoint
    const sums = accumulators(requant, outputs)
    const biasOf = fromConstants(constants, [2], (operands) => {
      const start = accumulators(requant, outputs)
      const bias = operands[2]
      if (bias) for (let o = 0; o < outputs; o++) start[o] = Number(bias[o])
      return start
    })

    return (operands) => {
      const x = must(operands[0], 'x')
      const weights = weightData(operands[1])
      const bias = biasOf(operands)
      const y = allocate(output.dtype, elementCount(output.shape))
      let offset = 0
      for (let n = 0; n < batch; n++) {
        for (let row = 0; row < outputHeight; row++) {
          for (let column = 0; column < outputWidth; column++) {
            sums.set(bias)
            for (let ky = 0; ky < kernelHeight; ky++) {
              const inputRow = rows[row * kernelHeight + ky] as number
              if (inputRow < 0) continue
              for (let kx = 0; kx < kernelWidth; kx++) {
                const inputColumn = columns[column * kernelWidth + kx] as number
                if (inputColumn < 0) continue
                const pixel = ((n * height + inputRow) * width + inputColumn) * channels
                addTap(x, pixel, channels, zeroPoint, weights, (ky * kernelWidth + kx) * outputs, sums)
              }
            }
            storeRequantized(sums, 1, requant, y, offset)
            offset += outputs
          }
        }
      }
      return y
    }
  },

  macs: ({ inputs, output }) => {
    const [, kernelHeight, kernelWidth] = nhwc(input(inputs, 1), 'w')
    return elementCount(output.shape) * kernelHeight * kernelWidth
  },
})

/** Adds one tap of one pixel, for all channels, to the sums of the output channels. */
function addTap(
  x: TensorData,
  pixel: number,
  channels: number,
  zeroPoint: number,
  weights: Int8Array,
  tap: number,
  sums: Accumulators,
): void {
  const multiplier = sums.length / channels
  if (multiplier === 1) {
    for (let c = 0; c < channels; c++) {
      const value = (x[pixel + c] as number) - zeroPoint
      sums[c] = (sums[c] as number) + Math.imul(value, weights[tap + c] as number)
    }
    return
  }
  let o = 0
  for (let c = 0; c < channels; c++) {
    const value = (x[pixel + c] as number) - zeroPoint
    for (let j = 0; j < multiplier; j++, o++) {
      sums[o] = (sums[o] as number) + Math.imul(value, weights[tap + o] as number)
    }
  }
}
