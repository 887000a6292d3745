/** Arithmetic on float32 activations. */
import type { Graph, Node } from '../../../ir/graph.ts'
import { typeOf } from '../../../ir/graph.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { unsupported } from './unsupported.ts'

/** Stops at a node that computes on real numbers. */
export function refuseReal(graph: Graph, node: Node): void {
  if (OPS[node.op].real && node.outputs.every((id) => typeOf(graph, id).dtype === 'f32')) realOnly(node)
}

export function realOnly(node: Node): void {
  unsupported(node, 'there is no code for f32 arithmetic')
}
