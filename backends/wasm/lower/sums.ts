/** Rules of the ops on int32 sums. */
import { must } from '../../../ir/diagnostic.ts'
import type { Node } from '../../../ir/graph.ts'
import { realKernel, realTable, thresholdKernel, thresholdTable } from '../kernels/channels.ts'
import type { Placement } from '../storage.ts'
import type { Label, Lowering } from './lowering.ts'
import { rowsOf, stepEachImage } from './rows.ts'
import { unsupported } from './unsupported.ts'

/** Rows of pixels, each of which has `channels` elements. */
function pixelsOf(x: Placement, y: Placement, channels: number) {
  const { rows, elements } = rowsOf(y)
  return { rows, pixels: elements / channels, channels, x: x.rowPitch, y: y.rowPitch }
}

export function threshold(node: Node, lowering: Lowering): void {
  const [xId, thresholdsId, directionsId] = node.inputs
  const x = lowering.placement(must(xId, 'x'))
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const thresholds = lowering.constant(thresholdsId)
  const directions = lowering.constant(directionsId)
  if (thresholds === undefined || (directionsId !== undefined && directions === undefined)) {
    unsupported(node, 'its thresholds are computed')
  }
  const [channels = 0, steps = 0] = lowering.type(must(thresholdsId, 'thresholds')).shape
  const kernel = thresholdKernel({
    ...pixelsOf(x, y, channels),
    steps,
    min: Number(node.attrs.min),
    step: y.type.dtype === 'b1' ? 2 : 1,
  })
  const table = lowering.weights(thresholdTable(thresholds, directions, channels))
  stepEachImage(lowering, node, kernel, [x], [table], y)
}

/** dequantize of sums. */
export function realSums(node: Label, lowering: Lowering, x: Placement, y: Placement): void {
  const quant = must(x.type.quant, 'a quantized tensor')
  const kernel = realKernel(pixelsOf(x, y, quant.scale.length))
  stepEachImage(lowering, node, kernel, [x], [lowering.weights(realTable(quant))], y)
}
