/** Nodes whose result is their operand, element for element. */
import { type Graph, type Node, typeOf, type ValueId } from '../graph.ts'
import { withDefaults } from '../ops/define.ts'
import type { OpName } from '../ops/names.ts'
import { OPS } from '../ops/registry.ts'
import type { Pass } from '../pass.ts'
import { operandOf, redirect, resultOf, sameType } from '../rewrite.ts'

export const removeIdentities: Pass<Graph> = {
  name: 'remove-identities',
  summary: 'Removes nodes that do nothing: a reshape to the same shape, a pad by 0, a concatenation of one.',
  run(graph) {
    const replaced = new Map<ValueId, ValueId>()
    for (const node of graph.nodes) {
      if (isIdentity(graph, node)) replaced.set(resultOf(node), operandOf(node))
    }
    return redirect(graph, replaced)
  },
}

type Predicate = (attrs: Readonly<Record<string, unknown>>, shape: readonly number[]) => boolean

const always: Predicate = () => true

/** When an op whose only operand has the type of its result, quantization included, changes nothing. */
const IDENTITIES: { readonly [N in OpName]?: Predicate } = {
  reshape: always,
  pad: always,
  concat: always,
  // The multiplier is exactly 1, and nothing is beyond the range.
  quantize: always,
  resize_nearest: always,
  resize_bilinear: always,
  strided_slice: ({ strides }) => ints(strides).every((stride) => stride === 1),
  transpose: ({ perm }, shape) => keepsOrder(ints(perm), shape),
  avg_pool2d: isUnitPool,
  max_pool2d: isUnitPool,
  clip: ({ min, max }) => min === -Infinity && max === Infinity,
  mean: ({ axes }, shape) => ints(axes).every((axis) => shape[axis] === 1),
}

/** On real numbers they make +0 of -0, the start of a sum, or compute with a pixel beside that may be infinite. */
const ONLY_OF_INTEGERS: ReadonlySet<OpName> = new Set(['avg_pool2d', 'mean', 'resize_bilinear'])

function isIdentity(graph: Graph, node: Node): boolean {
  const predicate = IDENTITIES[node.op]
  const type = typeOf(graph, resultOf(node))
  if (type.dtype === 'f32' && ONLY_OF_INTEGERS.has(node.op)) return false
  if (!predicate || node.inputs.length !== 1 || !sameType(type, typeOf(graph, operandOf(node)))) return false
  return predicate(withDefaults(OPS[node.op].attrs, node.attrs), type.shape)
}

/** Whether a transpose moves axes of one element only: the others stay in order, and so do all elements. */
export function keepsOrder(perm: readonly number[], shape: readonly number[]): boolean {
  const moved = perm.filter((axis) => shape[axis] !== 1)
  return moved.every((axis, n) => n === 0 || axis > (moved[n - 1] ?? 0))
}

function isUnitPool({ kernel, activation }: Readonly<Record<string, unknown>>): boolean {
  return ints(kernel).every((size) => size === 1) && activation === 'none'
}

function ints(attr: unknown): readonly number[] {
  return attr as readonly number[]
}
