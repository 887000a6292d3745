/**
 * A border of zeros and the padding of a convolution are one thing: a convolution reads the zero point outside of its
 * image. So a pad with that value moves into the `pads` of each convolution that reads it. Average pools are left alone:
 * their own padding does not count as elements, a pad before them does.
 */
import { must } from '../diagnostic.ts'
import { type Graph, type Node, producers, typeOf, valueOf } from '../graph.ts'
import { withDefaults } from '../ops/define.ts'
import { OPS } from '../ops/registry.ts'
import type { Pass } from '../pass.ts'
import { operandOf, resultOf, sameQuant, withNodes } from '../rewrite.ts'

export const fusePad: Pass<Graph> = {
  name: 'fuse-pad',
  summary: 'Moves borders of zeros into the padding of the convolutions that read them.',
  run(graph) {
    const producerOf = producers(graph)
    const fused = (node: Node): Node => {
      const pad = producerOf.get(operandOf(node))
      if (!pad || !isZeroBorder(graph, pad) || !allowsNoProducts(graph, node)) return node
      // Behind a pad there may be another.
      return fused({ ...node, inputs: [operandOf(pad), ...node.inputs.slice(1)], attrs: widened(node, pad) })
    }
    const nodes = graph.nodes.map((node) => (PADDED.has(node.op) ? fused(node) : node))
    return withNodes(graph, nodes)
  },
}

const PADDED: ReadonlySet<string> = new Set(['conv2d', 'depthwise_conv2d'])

/** Real zeros, around rows and columns of an image only. */
function isZeroBorder(graph: Graph, node: Node): boolean {
  if (node.op !== 'pad') return false
  const input = typeOf(graph, operandOf(node))
  const output = typeOf(graph, resultOf(node))
  const [n0, n1, , , , , c0, c1] = node.attrs.paddings as readonly number[]
  return (
    input.shape.length === 4 &&
    [n0, n1, c0, c1].every((n) => n === 0) &&
    sameQuant(input.quant, output.quant) &&
    node.attrs.value === (output.dtype === 'f32' ? 0 : output.quant?.zeroPoint[0])
  )
}

/**
 * Whether a sum is the same without the products of its padding: of real weights only finite ones have the product 0,
 * and then no sum is -0, whose sum with 0 would be another.
 */
function allowsNoProducts(graph: Graph, node: Node): boolean {
  const { type, data } = valueOf(graph, must(node.inputs[1], 'weights'))
  return type.dtype !== 'f32' || (data instanceof Float32Array && data.every(Number.isFinite))
}

function widened(node: Node, pad: Node): Node['attrs'] {
  const { pads } = withDefaults(OPS[node.op].attrs, node.attrs) as { readonly pads: readonly number[] }
  const [, , top, bottom, left, right] = pad.attrs.paddings as readonly number[]
  const border = [top, left, bottom, right]
  return { ...node.attrs, pads: pads.map((n, side) => n + must(border[side], 'a side')) }
}
