/** Weights with many zero blocks are stored as the blocks that are left. */
import { DTYPE_BITS } from '../dtype.ts'
import { type Graph, type Value, type ValueId, valueOf } from '../graph.ts'
import type { OpName } from '../ops/names.ts'
import type { Pass } from '../pass.ts'
import { withNodes } from '../rewrite.ts'
import { type BlockShape, blockCount, keptBlocks } from '../sparsity.ts'
import { elementCount } from '../tensor.ts'

/** Ops whose weights have output channels first and input channels last. */
const WEIGHTED: ReadonlySet<OpName> = new Set(['conv2d', 'transpose_conv2d', 'fully_connected'])
const INDEX_BITS = 32

/** Finds the zero blocks of a shape. A constant takes it where blocks and their indices are fewer bits than all elements. */
export function discoverBlocks(block: BlockShape): Pass<Graph> {
  return {
    name: 'discover-blocks',
    summary: 'Stores weights as the blocks that are not zero, where that is smaller.',
    run(graph) {
      const ids = graph.nodes.flatMap(({ op, inputs }) => (WEIGHTED.has(op) ? inputs.slice(1, 2) : []))
      const sparse = new Map<ValueId, Value>()
      for (const id of ids) {
        const value = valueOf(graph, id)
        if (value.data === undefined || value.blocks !== undefined) continue
        if (value.type.quant?.zeroPoint.some((zeroPoint) => zeroPoint !== 0)) continue
        if (isSmaller(value, block)) sparse.set(id, { ...value, blocks: block })
      }
      return sparse.size === 0 ? graph : withNodes(graph, graph.nodes, sparse)
    },
  }
}

function isSmaller({ type: { dtype, shape }, data }: Value, block: BlockShape): boolean {
  if (data === undefined) return false
  const kept = keptBlocks(shape, data, block).length
  const all = blockCount(shape, block)
  const denseBits = elementCount(shape) * DTYPE_BITS[dtype]
  return (kept + 1) * INDEX_BITS + (kept / all) * denseBits < denseBits
}
