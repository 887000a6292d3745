/** What the sums of a layer can be, whatever its input. */
import { must } from '../diagnostic.ts'
import { DTYPE_RANGE } from '../dtype.ts'
import { type Graph, type Node, typeOf, valueOf } from '../graph.ts'
import type { OpName } from '../ops/names.ts'
import { elementCount, type TensorType } from '../tensor.ts'

/** The axis of the output channels of each op's weights. */
export const CHANNEL_AXIS: { readonly [N in OpName]?: number } = {
  conv2d: 0,
  depthwise_conv2d: 3,
  fully_connected: 0,
}

/** The same of all layers with weights; a transposed convolution gives no sums without scaling. */
export const LAYER_AXIS: { readonly [N in OpName]?: number } = { ...CHANNEL_AXIS, transpose_conv2d: 0 }

/** Smallest and largest sum of each output channel. */
export interface SumRange {
  readonly min: Float64Array
  readonly max: Float64Array
}

/** Of integer weights against any elements of `x`; padding adds nothing, so a product may also be left out. */
export function sumRange(
  x: TensorType,
  weights: ArrayLike<number>,
  shape: readonly number[],
  axis: number,
  bias?: ArrayLike<number>,
): SumRange {
  const [smallest, largest] = must(DTYPE_RANGE[x.dtype], 'a range')
  const zeroPoint = x.quant?.zeroPoint[0] ?? 0
  const channels = shape[axis] ?? 1
  const inner = elementCount(shape.slice(axis + 1))
  const min = Float64Array.from({ length: channels }, (_, c) => Number(bias?.[c] ?? 0))
  const max = min.slice()
  for (let i = 0; i < weights.length; i++) {
    const c = Math.floor(i / inner) % channels
    const ends = [
      (weights[i] as number) * (smallest - zeroPoint),
      (weights[i] as number) * (largest - zeroPoint),
    ]
    min[c] = (min[c] as number) + Math.min(0, ...ends)
    max[c] = (max[c] as number) + Math.max(0, ...ends)
  }
  return { min, max }
}

/** Of a node that gives sums without scaling; undefined if its weights are not constant. */
export function sumRangeOf(graph: Graph, node: Node): SumRange | undefined {
  const axis = CHANNEL_AXIS[node.op]
  const [x, w, b] = node.inputs
  if (axis === undefined || x === undefined || w === undefined) return undefined
  const weights = valueOf(graph, w)
  const bias = b === undefined ? undefined : valueOf(graph, b).data
  if (weights.data === undefined || (b !== undefined && bias === undefined)) return undefined
  return sumRange(typeOf(graph, x), weights.data as Int8Array, weights.type.shape, axis, bias as Int32Array)
}
