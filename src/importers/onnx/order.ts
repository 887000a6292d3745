/** The nodes that a graph's outputs need, each after those whose results it reads. */
import { fail } from '../../../ir/diagnostic.ts'
import type { GraphProto, NodeProto } from './schema.ts'

export interface PlacedNode {
  readonly proto: NodeProto
  /** As diagnostics name it. */
  readonly path: string
}

/** Files may hold nodes in any order, and some that nothing reads. Fails with `onnx/cycle` or `onnx/redefinition`. */
export function orderedNodes(graph: GraphProto, file: string): readonly PlacedNode[] {
  const producer = new Map<string, PlacedNode>()
  const known = new Set([
    ...(graph.initializer ?? []).map(({ name }) => name ?? ''),
    ...(graph.input ?? []).map(({ name }) => name ?? ''),
  ])
  for (const [what, ports] of [
    ['input', graph.input ?? []],
    ['output', graph.output ?? []],
  ] as const) {
    const twice = ports.find(({ name }, n) => ports.findIndex((other) => other.name === name) < n)
    if (twice) {
      fail({
        code: 'onnx/redefinition',
        message: `the graph has two ${what}s called ${JSON.stringify(twice.name ?? '')}`,
        span: { file, path: `${what} ${JSON.stringify(twice.name ?? '')}` },
        hint: 'every value has one definition: onnx.checker says more about the file',
      })
    }
  }
  ;(graph.node ?? []).forEach((proto, n) => {
    const node = { proto, path: `node ${n} ${proto.opType ?? ''} ${JSON.stringify(proto.name ?? '')}` }
    for (const name of proto.output ?? []) {
      if (name === '') continue
      if (producer.has(name) || known.has(name)) {
        fail({
          code: 'onnx/redefinition',
          message: `${JSON.stringify(name)} is computed by a second node, or is also an input`,
          span: { file, path: node.path },
          hint: 'every value has one definition: onnx.checker says more about the file',
        })
      }
      producer.set(name, node)
    }
  })

  const ordered: PlacedNode[] = []
  const state = new Map<PlacedNode, 'open' | 'done'>()
  for (const { name } of graph.output ?? []) visit(name ?? '')
  return ordered

  /** Depth first, without recursion: networks may have thousands of layers. */
  function visit(output: string): void {
    const first = producer.get(output)
    const stack = first ? [first] : []
    while (stack.length > 0) {
      const node = stack.at(-1) as PlacedNode
      if (state.get(node) === 'done') {
        stack.pop()
        continue
      }
      state.set(node, 'open')
      const waiting = (node.proto.input ?? []).flatMap((name) => {
        const source = producer.get(name)
        return source && state.get(source) !== 'done' ? [source] : []
      })
      const cyclic = waiting.find((source) => state.get(source) === 'open')
      if (cyclic) {
        fail({
          code: 'onnx/cycle',
          message: `${node.path} needs its own result, by way of ${cyclic.path}`,
          span: { file, path: node.path },
          hint: 'a graph without loops is needed: export the model unrolled',
        })
      }
      if (waiting.length === 0) {
        state.set(node, 'done')
        ordered.push(node)
        stack.pop()
      } else {
        stack.push(...waiting)
      }
    }
  }
}
