/** What passes build new graphs with. */
import { must } from './diagnostic.ts'
import type { Graph, Node, Value, ValueId } from './graph.ts'
import type { Quant, TensorType } from './tensor.ts'

/**
 * The graph with other nodes. `added` are values the new nodes brought along, or new types for known ones. Results of
 * nodes that are gone lose their entry; constants stay, even unread.
 */
export function withNodes(
  graph: Graph,
  nodes: readonly Node[],
  added: ReadonlyMap<ValueId, Value> = new Map(),
): Graph {
  const defined = new Set([...graph.inputs, ...nodes.flatMap((node) => node.outputs)])
  const values = new Map(
    [...graph.values, ...added].filter(([id, value]) => value.data !== undefined || defined.has(id)),
  )
  return { ...graph, nodes, values }
}

/**
 * Readers of each key read the value it maps to instead, which must have the same type and elements. A key that is a
 * graph output hands its name on to the node that computes the value; where that cannot be (the value is an input, a
 * constant or itself an output) the key's own node stays, and only its readers change.
 */
export function redirect(graph: Graph, replaced: ReadonlyMap<ValueId, ValueId>): Graph {
  if (replaced.size === 0) return graph
  const resolve = (id: ValueId): ValueId => {
    const next = replaced.get(id)
    return next === undefined ? id : resolve(next)
  }
  const computed = new Set(graph.nodes.flatMap((node) => node.outputs))
  const outputs = new Set(graph.outputs)
  const renamed = new Map<ValueId, ValueId>()
  for (const id of outputs) {
    const source = resolve(id)
    if (source === id || !computed.has(source) || outputs.has(source) || renamed.has(source)) continue
    renamed.set(source, id)
  }
  const rename = (id: ValueId): ValueId => renamed.get(id) ?? id
  const isGone = (id: ValueId) => replaced.has(id) && (!outputs.has(id) || rename(resolve(id)) === id)
  const nodes = graph.nodes
    .filter((node) => !node.outputs.every(isGone))
    .map((node) => ({
      ...node,
      inputs: node.inputs.map((id) => rename(resolve(id))),
      outputs: node.outputs.map(rename),
    }))
  return withNodes(graph, nodes)
}

/** A name like `wish` that no value has. */
export function freshId(
  wish: string,
  ...taken: readonly Pick<ReadonlyMap<ValueId, unknown>, 'has'>[]
): ValueId {
  let id = wish
  for (let n = 2; taken.some((values) => values.has(id)); n++) id = `${wish} ${n}`
  return id
}

/** Whether two tensors' elements mean the same: element type, shape and quantization. */
export function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && sameList(a.shape, b.shape) && sameQuant(a.quant, b.quant)
}

/** Exactly: a difference in the last bit of a scale can change a multiplier. */
export function sameQuant(a: Quant | undefined, b: Quant | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.axis === b.axis && sameList(a.scale, b.scale) && sameList(a.zeroPoint, b.zeroPoint)
}

function sameList(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((n, i) => n === b[i])
}

/** The one result of a node. */
export function resultOf(node: Node): ValueId {
  return must(node.outputs[0], `a result of ${node.name}`)
}

/** The first operand of a node. */
export function operandOf(node: Node): ValueId {
  return must(node.inputs[0], `an operand of ${node.name}`)
}
