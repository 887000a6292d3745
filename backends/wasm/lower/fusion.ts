/** What of a graph is computed otherwise than node by node: products of bits, and thresholds inside convolutions. */
import { must } from '../../../ir/diagnostic.ts'
import { consumers, type Graph, type Node, typeOf, type ValueId, valueOf } from '../../../ir/graph.ts'
import { elementCount } from '../../../ir/tensor.ts'
import { isStoredAsInt8 } from '../storage.ts'
import { type Thresholds, thresholdsOf } from './sums.ts'

export interface FusedThreshold {
  readonly node: Node
  readonly thresholds: Thresholds
}

export interface Fusion {
  /** Convolutions whose sums go through thresholds at once. */
  readonly thresholds: ReadonlyMap<Node, FusedThreshold>
  /** Nodes that are computed with another. */
  readonly skipped: ReadonlySet<Node>
  /** Values of which there are packed bits only. */
  readonly bits: ReadonlySet<ValueId>
}

export function planFusion(graph: Graph): Fusion {
  const readers = consumers(graph)
  const thresholds = new Map<Node, FusedThreshold>()
  const bits = new Set<ValueId>()
  for (const node of graph.nodes) {
    const sums = must(node.outputs[0], 'an output')
    const [reader, ...others] = readers.get(sums) ?? []
    const isPrivate = others.length === 0 && !graph.outputs.includes(sums)
    if (!isWeighted(node) || !isVectorized(graph, node) || !isPrivate || reader?.op !== 'threshold') continue
    const found = thresholdsOf(graph, reader)
    if (found === undefined || reader.inputs[0] !== sums) continue
    thresholds.set(node, { node: reader, thresholds: found })
    const output = must(reader.outputs[0], 'an output')
    const areBits = isBinary(graph, node) && found.channels % WORD_BITS === 0 && neverWraps(graph, node)
    const onlyBitsAreRead = readers
      .get(output)
      ?.every((next) => isBinary(graph, next) && readsPixels(graph, next))
    const { dtype } = typeOf(graph, output)
    if (dtype === 'b1' && areBits && onlyBitsAreRead === true && !graph.outputs.includes(output)) {
      bits.add(output)
    }
  }
  const skipped = new Set([...thresholds.values()].map(({ node }) => node))
  return { thresholds, skipped, bits }
}

/** Of such sums less than half as large as int32 allows, comparisons are those of counts. */
function neverWraps(graph: Graph, { inputs }: Node): boolean {
  const [x, w, bias] = inputs.map((id) => valueOf(graph, id))
  const depth = elementCount(must(w, 'weights').type.shape) / must(w?.type.shape[0], 'output channels')
  const zeroPoint = Math.abs(x?.type.quant?.zeroPoint[0] ?? 0)
  const largest = Array.from(bias?.data ?? [], (value: number | bigint) => Math.abs(Number(value))).reduce(
    (most, value) => Math.max(most, value),
    0,
  )
  return largest + depth * (1 + zeroPoint) < 2 ** 30
}

/** Whether the pixels of an input, of its last dimension, are those of the layer: not where it flattens images. */
function readsPixels(graph: Graph, { op, inputs }: Node): boolean {
  const [x, w] = inputs.map((id) => typeOf(graph, id).shape.at(-1))
  return op === 'conv2d' || x === w
}

const WEIGHTED = ['conv2d', 'depthwise_conv2d', 'fully_connected']

function isWeighted({ op }: Node): boolean {
  return WEIGHTED.includes(op)
}

/** An input of at most 8 bits, and weights that are known and symmetric. */
export function isVectorized(graph: Graph, { inputs }: Node): boolean {
  const [x, w, bias] = inputs.map((id) => valueOf(graph, id))
  if (x === undefined || !isStoredAsInt8(x.type.dtype) || w?.data === undefined) return false
  const isSymmetric = w.type.quant?.zeroPoint.every((zeroPoint) => zeroPoint === 0) === true
  return isSymmetric && (bias === undefined || bias.data !== undefined)
}

/** Fewer channels than these are as fast as bytes. */
const LEAST_BITS = 16
/** Bits of pixels fill whole words of so many. */
const WORD_BITS = 32

/** A convolution or a fully connected layer of -1 and +1 that counts bits. */
export function isBinary(graph: Graph, node: Node): boolean {
  if (node.op !== 'conv2d' && node.op !== 'fully_connected') return false
  const [x, w] = node.inputs.map((id) => typeOf(graph, id))
  if (x?.dtype !== 'b1' || w?.dtype !== 'b1' || !isVectorized(graph, node)) return false
  const depth = must(w.shape.at(-1), 'input channels')
  const isGrouped = node.op === 'conv2d' && depth !== x.shape.at(-1)
  return isGrouped ? depth % WORD_BITS === 0 : depth >= LEAST_BITS
}
