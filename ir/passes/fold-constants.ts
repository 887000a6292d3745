/** What depends on constants alone is computed once, here, by the op's own definition. */
import { type Graph, typeOf, type Value, type ValueId } from '../graph.ts'
import { OPS } from '../ops/registry.ts'
import type { Pass } from '../pass.ts'
import { resultOf, withNodes } from '../rewrite.ts'
import { elementCount } from '../tensor.ts'

/** A larger result would cost more memory and file than its computation costs time. */
const MAX_ELEMENTS = 1 << 20
const MAX_MACS = 1 << 26

export const foldConstants: Pass<Graph> = {
  name: 'fold-constants',
  summary: 'Computes what depends on constants alone.',
  run(graph) {
    const folded = new Map<ValueId, Value>()
    const constant = (id: ValueId) => folded.get(id) ?? graph.values.get(id)
    const nodes = graph.nodes.filter((node) => {
      const id = resultOf(node)
      // A model computes its outputs, even where they are always the same.
      if (graph.outputs.includes(id)) return true
      const tensors = node.inputs.flatMap((input) => {
        const { type, data } = constant(input) ?? {}
        return type && data ? [{ type, data }] : []
      })
      const output = typeOf(graph, id)
      const types = { inputs: tensors.map(({ type }) => type), outputs: [output], attrs: node.attrs }
      if (tensors.length < node.inputs.length) return true
      if (elementCount(output.shape) > MAX_ELEMENTS || OPS[node.op].macs(types) > MAX_MACS) return true
      folded.set(id, { type: output, data: OPS[node.op].evaluate(tensors, output, node.attrs) })
      return false
    })
    return withNodes(graph, nodes, folded)
  },
}
