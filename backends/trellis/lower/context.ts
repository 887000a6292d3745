/** What the lowering rules share: the graph, the feature maps made so far, and how shapes become maps. */
import { must } from '../../../ir/diagnostic.ts'
import { DTYPE_BITS } from '../../../ir/dtype.ts'
import {
  consumers,
  type Graph,
  type Node,
  producers,
  typeOf,
  type Value,
  type ValueId,
  valueOf,
} from '../../../ir/graph.ts'
import type { TensorType } from '../../../ir/tensor.ts'
import { toStored } from '../stored.ts'
import type { Target } from '../target.ts'
import type { FeatureMap, LoweredBuffer, LoweredLayer, MapId, Stage } from './stage.ts'
import { isLowBit, storedWidths } from './widths.ts'

export type MutableMap = { -readonly [K in keyof FeatureMap]: FeatureMap[K] }

/** An op that does not become a stage; the sentence completes "runs on the host because ...". */
export interface Unsupported {
  readonly unsupported: string
}

export const unsupported = (why: string): Unsupported => ({ unsupported: why })

export interface LoweringContext {
  readonly graph: Graph
  readonly target: Target
  /** Bits in memory of values whose types are below 8 bits. */
  readonly widths: ReadonlyMap<ValueId, number>
  readonly producers: ReadonlyMap<ValueId, Node>
  readonly consumers: ReadonlyMap<ValueId, readonly Node[]>
  readonly maps: Map<MapId, MutableMap>
  /** Which map holds a value. */
  readonly mapOf: Map<ValueId, MapId>
  readonly buffers: Map<string, LoweredBuffer>
  readonly layers: LoweredLayer[]
  readonly stages: Stage[]
}

export function createContext(graph: Graph, target: Target): LoweringContext {
  return {
    graph,
    target,
    widths: storedWidths(graph, target),
    producers: producers(graph),
    consumers: consumers(graph),
    maps: new Map(),
    mapOf: new Map(),
    buffers: new Map(),
    layers: [],
    stages: [],
  }
}

/** A tensor shape as rows, columns and channels; undefined where it has a batch or too many dimensions. */
export function imageDims(shape: readonly number[]): readonly [h: number, w: number, c: number] | undefined {
  const dims = shape.length === 4 || (shape.length === 3 && shape[0] === 1) ? shape.slice(1) : shape
  if (shape.length === 4 && shape[0] !== 1) return undefined
  if (dims.length > 3) return undefined
  const [c = 1, w = 1, h = 1] = [...dims].reverse()
  return [h, w, c]
}

export function isInt8(type: TensorType): boolean {
  return type.dtype === 'i8' && type.quant?.scale.length === 1
}

/** Whether the post unit can compute on all operands and results of a node as int8. */
export function allInt8(ctx: LoweringContext, node: Node): boolean {
  return [...node.inputs, ...node.outputs].every((id) => isInt8(typeOf(ctx.graph, id)))
}

/** Bits of an element of a value in memory. */
function bitsOf(ctx: LoweringContext, id: ValueId): number {
  return ctx.widths.get(id) ?? DTYPE_BITS[typeOf(ctx.graph, id).dtype]
}

/** The map of a convolution's output, which may also be int32 sums. */
export function resultMapFor(ctx: LoweringContext, id: ValueId): MutableMap | undefined {
  const value = valueOf(ctx.graph, id)
  const dims = imageDims(value.type.shape)
  if (value.type.dtype !== 'i32' || !dims) return mapFor(ctx, id)
  return newMap(ctx, id, dims, value)
}

/** The map that holds a value, made on first use; undefined where the value cannot be one. */
export function mapFor(ctx: LoweringContext, id: ValueId): MutableMap | undefined {
  const known = ctx.mapOf.get(id)
  if (known !== undefined) return must(ctx.maps.get(known), `map ${known}`)
  const value = valueOf(ctx.graph, id)
  const dims = imageDims(value.type.shape)
  const isMap = isInt8(value.type) || (isLowBit(value.type.dtype) && value.type.quant?.scale.length === 1)
  if (!dims || !isMap) return undefined
  return newMap(ctx, id, dims, value)
}

function newMap(
  ctx: LoweringContext,
  id: ValueId,
  dims: readonly [number, number, number],
  value: Value,
): MutableMap {
  const [h, w, channels] = dims
  const bits = bitsOf(ctx, id)
  const map: MutableMap = {
    id,
    h,
    w,
    c: (channels * bits) / 8,
    bits,
    unsigned: bits < 8 && value.type.dtype === `u${bits}`,
    padding: bits > 8 ? 0 : repeated(must(value.type.quant?.zeroPoint[0], 'zero point'), bits),
    buffer: id,
    toDram: ctx.graph.outputs.includes(id),
  }
  ctx.maps.set(id, map)
  ctx.mapOf.set(id, id)
  addBuffer(ctx, id)
  return map
}

/** A signed byte of elements that are all `value`. */
function repeated(value: number, bits: number): number {
  const code = value & ((1 << bits) - 1)
  let byte = 0
  for (let low = 0; low < 8; low += bits) byte |= code << low
  return (byte << 24) >> 24
}

/** Registers the DRAM buffer of a value; constants bring their bytes. */
export function addBuffer(ctx: LoweringContext, id: ValueId): void {
  if (ctx.buffers.has(id)) return
  const { type, data } = valueOf(ctx.graph, id)
  ctx.buffers.set(id, {
    id,
    type,
    bits: bitsOf(ctx, id),
    ...(data === undefined ? {} : { data: toStored(data, type.dtype, bitsOf(ctx, id)) }),
  })
}

/** A second view of a map's bytes with other dimensions: both live in the same DRAM buffer. */
export function viewOf(ctx: LoweringContext, source: MutableMap, id: ValueId): MutableMap | undefined {
  const view = mapFor(ctx, id)
  if (!view) return undefined
  source.toDram = true
  // The view's value may itself be a graph output: its bytes then are the source's buffer.
  ctx.buffers.delete(id)
  view.buffer = source.buffer
  return view
}

export interface LayerFacts {
  /** Types of input and weights, where they are not int8. */
  readonly precision?: string
  readonly macs: number
  readonly weightBytes: number
  readonly parameterBytes: number
}

/** Adds the report's row for a node; returns its index. */
export function addLayer(ctx: LoweringContext, node: Node, facts: LayerFacts): number {
  const output = must(node.outputs[0], 'output')
  ctx.layers.push({
    name: node.name,
    op: node.op,
    shape: typeOf(ctx.graph, output).shape,
    precision: 'i8',
    ...facts,
  })
  return ctx.layers.length - 1
}

/** Bytes of biases and requantization constants, without padding: int32 bias, int32 multiplier, int8 shift. */
export function parameterBytes(channels: number, perChannel: boolean): number {
  return perChannel ? channels * 9 : channels * 4 + 5
}
