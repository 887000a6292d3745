import { roundHalfAway } from '../arith/multiplier.ts'
import { must } from '../diagnostic.ts'
import { allocate } from '../dtype.ts'
import { elementCount } from '../tensor.ts'
import { SAME_ELEMENT_TYPE, SAME_QUANTIZATION } from './constraints.ts'
import { defineOp, input, nhwc } from './define.ts'
import { RESIZE_ATTRS, resizedShape } from './resize.ts'

const { fround } = Math

export const resizeNearest = defineOp({
  summary: 'An image of another size; each pixel is the nearest one of the input.',
  inputs: ['x NHWC'],
  attrs: RESIZE_ATTRS,
  constraints: [SAME_ELEMENT_TYPE, SAME_QUANTIZATION],
  inferShape: resizedShape,

  prepare({ inputs, output, attrs }) {
    const [batch, height, width, channels] = nhwc(input(inputs, 0), 'x')
    const [, outputHeight, outputWidth] = nhwc(output, 'output')
    const { align_corners, half_pixel_centers } = attrs
    const rows = nearestPositions(height, outputHeight, align_corners, half_pixel_centers)
    const columns = nearestPositions(width, outputWidth, align_corners, half_pixel_centers)
    return (operands) => {
      const x = must(operands[0], 'x')
      const y = allocate(output.dtype, elementCount(output.shape))
      let at = 0
      for (let n = 0; n < batch; n++) {
        for (const row of rows) {
          for (const column of columns) {
            const pixel = ((n * height + row) * width + column) * channels
            for (let c = 0; c < channels; c++) y[at++] = x[pixel + c] as number
          }
        }
      }
      return y
    }
  },
})

/** Along one axis, in float32 (reference/resize_nearest_neighbor.h). */
export function nearestPositions(
  inputs: number,
  outputs: number,
  alignCorners: boolean,
  halfPixel: boolean,
): Int32Array {
  const scale = alignCorners && outputs > 1 ? fround((inputs - 1) / (outputs - 1)) : fround(inputs / outputs)
  return Int32Array.from({ length: outputs }, (_, i) => {
    const position = fround((i + (halfPixel ? 0.5 : 0)) * scale)
    const nearest = alignCorners ? roundHalfAway(position) : Math.floor(position)
    return Math.max(0, Math.min(nearest, inputs - 1))
  })
}
