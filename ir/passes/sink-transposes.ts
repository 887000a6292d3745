/**
 * An op that treats every element alike may as well come before a transpose as behind it. So transposes sink below such
 * ops where that helps: towards another transpose, with which they then cancel or join, or where those of two operands
 * become one. There are never more than before: an operand's transpose must go, because nothing else reads its result.
 */
import { must } from '../diagnostic.ts'
import { type Attrs, consumers, type Graph, type Node, typeOf, type Value, type ValueId } from '../graph.ts'
import type { OpName } from '../ops/names.ts'
import { OPS } from '../ops/registry.ts'
import type { Pass } from '../pass.ts'
import { freshId, resultOf, sameQuant, withNodes } from '../rewrite.ts'

export const sinkTransposes: Pass<Graph> = {
  name: 'sink-transposes',
  summary: 'Moves transposes below the ops that treat every element alike.',
  run(graph, context) {
    const sunk = sweep(graph)
    // An op that has moved above a transpose no longer reads it, which may leave another as the only reader.
    return sunk ? sinkTransposes.run(sunk, context) : graph
  },
}

/** Goes through the graph once; undefined where nothing moves. */
function sweep(graph: Graph): Graph | undefined {
  const readers = consumers(graph)
  const isLastReader = (id: ValueId) => new Set(readers.get(id)).size === 1 && !graph.outputs.includes(id)
  const wanted = towardsTransposes(graph)
  const transposes = new Map<ValueId, Node>()
  const added = new Map<ValueId, Value>()
  let nodes: Node[] = []

  for (const node of graph.nodes) {
    const dying = new Set(node.inputs.filter((id) => transposes.has(id) && isLastReader(id)))
    const helps = dying.size > (wanted.has(resultOf(node)) ? 0 : 1)
    const swapped = helps ? swap(graph, node, transposes, dying, added) : undefined
    if (!swapped) {
      nodes.push(node)
      if (node.op === 'transpose' && sameQuantAround(graph, node)) transposes.set(resultOf(node), node)
      continue
    }
    nodes = nodes.filter(({ outputs }) => !outputs.includes(swapped.gone))
    nodes.push(swapped.op, swapped.transpose)
    for (const [id, value] of swapped.values) added.set(id, value)
    transposes.delete(swapped.gone)
    transposes.set(resultOf(swapped.transpose), swapped.transpose)
  }
  return added.size > 0 ? withNodes(graph, nodes, added) : undefined
}

type Permuted = (attrs: Attrs, perm: readonly number[]) => Attrs

const unchanged: Permuted = (attrs) => attrs

/** The ops that treat every element alike, and their attributes for operands that are not transposed yet. */
const SINKS: { readonly [N in OpName]?: Permuted } = {
  relu: unchanged,
  relu6: unchanged,
  leaky_relu: unchanged,
  hard_swish: unchanged,
  logistic: unchanged,
  tanh: unchanged,
  quantize: unchanged,
  dequantize: unchanged,
  add: unchanged,
  sub: unchanged,
  mul: unchanged,
  div: unchanged,
  pow: unchanged,
  minimum: unchanged,
  maximum: unchanged,
  prelu: unchanged,
  clip: unchanged,
  elu: unchanged,
  hard_sigmoid: unchanged,
  softplus: unchanged,
  exp: unchanged,
  log: unchanged,
  sqrt: unchanged,
  abs: unchanged,
  neg: unchanged,
  sign: unchanged,
  floor: unchanged,
  ceil: unchanged,
  round: unchanged,
  concat: (attrs, perm) => ({ ...attrs, axis: must(perm[attrs.axis as number], 'axis') }),
  pad(attrs, perm) {
    const paddings = attrs.paddings as readonly number[]
    const sides = inverse(perm).flatMap((axis) => paddings.slice(2 * axis, 2 * axis + 2))
    return { ...attrs, paddings: sides }
  },
}

interface Swapped {
  /** The transposed operand that nothing reads any more. */
  readonly gone: ValueId
  readonly op: Node
  readonly transpose: Node
  /** The op's result, and operands that had to be transposed the other way. */
  readonly values: ReadonlyMap<ValueId, Value>
}

/** The node on the operands before their transposes, and a transpose of its result; undefined where that is no gain. */
function swap(
  graph: Graph,
  node: Node,
  transposes: ReadonlyMap<ValueId, Node>,
  dying: ReadonlySet<ValueId>,
  taken: ReadonlyMap<ValueId, Value>,
): Swapped | undefined {
  const computed = node.inputs.filter((id) => graph.values.get(id)?.data === undefined)
  const [gone = ''] = dying
  const moved = transposes.get(gone)
  const permuted = SINKS[node.op]
  if (!moved || !permuted) return undefined
  const perm = permOf(moved)
  if (!computed.every((id) => `${transposes.get(id)?.attrs.perm}` === `${perm}`)) return undefined

  const result = resultOf(node)
  const type = typeOf(graph, result)
  const back = inverse(perm)
  const shape = back.map((axis) => must(type.shape[axis], 'axis'))
  const before = freshId(`${result} before transpose`, graph.values, taken)
  const values = new Map<ValueId, Value>([[before, { type: { ...type, shape } }]])
  const inputs: ValueId[] = []
  for (const id of node.inputs) {
    const value = graph.values.get(id)
    const source = transposes.get(id)?.inputs[0]
    const constant = source === undefined && value ? transposed(value, back) : undefined
    if (source === undefined && !constant) return undefined
    const operand = source ?? freshId(`${id} for ${result}`, graph.values, taken, values)
    if (constant) values.set(operand, constant)
    inputs.push(operand)
  }
  return {
    gone,
    op: { ...node, inputs, outputs: [before], attrs: permuted(node.attrs, perm) },
    transpose: { ...moved, inputs: [before], outputs: [result] },
    values,
  }
}

/** Values that a transpose reads, perhaps behind ops that it could sink below. */
function towardsTransposes(graph: Graph): ReadonlySet<ValueId> {
  const wanted = new Set<ValueId>()
  for (const node of graph.nodes.toReversed()) {
    if (node.op !== 'transpose' && !(SINKS[node.op] && wanted.has(resultOf(node)))) continue
    for (const id of node.inputs) wanted.add(id)
  }
  return wanted
}

/** A constant as it broadcasts to `perm.length` dimensions, with the axes in that order. */
function transposed({ type, data }: Value, perm: readonly number[]): Value | undefined {
  const missing = perm.length - type.shape.length
  if (!data || missing < 0 || type.quant?.axis !== undefined) return undefined
  const operand = { ...type, shape: [...Array<number>(missing).fill(1), ...type.shape] }
  const result = { ...type, shape: perm.map((axis) => must(operand.shape[axis], 'axis')) }
  return { type: result, data: OPS.transpose.evaluate([{ type: operand, data }], result, { perm }) }
}

/** An op behind the transpose must see the same numbers before it. */
function sameQuantAround(graph: Graph, node: Node): boolean {
  const [from, to] = [typeOf(graph, must(node.inputs[0], 'operand')), typeOf(graph, resultOf(node))]
  return sameQuant(from.quant, to.quant) && from.quant?.axis === undefined
}

function inverse(perm: readonly number[]): readonly number[] {
  return perm.map((_, axis) => perm.indexOf(axis))
}

function permOf(node: Node): readonly number[] {
  return node.attrs.perm as readonly number[]
}
