/** Rules of the ops on int32 sums. */
import { must } from '../../../ir/diagnostic.ts'
import { type Graph, type Node, valueOf } from '../../../ir/graph.ts'
import { range } from '../codegen/range.ts'
import {
  computedThresholdKernel,
  realKernel,
  realTable,
  thresholdKernel,
  thresholdWords,
} from '../kernels/channels.ts'
import type { Placement } from '../storage.ts'
import type { Label, Lowering } from './lowering.ts'
import { rowsOf, stepEachImage } from './rows.ts'

/** Rows of pixels, each of which has `channels` elements. */
function pixelsOf(x: Placement, y: Placement, channels: number) {
  const { rows, elements } = rowsOf(y)
  return { rows, pixels: elements / channels, channels, x: x.rowPitch, y: y.rowPitch }
}

/** A threshold's constants. */
export interface Thresholds {
  readonly channels: number
  readonly steps: number
  readonly min: number
  readonly words: (channel: number) => readonly number[]
}

/** Undefined where they are computed, and their kernel has to read them from the operands. */
export function thresholdsOf(graph: Graph, node: Node): Thresholds | undefined {
  const [, thresholdsId, directionsId] = node.inputs
  const { type, data } = valueOf(graph, must(thresholdsId, 'thresholds'))
  const directions = directionsId === undefined ? undefined : valueOf(graph, directionsId).data
  if (data === undefined || (directionsId !== undefined && directions === undefined)) return undefined
  // An op of other directions is not valid, but has a result.
  if (directions?.some((direction: number | bigint) => Math.abs(Number(direction)) !== 1)) return undefined
  const [channels = 0, steps = 0] = type.shape
  const words = thresholdWords(data, steps, directions)
  return { channels, steps, min: Number(node.attrs.min), words }
}

export function threshold(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const thresholds = thresholdsOf(lowering.graph, node)
  if (thresholds === undefined) {
    computedThresholds(node, lowering, x, y)
    return
  }
  const { channels, steps, min, words } = thresholds
  const kernel = thresholdKernel({
    ...pixelsOf(x, y, channels),
    steps,
    min,
    step: y.type.dtype === 'b1' ? 2 : 1,
  })
  const table = Int32Array.from(range(channels).flatMap(words))
  stepEachImage(lowering, node, kernel, [x], [lowering.weights(new Uint8Array(table.buffer))], y)
}

function computedThresholds(node: Node, lowering: Lowering, x: Placement, y: Placement): void {
  const [, thresholdsId, directionsId] = node.inputs
  const thresholds = lowering.placement(must(thresholdsId, 'thresholds'))
  const directions = directionsId === undefined ? undefined : lowering.placement(directionsId)
  const [channels = 0, steps = 0] = thresholds.type.shape
  const kernel = computedThresholdKernel({
    ...pixelsOf(x, y, channels),
    steps,
    min: Number(node.attrs.min),
    step: y.type.dtype === 'b1' ? 2 : 1,
    hasDirections: directions !== undefined,
  })
  const tables = [thresholds.place, (directions ?? thresholds).place]
  stepEachImage(lowering, node, kernel, [x], tables, y)
}

/** dequantize of sums. */
export function realSums(node: Label, lowering: Lowering, x: Placement, y: Placement): void {
  const quant = must(x.type.quant, 'a quantized tensor')
  const kernel = realKernel(pixelsOf(x, y, quant.scale.length))
  stepEachImage(lowering, node, kernel, [x], [lowering.weights(realTable(quant))], y)
}
