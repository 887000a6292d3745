/** Nodes and values that no output of the graph depends on. Inputs stay, read or not: they are the model's interface. */
import type { Graph, Node, ValueId } from '../graph.ts'
import type { Pass } from '../pass.ts'

export const removeDead: Pass<Graph> = {
  name: 'remove-dead',
  summary: 'Removes the nodes and values that no output needs.',
  run(graph) {
    const needed = new Set<ValueId>(graph.outputs)
    const nodes: Node[] = []
    for (const node of graph.nodes.toReversed()) {
      if (!node.outputs.some((id) => needed.has(id))) continue
      nodes.push(node)
      for (const id of [...node.inputs, ...node.outputs]) needed.add(id)
    }
    for (const id of graph.inputs) needed.add(id)
    const values = new Map([...graph.values].filter(([id]) => needed.has(id)))
    return { ...graph, nodes: nodes.reverse(), values }
  },
}
