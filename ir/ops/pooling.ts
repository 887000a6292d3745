/** What the pools share: attributes, shapes, and the walk over windows. */
import { activationRange } from '../arith/saturate.ts'
import { must } from '../diagnostic.ts'
import { allocate, type TensorData } from '../dtype.ts'
import { elementCount, type TensorType } from '../tensor.ts'
import {
  type OperandConstraint,
  QUANTIZED_ACTIVATIONS,
  SAME_ELEMENT_TYPE,
  SAME_QUANTIZATION,
} from './constraints.ts'
import { ACTIVATION, PADS, pair, STRIDE, windowedSize, windowOver } from './convolution.ts'
import { defineOp, input, nhwc } from './define.ts'
import type { AttrSpec, Kernel, OpDef } from './op.ts'
import { realRange } from './real/activation.ts'

const NO_DILATION = [1, 1] as const

const KERNEL = { kind: 'ints', doc: '[vertical, horizontal] size in pixels' } as const satisfies AttrSpec

/** The valid taps of one window: `count` offsets of pixels, each the index of its first channel. */
interface Taps {
  readonly offsets: Int32Array
  count: number
}

/** Reduces one channel of a window: element `channel` of each tap. */
export type Reduce = (x: TensorData, taps: Taps, channel: number) => number

interface PoolAttrs {
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly pads: readonly number[]
}

const NO_EMPTY_WINDOW = {
  sentence: 'Padding is smaller than the kernel, so that no window is empty.',
  holds: ({ attrs: { kernel, pads } }: { readonly attrs: PoolAttrs }) =>
    pads.every((pad, side) => pad < (kernel[side % 2] ?? 0)),
}

/** Defines a pool by its reduction of a window; padding is not part of a window. */
export function definePool(
  summary: string,
  reduce: Reduce,
  reduceReal: Reduce,
  elements: OperandConstraint = QUANTIZED_ACTIVATIONS,
): OpDef {
  return defineOp({
    summary,
    inputs: ['x NHWC'],
    attrs: { kernel: KERNEL, stride: STRIDE, pads: PADS, activation: ACTIVATION },
    constraints: [
      SAME_ELEMENT_TYPE,
      elements,
      SAME_QUANTIZATION,
      {
        sentence: 'b1 elements have no fused activation, since no bound lies between them.',
        holds: ({ output, attrs: { activation } }) => output.dtype !== 'b1' || activation === 'none',
      },
      NO_EMPTY_WINDOW,
    ],

    inferShape(inputs, attrs) {
      const [n, height, width, channels] = nhwc(input(inputs, 0), 'x')
      const [kernelHeight, kernelWidth] = pair(attrs.kernel, 'kernel')
      const sizes = { stride: attrs.stride, pads: attrs.pads, dilation: NO_DILATION }
      return [n, ...windowedSize(height, width, kernelHeight, kernelWidth, sizes), channels]
    },

    prepare: ({ inputs, output, attrs }) =>
      poolOver(inputs, output, attrs, activationRange(attrs.activation, output), reduce),
    real: {
      constraints: [NO_EMPTY_WINDOW],
      prepare: ({ inputs, output, attrs }) =>
        poolOver(inputs, output, attrs, realRange(attrs.activation), reduceReal),
    },
  })
}

function poolOver(
  inputs: readonly TensorType[],
  output: TensorType,
  attrs: PoolAttrs,
  [min, max]: readonly [min: number, max: number],
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
