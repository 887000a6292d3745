/** Reductions over axes. */
import type { OpName } from '../../../../ir/ops/names.ts'
import { type Computed, plainOrder } from '../builder.ts'
import type { NodeContext, OperatorRule } from '../context.ts'

/** A value with some of the file's axes reduced. */
export function reduced(
  node: NodeContext,
  op: OpName,
  x: Computed,
  axes: readonly number[],
  keepDims: boolean,
  wish?: string,
): Computed {
  const rank = x.shape.length
  const order = x.flattened ? plainOrder(rank) : x.order
  const source = x.flattened ? node.builder.arrange(x, order, node.origin) : x.id
  const inner = axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b)
  const id = node.emit(op, [source], { axes: inner, keep_dims: keepDims }, wish)
  if (keepDims) return node.result(id, order)[0]
  const left = order.filter((axis) => !axes.includes(axis))
  const renumbered = left.map((axis) => left.filter((other) => other < axis).length)
  return node.result(id, renumbered)[0]
}

type Change = (node: NodeContext, x: Computed) => Computed

const none: Change = (_, x) => x

function mapped(op: OpName): Change {
  return (node, x) => ({ ...x, id: node.emit(op, [x.id], {}) })
}

const squared: Change = (node, x) => ({ ...x, id: node.emit('mul', [x.id, x.id], {}) })

/** An op over some axes, of what is made of each element, and what is made of its result. */
function reduction(op: OpName, newInput: number, before = none, after = none): OperatorRule {
  return (node) => {
    const x = node.computed(0)
    const rank = x.shape.length
    // Axes are an attribute before a version, and an input from it on.
    const given = node.opset < newInput ? node.ints('axes') : node.optionalConstant(1, 'axes')?.data
    const isEmpty = given === undefined || given.length === 0
    if (isEmpty && node.int('noop_with_empty_axes', 0) !== 0) return [x]
    const axes = isEmpty ? plainOrder(rank) : [...given].map((axis) => node.axis(axis, rank))
    const keepDims = node.int('keepdims', 1) !== 0
    return [after(node, reduced(node, op, before(node, x), axes, keepDims))]
  }
}

export const REDUCTIONS = {
  ReduceMean: reduction('mean', 18),
  ReduceSum: reduction('reduce_sum', 13),
  ReduceProd: reduction('reduce_prod', 18),
  ReduceMin: reduction('reduce_min', 18),
  ReduceMax: reduction('reduce_max', 18),
  ReduceL1: reduction('reduce_sum', 18, mapped('abs')),
  ReduceL2: reduction('reduce_sum', 18, squared, mapped('sqrt')),
  ReduceSumSquare: reduction('reduce_sum', 18, squared),
  ReduceLogSum: reduction('reduce_sum', 18, none, mapped('log')),
  ReduceLogSumExp: reduction('reduce_sum', 18, mapped('exp'), mapped('log')),
}
