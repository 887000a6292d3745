/** What the pools share: attributes, shapes, and the walk over windows. */
import { must } from '../diagnostic.ts'
import { allocate, type TensorData } from '../dtype.ts'
import { elementCount, type TensorType } from '../tensor.ts'
import { ACTIVATION, PADS, pair, STRIDE, windowedSize, windowOver } from './convolution.ts'
import { input, nhwc } from './define.ts'
import type { AttrSpec, Kernel } from './op.ts'

const NO_DILATION = [1, 1] as const

const KERNEL = { kind: 'ints', doc: '[vertical, horizontal] size in pixels' } as const satisfies AttrSpec

/** The valid taps of one window: `count` offsets of pixels, each the index of its first channel. */
interface Taps {
  readonly offsets: Int32Array
  count: number
}

type Range = readonly [min: number, max: number]

/** Reduces one channel of a window: element `channel` of each tap. */
export type Reduce = (x: TensorData, taps: Taps, channel: number) => number

export interface PoolAttrs {
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly pads: readonly number[]
}

export const NO_EMPTY_WINDOW = {
  sentence: 'Padding is smaller than the kernel, so that no window is empty.',
  holds: ({ attrs: { kernel, pads } }: { readonly attrs: PoolAttrs }) =>
    pads.every((pad, side) => pad < (kernel[side % 2] ?? 0)),
}

export const POOL_ATTRS = { kernel: KERNEL, stride: STRIDE, pads: PADS, activation: ACTIVATION } as const

export function poolShape(inputs: readonly TensorType[], attrs: PoolAttrs): readonly number[] {
  const [n, height, width, channels] = nhwc(input(inputs, 0), 'x')
  const [kernelHeight, kernelWidth] = pair(attrs.kernel, 'kernel')
  const sizes = { stride: attrs.stride, pads: attrs.pads, dilation: NO_DILATION }
  return [n, ...windowedSize(height, width, kernelHeight, kernelWidth, sizes), channels]
}

/** Reduces each window; padding is not part of one. */
export function poolOver(
  inputs: readonly TensorType[],
  output: TensorType,
  attrs: PoolAttrs,
  [min, max]: Range,
  reduce: Reduce,
): Kernel {
  const xType = input(inputs, 0)
  const [batch, height, width, channels] = nhwc(xType, 'x')
  const [kernelHeight, kernelWidth] = pair(attrs.kernel, 'kernel')
  const sizes = { stride: attrs.stride, pads: attrs.pads, dilation: NO_DILATION }
  const window = windowOver(xType, output, kernelHeight, kernelWidth, sizes)
  const taps: Taps = { offsets: new Int32Array(kernelHeight * kernelWidth), count: 0 }

  return (operands) => {
    const x = must(operands[0], 'x')
    const y = allocate(output.dtype, elementCount(output.shape))
    let at = 0
    for (let n = 0; n < batch; n++) {
      for (let row = 0; row < window.outputHeight; row++) {
        for (let column = 0; column < window.outputWidth; column++) {
          taps.count = 0
          for (let ky = 0; ky < kernelHeight; ky++) {
            for (let kx = 0; kx < kernelWidth; kx++) {
              const inputRow = window.rows[row * kernelHeight + ky] as number
              const inputColumn = window.columns[column * kernelWidth + kx] as number
              if (inputRow < 0 || inputColumn < 0) continue
              taps.offsets[taps.count++] = ((n * height + inputRow) * width + inputColumn) * channels
            }
          }
          for (let c = 0; c < channels; c++) {
            y[at++] = Math.max(min, Math.min(max, reduce(x, taps, c)))
          }
        }
      }
    }
    return y
  }
}
