/**
 * Chains of transposes and reshapes only say how elements are to be seen. Two transposes in a row are one, and so are two
 * reshapes; a transpose that moves only axes of one element is a reshape, which costs nothing. What a chain undoes is gone.
 */
import { must } from '../diagnostic.ts'
import { type Graph, type Node, typeOf, type ValueId } from '../graph.ts'
import type { Pass } from '../pass.ts'
import { operandOf, redirect, resultOf, sameType, withNodes } from '../rewrite.ts'
import { keepsOrder } from './remove-identities.ts'

export const simplifyLayout: Pass<Graph> = {
  name: 'simplify-layout',
  summary: 'Joins chains of transposes and of reshapes, and removes those that cancel.',
  run(graph) {
    const producerOf = new Map<ValueId, Node>()
    const replaced = new Map<ValueId, ValueId>()
    const nodes = graph.nodes.map((original) => {
      const node = simplified(graph, original, producerOf)
      const id = resultOf(node)
      producerOf.set(id, node)
      // A transpose that undoes the one before it has become a reshape, too.
      const isUndone = node.op === 'reshape' && sameType(typeOf(graph, id), typeOf(graph, operandOf(node)))
      if (isUndone) replaced.set(id, operandOf(node))
      return node
    })
    return redirect(withNodes(graph, nodes), replaced)
  },
}

/** The node behind the nodes so far, which are simple already. */
function simplified(graph: Graph, node: Node, producerOf: ReadonlyMap<ValueId, Node>): Node {
  const before = producerOf.get(operandOf(node))
  if (node.op === 'reshape') return before?.op === 'reshape' ? { ...node, inputs: before.inputs } : node
  if (node.op !== 'transpose') return node
  const composed = before?.op === 'transpose' ? behind(node, before) : node
  const { shape } = typeOf(graph, operandOf(composed))
  if (!keepsOrder(permOf(composed), shape)) return composed
  const reshape: Node = { ...composed, op: 'reshape', attrs: { shape: typeOf(graph, resultOf(node)).shape } }
  return simplified(graph, reshape, producerOf)
}

/** Axis i of the result is axis second[i] of what lies between, which is axis first[second[i]] of the operand. */
function behind(second: Node, first: Node): Node {
  const perm = permOf(second).map((axis) => must(permOf(first)[axis], 'axis'))
  return { ...second, inputs: first.inputs, attrs: { ...second.attrs, perm } }
}

function permOf(node: Node): readonly number[] {
  return node.attrs.perm as readonly number[]
}
