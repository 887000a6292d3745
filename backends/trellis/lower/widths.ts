/**
 * How wide the elements of each value below 8 bits stand in memory. A convolution runs at the width of its input, so an
 * input is at least as wide as the weights it meets; ops that only move elements keep the width; and pixels, and vectors of
 * results, are whole bytes. What is widened so costs memory, never exactness.
 */
import { must } from '../../../ir/diagnostic.ts'
import { DTYPE_BITS, type DType } from '../../../ir/dtype.ts'
import { type Graph, type Node, typeOf, type ValueId } from '../../../ir/graph.ts'
import type { OpName } from '../../../ir/ops/names.ts'
import type { Target } from '../target.ts'

const LOW_BIT: ReadonlySet<DType> = new Set(['i4', 'u4', 'i2', 'u2', 'b1'])

export function isLowBit(dtype: DType): boolean {
  return LOW_BIT.has(dtype)
}

/** Ops whose results are elements of their operands. */
const MOVES: ReadonlySet<OpName> = new Set([
  'max_pool2d',
  'reshape',
  'concat',
  'strided_slice',
  'resize_nearest',
])
const WITH_WEIGHTS: ReadonlySet<OpName> = new Set(['conv2d', 'fully_connected', 'transpose_conv2d'])

/** Bits of an element in memory: 1, 2, 4 or 8, for each value below 8 bits. */
export function storedWidths(graph: Graph, target: Target): ReadonlyMap<ValueId, number> {
  const classes = new Classes()
  const least = new Map<ValueId, number>()
  const raise = (id: ValueId, bits: number): void => {
    least.set(id, Math.max(least.get(id) ?? 1, bits))
  }
  for (const node of graph.nodes) {
    for (const id of node.outputs) if (isLowBit(typeOf(graph, id).dtype)) classes.add(id)
    for (const id of node.inputs) if (isLowBit(typeOf(graph, id).dtype)) classes.add(id)
    const x = must(node.inputs[0], 'input')
    if (WITH_WEIGHTS.has(node.op)) raise(x, weightBits(graph, node))
    else if (node.op === 'depthwise_conv2d') raise(x, 8)
    else if (MOVES.has(node.op)) {
      const output = must(node.outputs[0], 'output')
      if (isLowBit(typeOf(graph, output).dtype)) for (const id of node.inputs) classes.join(id, output)
    }
  }
  const widths = new Map<ValueId, number>()
  for (const members of classes.all()) {
    const bits = [1, 2, 4, 8].find((width) =>
      members.every((id) => {
        const { dtype, shape } = typeOf(graph, id)
        if (width < DTYPE_BITS[dtype] || width < (least.get(id) ?? 1)) return false
        const wholeBytes = ((shape.at(-1) ?? 1) * width) % 8 === 0 && (target.array.cols * width) % 8 === 0
        return width === 8 || (wholeBytes && target.precisions.some((p) => p === width))
      }),
    )
    for (const id of members) widths.set(id, must(bits, 'a width'))
  }
  return widths
}

function weightBits(graph: Graph, node: Node): number {
  return Math.min(8, DTYPE_BITS[typeOf(graph, must(node.inputs[1], 'weights')).dtype])
}

/** Values that must have the same width. */
class Classes {
  readonly #parent = new Map<ValueId, ValueId>()

  add(id: ValueId): void {
    if (!this.#parent.has(id)) this.#parent.set(id, id)
  }

  join(a: ValueId, b: ValueId): void {
    this.#parent.set(this.#root(a), this.#root(b))
  }

  all(): Iterable<readonly ValueId[]> {
    const members = new Map<ValueId, ValueId[]>()
    for (const id of this.#parent.keys()) {
      const root = this.#root(id)
      members.set(root, [...(members.get(root) ?? []), id])
    }
    return members.values()
  }

  #root(id: ValueId): ValueId {
    let at = id
    for (let up = this.#parent.get(at); up !== undefined && up !== at; up = this.#parent.get(at)) at = up
    return at
  }
}
