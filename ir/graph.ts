/**
 * The graph IR: SSA values, nodes in topological order. Everything is immutable: a pass builds a new graph and may
 * share any part of the old one.
 */
import type { Span } from './diagnostic.ts'
import { must } from './diagnostic.ts'
import type { TensorData } from './dtype.ts'
import type { OpName } from './ops/names.ts'
import type { BlockShape } from './sparsity.ts'
import type { TensorType } from './tensor.ts'

/** A value's name is its identity: unique within its graph. */
export type ValueId = string

export interface Value {
  readonly type: TensorType
  /** Present for a constant: its elements, row-major. */
  readonly data?: TensorData
  /** For a constant that is stored as its kept blocks only; `data` holds all elements. */
  readonly blocks?: BlockShape
}

export type Attr = number | string | boolean | readonly number[]
export type Attrs = Readonly<Record<string, Attr>>

export interface Node {
  readonly op: OpName
  /** Shown in reports; unique within its graph. */
  readonly name: string
  /** Operands in the op's order; a trailing optional operand (a bias) is left out, never a hole. */
  readonly inputs: readonly ValueId[]
  readonly outputs: readonly ValueId[]
  readonly attrs: Attrs
  readonly span?: Span
}

export interface Graph {
  readonly name: string
  readonly inputs: readonly ValueId[]
  readonly outputs: readonly ValueId[]
  /** Every input, constant and result. */
  readonly values: ReadonlyMap<ValueId, Value>
  readonly nodes: readonly Node[]
}

export function valueOf(graph: Graph, id: ValueId): Value {
  return must(graph.values.get(id), `value ${id} of graph ${graph.name}`)
}

export function typeOf(graph: Graph, id: ValueId): TensorType {
  return valueOf(graph, id).type
}

/** The node that computes each value. */
export function producers(graph: Graph): ReadonlyMap<ValueId, Node> {
  const map = new Map<ValueId, Node>()
  for (const node of graph.nodes) for (const out of node.outputs) map.set(out, node)
  return map
}

/** The nodes that read each value, in order; a node that reads a value twice stands there twice. */
export function consumers(graph: Graph): ReadonlyMap<ValueId, readonly Node[]> {
  const map = new Map<ValueId, Node[]>()
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      const list = map.get(input)
      if (list) list.push(node)
      else map.set(input, [node])
    }
  }
  return map
}
