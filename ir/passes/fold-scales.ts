/**
 * Batch normalization behind a layer of real numbers, as one product and one sum for each channel, becomes part of its
 * weights and bias. That rounds otherwise, so it belongs to the import of a file, not to its optimization.
 */
import {
  consumers,
  type Graph,
  type Node,
  producers,
  typeOf,
  type Value,
  type ValueId,
  valueOf,
} from '../graph.ts'
import type { Pass } from '../pass.ts'
import { freshId, operandOf, resultOf, withNodes } from '../rewrite.ts'
import { elementCount } from '../tensor.ts'
import { LAYER_AXIS } from './sum-range.ts'

export const foldScales: Pass<Graph> = {
  name: 'fold-scales',
  summary: 'Makes products and sums for each channel part of the real weights before them.',
  run(graph) {
    for (;;) {
      const next = foldOne(graph)
      if (next === undefined) return graph
      graph = next
    }
  },
}

function foldOne(graph: Graph): Graph | undefined {
  const produced = producers(graph)
  const consumed = consumers(graph)
  for (const node of graph.nodes) {
    if ((node.op !== 'mul' && node.op !== 'add') || (node.attrs.activation ?? 'none') !== 'none') continue
    const [x, c] = constantLast(graph, node)
    const layer = x === undefined ? undefined : produced.get(x)
    if (x === undefined || c === undefined || layer === undefined) continue
    if (consumed.get(x)?.length !== 1 || graph.outputs.includes(x)) continue
    const folded = foldInto(graph, layer, node, c)
    if (folded !== undefined) return folded
  }
  return undefined
}

/** A computed operand and a constant one. */
function constantLast(graph: Graph, node: Node): readonly [ValueId?, ValueId?] {
  const [a = '', b = ''] = node.inputs
  const isConstant = (id: ValueId) => valueOf(graph, id).data !== undefined
  if (isConstant(a) === isConstant(b)) return []
  return isConstant(a) ? [b, a] : [a, b]
}

function foldInto(graph: Graph, layer: Node, node: Node, constant: ValueId): Graph | undefined {
  const axis = LAYER_AXIS[layer.op]
  const [input, w = '', b] = layer.inputs
  if (axis === undefined || (layer.attrs.activation ?? 'none') !== 'none') return undefined
  const weights = valueOf(graph, w)
  const bias = b === undefined ? undefined : valueOf(graph, b).data
  if (!(weights.data instanceof Float32Array) || (b !== undefined && bias === undefined)) return undefined
  const channels = weights.type.shape[axis] ?? 1
  const values = perChannel(graph, node, constant, channels)
  if (values === undefined || input === undefined) return undefined

  const added = new Map<ValueId, Value>()
  const define = (wish: string, value: Value) => {
    const id = freshId(wish, graph.values, added)
    added.set(id, value)
    return id
  }
  const inner = elementCount(weights.type.shape.slice(axis + 1))
  const isProduct = node.op === 'mul'
  const scaled = isProduct
    ? define(`${w} scaled`, {
        type: weights.type,
        data: weights.data.map((weight, i) => weight * (values[Math.floor(i / inner) % channels] as number)),
      })
    : w
  const inputs = [input, scaled]
  if (bias !== undefined || !isProduct) {
    const old = Float32Array.from({ length: channels }, (_, o) => Number(bias?.[o] ?? 0))
    const data = old.map((value, o) =>
      isProduct ? value * (values[o] as number) : value + (values[o] as number),
    )
    inputs.push(define(`${resultOf(layer)} bias`, { type: { dtype: 'f32', shape: [channels] }, data }))
  }
  const nodes = graph.nodes.flatMap((each) => {
    if (each === layer) return [{ ...layer, inputs, outputs: node.outputs }]
    return each === node ? [] : [each]
  })
  return withNodes(graph, nodes, added)
}

/** The constant's elements, one for each channel, if it has the same ones for all pixels. */
function perChannel(
  graph: Graph,
  node: Node,
  constant: ValueId,
  channels: number,
): readonly number[] | undefined {
  const { type, data } = valueOf(graph, constant)
  const { shape } = typeOf(graph, resultOf(node))
  if (!(data instanceof Float32Array) || shape.at(-1) !== channels) return undefined
  if (shape.join() !== typeOf(graph, constantLast(graph, node)[0] ?? operandOf(node)).shape.join())
    return undefined
  if (!type.shape.slice(0, -1).every((size) => size === 1)) return undefined
  if (data.length !== 1 && data.length !== channels) return undefined
  return Array.from({ length: channels }, (_, o) => data[data.length === 1 ? 0 : o] as number)
}
