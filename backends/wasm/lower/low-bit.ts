/** Ops and operands of fewer than 8 bits, and sums that no op has scaled yet. */
import type { Graph, Node } from '../../../ir/graph.ts'
import { typeOf, valueOf } from '../../../ir/graph.ts'
import { isLowBit } from '../../../ir/ops/constraints.ts'
import { unsupported } from './unsupported.ts'

/** Stops at a node whose activations have a type that no kernel computes on. */
export function refuseLowBit(graph: Graph, node: Node): void {
  for (const id of [...node.inputs, ...node.outputs]) {
    const { dtype } = typeOf(graph, id)
    if (valueOf(graph, id).data === undefined && (isLowBit(dtype) || dtype === 'i32')) {
      unsupported(node, `there is no code for ${dtype} activations`)
    }
  }
}

export function threshold(node: Node): void {
  unsupported(node, 'there is no code for thresholds')
}
