/** A model with a batch runs its one-sample program once for each sample; this makes the one-sample graph. */
import type { Graph, Node, Value } from '../../../ir/graph.ts'
import { typeOf, valueOf } from '../../../ir/graph.ts'

/**
 * The graph for one sample of the batch, or the graph itself with batch 1 where there is no batch that every value
 * carries as its first dimension.
 */
export function splitBatch(graph: Graph): { readonly graph: Graph; readonly batch: number } {
  const whole = { graph, batch: 1 }
  const first = graph.inputs[0]
  const batch = first === undefined ? 1 : (typeOf(graph, first).shape[0] ?? 1)
  if (batch <= 1) return whole
  const carriers = new Set([...graph.inputs, ...graph.nodes.flatMap((n) => n.outputs)])
  for (const id of carriers) if (typeOf(graph, id).shape[0] !== batch) return whole
  if (!graph.nodes.every((node) => keepsSamplesApart(node, graph))) return whole
  const values = new Map<string, Value>()
  for (const [id, value] of graph.values) {
    const shape = [1, ...value.type.shape.slice(1)]
    values.set(id, carriers.has(id) ? { ...value, type: { ...value.type, shape } } : value)
  }
  const nodes = graph.nodes.map((node) => oneSample(node))
  return { graph: { ...graph, values, nodes }, batch }
}

function oneSample(node: Node): Node {
  const { attrs } = node
  if (node.op === 'reshape')
    return { ...node, attrs: { ...attrs, shape: [1, ...(attrs.shape as number[]).slice(1)] } }
  if (node.op === 'strided_slice')
    return { ...node, attrs: { ...attrs, end: [1, ...(attrs.end as number[]).slice(1)] } }
  return node
}

/** Whether sample i of the output depends on sample i of the inputs alone. */
function keepsSamplesApart(node: Node, graph: Graph): boolean {
  const ints = (name: string) => node.attrs[name] as readonly number[]
  switch (node.op) {
    case 'mean':
    case 'reduce_sum':
    case 'reduce_prod':
    case 'reduce_min':
    case 'reduce_max':
      return !ints('axes').includes(0) && node.attrs.keep_dims !== undefined
    case 'transpose':
      return ints('perm')[0] === 0
    case 'concat':
      return node.attrs.axis !== 0 && node.inputs.every((id) => isOneForAll(graph, node, id))
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
    case 'pow':
    case 'minimum':
    case 'maximum':
    case 'prelu':
      return node.inputs.every((id) => isOneForAll(graph, node, id))
    case 'pad':
      return ints('paddings')[0] === 0 && ints('paddings')[1] === 0
    case 'strided_slice':
      return ints('begin')[0] === 0 && ints('strides')[0] === 1 && !(ints('shrink') ?? []).includes(0)
    case 'softmax':
    case 'fully_connected':
      return node.inputs.slice(0, 1).every((id) => typeOf(graph, id).shape.length >= 2)
    default:
      return true
  }
}

/** Whether an operand lies along the samples as the result does or, a constant, is the same for all of them. */
function isOneForAll(graph: Graph, node: Node, id: string): boolean {
  const { type, data } = valueOf(graph, id)
  const [result = ''] = node.outputs
  const isAligned = type.shape.length === typeOf(graph, result).shape.length
  return data === undefined ? isAligned : !isAligned || type.shape[0] === 1
}
