/**
 * Convolutions and matrix products of float32 numbers. A sum starts at +0 and takes its products in the order of the
 * kernel's rows, columns and input channels, each product and each sum rounded to float32; taps outside the image are
 * left out; the bias comes last. So a vector of output channels gives the same bits as one after another.
 */
import { type Activation, activationBounds, clamp } from '../../arith/saturate.ts'
import { must } from '../../diagnostic.ts'
import type { TensorData } from '../../dtype.ts'
import { elementCount, type TensorType } from '../../tensor.ts'
import { input, nhwc } from '../define.ts'
import type { Kernel } from '../op.ts'
import type { Window } from '../taps.ts'

const { fround } = Math

/** Where one layer's weights lie: elements from output channel to output channel, tap to tap, input channel to input channel. */
interface WeightStrides {
  readonly output: number
  readonly tap: number
  readonly input: number
}

/** x [N, H, W, C], w [O, KH, KW, C / groups], perhaps a bias [O]. */
export function convolveReal(
  inputs: readonly TensorType[],
  output: TensorType,
  window: Window,
  activation: Activation,
): Kernel {
  const [, , , channels] = nhwc(input(inputs, 0), 'x')
  const [outputs, kernelHeight, kernelWidth, groupChannels] = nhwc(input(inputs, 1), 'w')
  const strides = { output: kernelHeight * kernelWidth * groupChannels, tap: groupChannels, input: 1 }
  const groupOutputs = outputs / (channels / groupChannels)
  return slide(inputs, output, window, activation, strides, groupChannels, (o) => ({
    from: Math.floor(o / groupOutputs) * groupChannels,
  }))
}

/** x [N, H, W, C], w [1, KH, KW, O], perhaps a bias [O]. */
export function depthwiseReal(
  inputs: readonly TensorType[],
  output: TensorType,
  window: Window,
  activation: Activation,
): Kernel {
  const [, , , channels] = nhwc(input(inputs, 0), 'x')
  const [, , , outputs] = nhwc(input(inputs, 1), 'w')
  const strides = { output: 1, tap: outputs, input: 0 }
  const multiplier = outputs / channels
  return slide(inputs, output, window, activation, strides, 1, (o) => ({ from: Math.floor(o / multiplier) }))
}

function slide(
  inputs: readonly TensorType[],
  output: TensorType,
  window: Window,
  activation: Activation,
  strides: WeightStrides,
  depth: number,
  channelsOf: (output: number) => { readonly from: number },
): Kernel {
  const [batch, height, width, channels] = nhwc(input(inputs, 0), 'x')
  const outputs = must(output.shape[3], 'output channels')
  const [min, max] = activationBounds(activation)
  const firstChannels = Int32Array.from({ length: outputs }, (_, o) => channelsOf(o).from)
  const taps = {
    pixels: new Int32Array(window.kernelHeight * window.kernelWidth),
    weights: new Int32Array(window.kernelHeight * window.kernelWidth),
  }

  return (operands) => {
    const x = reals(operands[0])
    const w = reals(operands[1])
    const bias = operands[2] && reals(operands[2])
    const y = new Float32Array(elementCount(output.shape))
    let at = 0
    for (let n = 0; n < batch; n++) {
      for (let row = 0; row < window.outputHeight; row++) {
        for (let column = 0; column < window.outputWidth; column++) {
          let count = 0
          for (let ky = 0; ky < window.kernelHeight; ky++) {
            const inputRow = window.rows[row * window.kernelHeight + ky] as number
            for (let kx = 0; kx < window.kernelWidth; kx++) {
              const inputColumn = window.columns[column * window.kernelWidth + kx] as number
              if (inputRow < 0 || inputColumn < 0) continue
              taps.pixels[count] = ((n * height + inputRow) * width + inputColumn) * channels
              taps.weights[count++] = (ky * window.kernelWidth + kx) * strides.tap
            }
          }
          for (let o = 0; o < outputs; o++) {
            const from = firstChannels[o] as number
            let sum = 0
            for (let tap = 0; tap < count; tap++) {
              const pixel = (taps.pixels[tap] as number) + from
              const weight = (taps.weights[tap] as number) + o * strides.output
              for (let c = 0; c < depth; c++) {
                sum = fround(
                  sum + fround((x[pixel + c] as number) * (w[weight + c * strides.input] as number)),
                )
              }
            }
            if (bias) sum = fround(sum + (bias[o] as number))
            y[at++] = clamp(sum, min, max)
          }
        }
      }
    }
    return y
  }
}

/** Rows of x times w [O, I], perhaps a bias [O]. */
export function multiplyReal(
  inputs: readonly TensorType[],
  output: TensorType,
  activation: Activation,
): Kernel {
  const [outputs = 0, depth = 0] = input(inputs, 1).shape
  const [min, max] = activationBounds(activation)
  return (operands) => {
    const x = reals(operands[0])
    const w = reals(operands[1])
    const bias = operands[2] && reals(operands[2])
    const y = new Float32Array(elementCount(output.shape))
    for (let at = 0; at < y.length; at++) {
      const o = at % outputs
      const row = ((at - o) / outputs) * depth
      let sum = 0
      for (let k = 0; k < depth; k++) {
        sum = fround(sum + fround((x[row + k] as number) * (w[o * depth + k] as number)))
      }
      if (bias) sum = fround(sum + (bias[o] as number))
      y[at] = clamp(sum, min, max)
    }
    return y
  }
}

function reals(data: TensorData | undefined): Float32Array {
  return must(data, 'an operand') as Float32Array
}
