/** Rules of the ops that resize images. */
import { must } from '../../../ir/diagnostic.ts'
import type { Node } from '../../../ir/graph.ts'
import { nhwc, withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { type Neighbours, neighbours } from '../../../ir/ops/resize_bilinear.ts'
import { nearestPositions } from '../../../ir/ops/resize_nearest.ts'
import { bilinearKernel } from '../kernels/bilinear.ts'
import { gatherKernel } from '../kernels/gather.ts'
import { byteStrides, type Place, type Placement } from '../storage.ts'
import type { Lowering } from './lowering.ts'
import { stepEachImage } from './rows.ts'

interface Resize {
  readonly x: Placement
  readonly y: Placement
  readonly height: number
  readonly width: number
  readonly outputHeight: number
  readonly outputWidth: number
  readonly channels: number
  /** Bytes from row to row of the input, and from column to column. */
  readonly row: number
  readonly column: number
  readonly alignCorners: boolean
  readonly halfPixel: boolean
}

function resize(node: Node, lowering: Lowering): Resize {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const [, height, width, channels] = nhwc(x.type, 'x')
  const [, outputHeight, outputWidth] = nhwc(y.type, 'y')
  const [, row = 0, column = 0] = byteStrides(x)
  const attrs = withDefaults(OPS[node.op].attrs, node.attrs)
  return {
    x,
    y,
    height,
    width,
    outputHeight,
    outputWidth,
    channels,
    row,
    column,
    alignCorners: attrs.align_corners === true,
    halfPixel: attrs.half_pixel_centers === true,
  }
}

export function resizeNearest(node: Node, lowering: Lowering): void {
  const r = resize(node, lowering)
  const table = (inputs: number, outputs: number, stride: number) =>
    words(
      lowering,
      nearestPositions(inputs, outputs, r.alignCorners, r.halfPixel).map((position) => position * stride),
    )
  const kernel = gatherKernel({
    rows: r.outputHeight,
    columns: r.outputWidth,
    bytes: r.column,
    outputRow: r.y.rowPitch,
  })
  const tables = [table(r.height, r.outputHeight, r.row), table(r.width, r.outputWidth, r.column)]
  stepEachImage(lowering, node, kernel, [r.x], tables, r.y)
}

export function resizeBilinear(node: Node, lowering: Lowering): void {
  const r = resize(node, lowering)
  const table = (inputs: number, outputs: number, stride: number) => {
    const entry = ({ lower, upper, weight }: Neighbours) => [lower * stride, upper * stride, weight]
    return words(
      lowering,
      Int32Array.from(neighbours(inputs, outputs, r.alignCorners, r.halfPixel).flatMap(entry)),
    )
  }
  const kernel = bilinearKernel({
    dtype: r.x.type.dtype === 'i16' ? 'i16' : 'i8',
    rows: r.outputHeight,
    columns: r.outputWidth,
    channels: r.channels,
    outputRow: r.y.rowPitch,
  })
  const tables = [table(r.height, r.outputHeight, r.row), table(r.width, r.outputWidth, r.column)]
  stepEachImage(lowering, node, kernel, [r.x], tables, r.y)
}

function words(lowering: Lowering, data: Int32Array): Place {
  return lowering.weights(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
}
