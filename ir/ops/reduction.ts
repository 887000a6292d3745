/** What the ops share that reduce axes. */
import { elementCount, type TensorType } from '../tensor.ts'
import { broadcastIndex } from './broadcast.ts'
import { input, shapeError } from './define.ts'
import type { AttrSpec } from './op.ts'

export const REDUCTION_ATTRS = {
  axes: { kind: 'ints', doc: 'axes to reduce, counted from 0' },
  keep_dims: { kind: 'bool', default: false, doc: 'leave reduced axes as size 1 instead of removing them' },
} as const satisfies Readonly<Record<string, AttrSpec>>

export function reducedShape(
  inputs: readonly TensorType[],
  { axes, keep_dims }: { readonly axes: readonly number[]; readonly keep_dims: boolean },
): readonly number[] {
  const { shape } = input(inputs, 0)
  for (const axis of axes) {
    if (axis < 0 || axis >= shape.length) {
      shapeError(`attribute axes names axis ${axis}, but x has ${shape.length} dimensions`)
    }
  }
  const reduced = shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
  return keep_dims ? reduced : reduced.filter((_, axis) => !axes.includes(axis))
}

/** For each element the output that it goes to; the number of outputs, and of elements for each. */
export function reduction(shape: readonly number[], axes: readonly number[]) {
  const reduced = shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
  // Reducing goes the way of broadcasting, backwards.
  const target = broadcastIndex(reduced, shape)
  const outputs = elementCount(reduced)
  return { target, outputs, count: target.length / outputs }
}
