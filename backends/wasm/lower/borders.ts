/** The border that each tensor needs around its images, from the windows of its readers. */
import type { Graph, ValueId } from '../../../ir/graph.ts'
import { typeOf } from '../../../ir/graph.ts'
import { pads } from '../../../ir/ops/convolution.ts'
import { withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { type Border, isStoredAsInt8, NO_BORDER } from '../storage.ts'

/** Ops whose kernels read their padding from memory. */
const WINDOWED = ['conv2d', 'depthwise_conv2d']

export function borders(graph: Graph): ReadonlyMap<ValueId, Border> {
  const map = new Map<ValueId, Border>()
  for (const { op, inputs, attrs } of graph.nodes) {
    const [x] = inputs
    if (x === undefined || !WINDOWED.includes(op) || !isStoredAsInt8(typeOf(graph, x).dtype)) continue
    const [top, left, bottom, right] = pads(withDefaults(OPS[op].attrs, attrs).pads as readonly number[])
    const before = map.get(x) ?? NO_BORDER
    map.set(x, {
      top: Math.max(before.top, top),
      left: Math.max(before.left, left),
      bottom: Math.max(before.bottom, bottom),
      right: Math.max(before.right, right),
    })
  }
  return map
}
