import { must } from '../diagnostic.ts'
import { allocate } from '../dtype.ts'
import { elementCount, type TensorType } from '../tensor.ts'
import { QUANTIZED_ACTIVATIONS, SAME_ELEMENT_TYPE, SAME_QUANTIZATION } from './constraints.ts'
import { defineOp, input, nhwc } from './define.ts'
import type { Kernel } from './op.ts'
import { ONE_COORDINATE_RULE, RESIZE_ATTRS, type ResizeAttrs, resizedShape } from './resize.ts'

const { fround } = Math

/** Positions and weights have 10 fractional bits (reference/resize_bilinear.h, `ResizeBilinearInteger`). */
const ONE = 1024

export const resizeBilinear = defineOp({
  summary: 'An image of another size; each pixel is interpolated between four of the input.',
  inputs: ['x NHWC'],
  attrs: RESIZE_ATTRS,
  constraints: [SAME_ELEMENT_TYPE, QUANTIZED_ACTIVATIONS, SAME_QUANTIZATION, ONE_COORDINATE_RULE],
  inferShape: resizedShape,

  prepare({ inputs, output, attrs }) {
    const [batch, height, width, channels] = nhwc(input(inputs, 0), 'x')
    const [, outputHeight, outputWidth] = nhwc(output, 'output')
    const { align_corners, half_pixel_centers } = attrs
    const rows = neighbours(height, outputHeight, align_corners, half_pixel_centers)
    const columns = neighbours(width, outputWidth, align_corners, half_pixel_centers)
    return (operands) => {
      const x = must(operands[0], 'x')
      const y = allocate(output.dtype, elementCount(output.shape))
      let at = 0
      for (let n = 0; n < batch; n++) {
        const image = n * height * width * channels
        for (const row of rows) {
          const top = image + row.lower * width * channels
          const bottom = image + row.upper * width * channels
          for (const column of columns) {
            const left = column.lower * channels
            const right = column.upper * channels
            const topWeight = ONE - row.weight
            const leftWeight = ONE - column.weight
            for (let c = 0; c < channels; c++) {
              // At most 2^15 * 2^20: exact in a double.
              const sum =
                (x[top + left + c] as number) * topWeight * leftWeight +
                (x[bottom + left + c] as number) * row.weight * leftWeight +
                (x[top + right + c] as number) * topWeight * column.weight +
                (x[bottom + right + c] as number) * row.weight * column.weight
              y[at++] = Math.trunc((sum + (sum > 0 ? 2 ** 19 : -(2 ** 19))) / 2 ** 20)
            }
          }
        }
      }
      return y
    }
  },

  real: {
    constraints: [ONE_COORDINATE_RULE],
    prepare: ({ inputs, output, attrs }) => interpolateReal(inputs, output, attrs),
  },
})

export interface RealNeighbours {
  readonly lower: number
  readonly upper: number
  /** Of the upper one, a float32. */
  readonly weight: number
}

/** Along one axis, in float32 (reference/resize_bilinear.h, `ComputeInterpolationValues`). */
export function realNeighbours(
  inputs: number,
  outputs: number,
  alignCorners: boolean,
  halfPixel: boolean,
): readonly RealNeighbours[] {
  const [span, steps] = alignCorners && outputs > 1 ? [inputs - 1, outputs - 1] : [inputs, outputs]
  const scale = fround(span / steps)
  return Array.from({ length: outputs }, (_, i) => {
    const position = halfPixel ? fround(fround((i + 0.5) * scale) - 0.5) : fround(i * scale)
    const lower = Math.max(Math.floor(position), 0)
    const upper = Math.min(Math.floor(position) + 1, inputs - 1)
    return { lower, upper: Math.max(upper, 0), weight: Math.max(0, fround(position - lower)) }
  })
}

function interpolateReal(inputs: readonly TensorType[], output: TensorType, attrs: ResizeAttrs): Kernel {
  const [batch, height, width, channels] = nhwc(input(inputs, 0), 'x')
  const [, outputHeight, outputWidth] = nhwc(output, 'output')
  const rows = realNeighbours(height, outputHeight, attrs.align_corners, attrs.half_pixel_centers)
  const columns = realNeighbours(width, outputWidth, attrs.align_corners, attrs.half_pixel_centers)
  return (operands) => {
    const x = must(operands[0], 'x') as Float32Array
    const y = new Float32Array(elementCount(output.shape))
    const between = (a: number, b: number, weight: number) => fround(a + fround(fround(b - a) * weight))
    let at = 0
    for (let n = 0; n < batch; n++) {
      for (const row of rows) {
        const top = (n * height + row.lower) * width
        const bottom = (n * height + row.upper) * width
        for (const column of columns) {
          for (let c = 0; c < channels; c++) {
            const pixel = (row: number, column: number) => x[(row + column) * channels + c] as number
            const above = between(pixel(top, column.lower), pixel(top, column.upper), column.weight)
            const below = between(pixel(bottom, column.lower), pixel(bottom, column.upper), column.weight)
            y[at++] = between(above, below, row.weight)
          }
        }
      }
    }
    return y
  }
}

export interface Neighbours {
  readonly lower: number
  readonly upper: number
  /** Of the upper one, in 1/1024. */
  readonly weight: number
}

/** Along one axis: for each output position its two input neighbours. */
export function neighbours(
  inputs: number,
  outputs: number,
  alignCorners: boolean,
  halfPixel: boolean,
): readonly Neighbours[] {
  const [span, steps] = alignCorners && outputs > 1 ? [inputs - 1, outputs - 1] : [inputs, outputs]
  const scale = Math.trunc((ONE * span + Math.trunc(steps / 2)) / steps)
  return Array.from({ length: outputs }, (_, i) => {
    const position = halfPixel ? i * scale + Math.trunc(scale / 2) - ONE / 2 : i * scale
    const lower = Math.max(Math.trunc(position / ONE), 0)
    const upper = Math.min(Math.trunc((position + ONE - 1) / ONE), inputs - 1)
    return { lower, upper, weight: position - ONE * lower }
  })
}
