/** Steps that name the tensors they read and write, as a graph: who reads what whom writes, with ends where nobody does. */

import { shortened } from '../kit/format.ts'
import type { GraphEdge, GraphNode } from './graph.ts'

const END_LETTERS = 26

export interface Step {
  readonly node: GraphNode
  /** Names of tensors. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

/** A tensor that no step writes gets an end where it comes in; one that no step reads, where it goes out. */
export function connected(steps: readonly Step[]): {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
} {
  const from = new Map<string, string>()
  for (const { node, outputs } of steps) for (const tensor of outputs) from.set(tensor, node.id)
  const read = new Set(steps.flatMap(({ inputs }) => inputs))
  const ends: GraphNode[] = []
  const edges: GraphEdge[] = []
  const end = (tensor: string, kind: 'input' | 'output'): string => {
    const id = `${kind}-${ends.length}`
    const note = { title: tensor, text: `${kind} of the network` }
    ends.push({ id, title: shortened(tensor, END_LETTERS), text: '', note: () => note })
    return id
  }
  for (const { node, inputs, outputs } of steps) {
    for (const tensor of new Set(inputs)) {
      let source = from.get(tensor)
      if (source === undefined) {
        source = end(tensor, 'input')
        from.set(tensor, source)
      }
      if (source !== node.id) edges.push({ from: source, to: node.id })
    }
    for (const tensor of outputs)
      if (!read.has(tensor)) edges.push({ from: node.id, to: end(tensor, 'output') })
  }
  return { nodes: [...steps.map(({ node }) => node), ...ends], edges }
}
