/** What the convolutions share: attributes of their windows, and the run of one as a product of patches and weights. */

import type { ChannelRequant } from '../arith/requant.ts'
import { ACTIVATIONS } from '../arith/saturate.ts'
import { must } from '../diagnostic.ts'
import { allocate, type TensorData } from '../dtype.ts'
import { elementCount, type TensorType } from '../tensor.ts'
import {
  accumulators,
  fromConstants,
  multiplyAccumulate,
  startSums,
  storeRequantized,
  weightData,
} from './accumulate.ts'
import { input, nhwc, shapeError } from './define.ts'
import type { AttrSpec, Kernel } from './op.ts'
import { gatherPatches, slidingWindow, type Window, windowOutputs } from './taps.ts'

export const ACTIVATION = {
  kind: 'string',
  default: 'none',
  oneOf: ACTIVATIONS,
  doc: 'function fused into the output: its range is clamped',
} as const satisfies AttrSpec

export const STRIDE = {
  kind: 'ints',
  doc: '[vertical, horizontal] step in pixels',
} as const satisfies AttrSpec

export const DILATION = {
  kind: 'ints',
  default: [1, 1],
  doc: '[vertical, horizontal] distance of taps in pixels',
} as const satisfies AttrSpec

export const PADS = {
  kind: 'ints',
  default: [0, 0, 0, 0],
  doc: '[top, left, bottom, right] rows and columns of zeros around the image',
} as const satisfies AttrSpec

/** Numbers of a pair attribute, vertical first. */
export function pair(
  values: readonly number[],
  name: string,
): readonly [vertical: number, horizontal: number] {
  const [vertical, horizontal] = values
  if (values.length !== 2 || !isPositive(vertical) || !isPositive(horizontal)) {
    shapeError(`attribute ${name} is [${values}], expected two positive integers: [vertical, horizontal]`)
  }
  return [vertical, horizontal]
}

function isPositive(n: number | undefined): n is number {
  return n !== undefined && Number.isInteger(n) && n > 0
}

export function pads(
  values: readonly number[],
): readonly [top: number, left: number, bottom: number, right: number] {
  if (values.length !== 4 || !values.every((n) => n >= 0)) {
    shapeError(`attribute pads is [${values}], expected four integers >= 0: [top, left, bottom, right]`)
  }
  const [top = 0, left = 0, bottom = 0, right = 0] = values
  return [top, left, bottom, right]
}

export interface WindowAttrs {
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly pads: readonly number[]
}

/** Height and width that a window leaves of an image. */
export function windowedSize(
  height: number,
  width: number,
  kernelHeight: number,
  kernelWidth: number,
  attrs: WindowAttrs,
): readonly [height: number, width: number] {
  const [strideY, strideX] = pair(attrs.stride, 'stride')
  const [dilationY, dilationX] = pair(attrs.dilation, 'dilation')
  const [top, left, bottom, right] = pads(attrs.pads)
  return [
    windowOutputs(height, kernelHeight, strideY, top, bottom, dilationY),
    windowOutputs(width, kernelWidth, strideX, left, right, dilationX),
  ]
}

/** The window of an op over NHWC images of these shapes. */
export function windowOver(
  inputType: TensorType,
  output: TensorType,
  kernelHeight: number,
  kernelWidth: number,
  attrs: WindowAttrs,
): Window {
  const [, height, width] = nhwc(inputType, 'x')
  const [, outputHeight, outputWidth] = nhwc(output, 'output')
  const [strideY, strideX] = pair(attrs.stride, 'stride')
  const [dilationY, dilationX] = pair(attrs.dilation, 'dilation')
  const [padTop, padLeft] = pads(attrs.pads)
  return slidingWindow(
    {
      input: height,
      output: outputHeight,
      kernel: kernelHeight,
      stride: strideY,
      padBefore: padTop,
      dilation: dilationY,
    },
    {
      input: width,
      output: outputWidth,
      kernel: kernelWidth,
      stride: strideX,
      padBefore: padLeft,
      dilation: dilationX,
    },
  )
}

/** The bias must have one element for each output channel. */
export function checkBias(inputs: readonly TensorType[], channels: number): void {
  const bias = inputs[2]
  if (bias !== undefined && elementCount(bias.shape) !== channels) {
    shapeError(
      `the bias has ${elementCount(bias.shape)} elements, expected ${channels}, one for each output channel`,
    )
  }
}

/**
 * Runs a convolution with OHWI weights. Groups follow from the shapes: the input's channels over the weights'.
 * Operands: x [N, H, W, C], w [O, KH, KW, C / groups], and perhaps a bias [O].
 */
export function convolve(
  inputs: readonly TensorType[],
  output: TensorType,
  window: Window,
  requant: ChannelRequant,
  constants: readonly (TensorData | undefined)[],
): Kernel {
  const [batch, height, width, channels] = nhwc(input(inputs, 0), 'x')
  const [outputChannels, , , groupChannels] = nhwc(input(inputs, 1), 'w')
  const groups = channels / groupChannels
  const groupOutputs = outputChannels / groups
  const { outputHeight, outputWidth, kernelHeight, kernelWidth } = window
  const depth = kernelHeight * kernelWidth * groupChannels
  const zeroPoint = requant.inputZeroPoint
  const startOf = fromConstants(constants, [1, 2], (operands) =>
    startSums(weightData(operands[1]), depth, zeroPoint, operands[2], requant),
  )
  const patches = new Int16Array(outputWidth * depth)
  const sums = accumulators(requant, outputWidth * outputChannels)

  return (operands) => {
    const x = must(operands[0], 'x')
    const weights = weightData(operands[1])
    const start = startOf(operands)
    const y = allocate(output.dtype, elementCount(output.shape))
    for (let n = 0; n < batch; n++) {
      const base = n * height * width * channels
      for (let row = 0; row < outputHeight; row++) {
        for (let pixel = 0; pixel < outputWidth; pixel++) sums.set(start, pixel * outputChannels)
        for (let g = 0; g < groups; g++) {
          const image = { base, width, channels, from: g * groupChannels, count: groupChannels }
          // Outside the image lies real zero, which the sums' start expects.
          gatherPatches(x, image, window, row, zeroPoint, patches)
          const from = g * groupOutputs
          const product = {
            rows: outputWidth,
            depth,
            channels: outputChannels,
            from,
            to: from + groupOutputs,
          }
          multiplyAccumulate(patches, weights, product, sums)
        }
        const offset = (n * outputHeight + row) * outputWidth * outputChannels
        storeRequantized(sums, outputWidth, requant, y, offset)
      }
    }
    return y
  }
}
