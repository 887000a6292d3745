import { convRequant } from '../arith/requant.ts'
import { must } from '../diagnostic.ts'
import { allocate, type TensorData } from '../dtype.ts'
import { elementCount } from '../tensor.ts'
import {
  type Accumulators,
  accumulators,
  fromConstants,
  SAFE_DEPTH,
  storeRequantized,
  weightData,
} from './accumulate.ts'
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
import { ACTIVATION, checkBias, DILATION, PADS, STRIDE, windowedSize, windowOver } from './convolution.ts'
import { defineOp, input, nhwc, shapeError } from './define.ts'
import { depthwiseReal } from './real/convolution.ts'

export const depthwiseConv2d = defineOp({
  summary:
    '2-D convolution of each channel by itself; output channel c * m + j is the j-th of input channel c.',
  inputs: ['x NHWC', 'w 1HWO', 'bias O'],
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
    weightScales(3),
    BIAS_TYPE,
    NO_ACTIVATION_ON_SUMS,
    NO_PADS_OF_BITS,
    ONNX_OF_BYTES,
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
    const { activation, arithmetic } = attrs
    const requant = convRequant(xType, input(inputs, 1), output, activation, inputs[2], arithmetic)
    const zeroPoint = requant.inputZeroPoint
    const sums = accumulators(requant, outputs)
    const biasOf = fromConstants(constants, [2], (operands) => {
      const start = accumulators(requant, outputs)
      const bias = operands[2]
      if (bias) for (let o = 0; o < outputs; o++) start[o] = Number(bias[o])
      return start
    })

    const taps: Taps = {
      pixels: new Int32Array(kernelHeight * kernelWidth),
      weights: new Int32Array(kernelHeight * kernelWidth),
      count: 0,
    }

    return (operands) => {
      const x = must(operands[0], 'x')
      const weights = weightData(operands[1])
      const bias = biasOf(operands)
      const y = allocate(output.dtype, elementCount(output.shape))
      let offset = 0
      for (let n = 0; n < batch; n++) {
        for (let row = 0; row < outputHeight; row++) {
          for (let column = 0; column < outputWidth; column++) {
            taps.count = 0
            for (let ky = 0; ky < kernelHeight; ky++) {
              for (let kx = 0; kx < kernelWidth; kx++) {
                const inputRow = rows[row * kernelHeight + ky] as number
                const inputColumn = columns[column * kernelWidth + kx] as number
                // Padding is real zero and adds nothing.
                if (inputRow < 0 || inputColumn < 0) continue
                taps.pixels[taps.count] = ((n * height + inputRow) * width + inputColumn) * channels
                taps.weights[taps.count++] = (ky * kernelWidth + kx) * outputs
              }
            }
            sums.set(bias)
            for (let tap = 0; tap < taps.count; tap += SAFE_DEPTH) {
              addTaps(
                x,
                weights,
                taps,
                tap,
                Math.min(taps.count, tap + SAFE_DEPTH),
                zeroPoint,
                channels,
                sums,
              )
            }
            storeRequantized(sums, 1, requant, y, offset)
            offset += outputs
          }
        }
      }
      return y
    }
  },

  real: {
    prepare: ({ inputs, output, attrs }) => {
      const [, kernelHeight, kernelWidth] = nhwc(input(inputs, 1), 'w')
      const window = windowOver(input(inputs, 0), output, kernelHeight, kernelWidth, attrs)
      return depthwiseReal(inputs, output, window, attrs.activation)
    },
  },

  macs: ({ inputs, output }) => {
    const [, kernelHeight, kernelWidth] = nhwc(input(inputs, 1), 'w')
    return elementCount(output.shape) * kernelHeight * kernelWidth
  },
})

/** The taps of one output pixel that lie inside the image: where their pixels and their weights start. */
interface Taps {
  readonly pixels: Int32Array
  readonly weights: Int32Array
  count: number
}

/** Adds taps [from, to) to the sums of all output channels, four at a time where channels stay channels. */
function addTaps(
  x: TensorData,
  weights: Int8Array,
  taps: Taps,
  from: number,
  to: number,
  zeroPoint: number,
  channels: number,
  sums: Accumulators,
): void {
  const multiplier = sums.length / channels
  let o = 0
  if (multiplier === 1) {
    for (; o + 4 <= channels; o += 4) {
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      for (let tap = from; tap < to; tap++) {
        const p = (taps.pixels[tap] as number) + o
        const w = (taps.weights[tap] as number) + o
        s0 = (s0 + Math.imul((x[p] as number) - zeroPoint, weights[w] as number)) | 0
        s1 = (s1 + Math.imul((x[p + 1] as number) - zeroPoint, weights[w + 1] as number)) | 0
        s2 = (s2 + Math.imul((x[p + 2] as number) - zeroPoint, weights[w + 2] as number)) | 0
        s3 = (s3 + Math.imul((x[p + 3] as number) - zeroPoint, weights[w + 3] as number)) | 0
      }
      sums[o] = (sums[o] as number) + s0
      sums[o + 1] = (sums[o + 1] as number) + s1
      sums[o + 2] = (sums[o + 2] as number) + s2
      sums[o + 3] = (sums[o + 3] as number) + s3
    }
  }
  for (; o < sums.length; o++) {
    const c = Math.floor(o / multiplier)
    let s0 = 0
    for (let tap = from; tap < to; tap++) {
      const value = (x[(taps.pixels[tap] as number) + c] as number) - zeroPoint
      s0 = (s0 + Math.imul(value, weights[(taps.weights[tap] as number) + o] as number)) | 0
    }
    sums[o] = (sums[o] as number) + s0
  }
}
