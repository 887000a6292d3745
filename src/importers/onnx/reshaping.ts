/**
 * Values in another shape. The elements of the file are in row-major order, ours lie in the order that the layers want;
 * so an axis of the old or the new shape is taken apart into pieces that are axes of both, and elements move only where
 * the pieces of a new axis do not lie side by side. Channel shuffles, blocks of pixels, and axes of size 1 that come and
 * go keep the channels last that way.
 */
import { elementCount } from '../../../ir/tensor.ts'
import { type Computed, channelsLast, plainOrder } from './builder.ts'
import type { NodeContext } from './context.ts'

/** A factor, above 1, of an axis of the old shape and of one of the new. */
interface Piece {
  readonly size: number
  readonly from: number
  readonly to: number
}

/** The attribute of a transpose: for each axis of the result the input's. */
export function permutation(node: NodeContext, rank: number): readonly number[] {
  const perm = node.ints('perm') ?? plainOrder(rank).toReversed()
  if (perm.length !== rank || !plainOrder(rank).every((axis) => perm.includes(axis))) {
    node.reject('bad-attribute', `perm [${perm}] does not name the ${rank} axes of its input`)
  }
  return perm
}

/** The elements of `x` counted in another shape of as many. */
export function reshaped(node: NodeContext, x: Computed, shape: readonly number[]): Computed {
  if (isFlattening(x, shape)) return flattened(node, x, shape)
  const image = x.flattened ?? x
  const pieces = piecesOf(image.shape, shape)
  if (pieces === undefined) {
    const plain = node.builder.arrange(x, plainOrder(x.shape.length), node.origin)
    return { kind: 'computed', id: counted(node, plain, shape), shape, order: plainOrder(shape.length) }
  }
  const memory = image.order.flatMap((axis) => pieces.filter(({ from }) => from === axis))
  const order = orderOf(memory, shape)
  const wanted = order.flatMap((axis) => pieces.filter(({ to }) => to === axis))
  const sizes = order.map((axis) => shape[axis] ?? 1)
  return { kind: 'computed', id: counted(node, moved(node, x.id, memory, wanted), sizes), shape, order }
}

/** An image as a row of features for each sample: the layer behind it reorders its weights instead. */
function isFlattening(x: Computed, shape: readonly number[]): boolean {
  return x.shape.length > 2 && shape.length === 2 && shape[0] === x.shape[0] && x.order[0] === 0
}

function flattened(node: NodeContext, x: Computed, shape: readonly number[]): Computed {
  const flat: Computed = { kind: 'computed', id: counted(node, x.id, shape), shape, order: [0, 1] }
  const long = (axes: readonly number[]) => axes.filter((axis) => x.shape[axis] !== 1).join()
  const isPlain = long(x.order) === long(plainOrder(x.order.length))
  return isPlain ? flat : { ...flat, flattened: { shape: x.shape, order: x.order } }
}

/** Both shapes cut into pieces, in the order of the file; undefined where a piece would lie across the end of an axis. */
function piecesOf(from: readonly number[], to: readonly number[]): readonly Piece[] | undefined {
  const pieces: Piece[] = []
  let axis = 0
  let left = from[0] ?? 1
  for (const [target, size] of to.entries()) {
    let needed = size
    while (needed > 1) {
      while (left === 1 && axis < from.length) left = from[++axis] ?? 1
      const piece = needed % left === 0 ? left : needed
      if (left % piece !== 0) return undefined
      pieces.push({ size: piece, from: axis, to: target })
      needed /= piece
      left /= piece
    }
  }
  return pieces
}

/** New axes by the first of their pieces in memory; those of size 1 stand where a usual order has them. */
function orderOf(memory: readonly Piece[], shape: readonly number[]): readonly number[] {
  const long = [...new Set(memory.map(({ to }) => to))]
  const usual = [channelsLast(shape.length), plainOrder(shape.length)].find(
    (order) => `${order.filter((axis) => long.includes(axis))}` === `${long}`,
  )
  return usual ?? [...plainOrder(shape.length).filter((axis) => !long.includes(axis)), ...long]
}

/** The value with its pieces in another order; those that stay neighbours move as one axis. */
function moved(node: NodeContext, id: string, memory: readonly Piece[], wanted: readonly Piece[]): string {
  const runs: Piece[][] = []
  for (const piece of memory) {
    const run = runs.at(-1)
    const last = run?.at(-1)
    if (run && last && wanted[wanted.indexOf(last) + 1] === piece) run.push(piece)
    else runs.push([piece])
  }
  if (runs.length <= 1) return id
  const name = node.outputs[0] ?? node.origin.name
  const sizes = runs.map((run) => elementCount(run.map(({ size }) => size)))
  const place = (n: number) => wanted.indexOf(runs[n]?.[0] as Piece)
  const perm = plainOrder(runs.length).toSorted((a, b) => place(a) - place(b))
  const apart = counted(node, id, sizes, `${name} apart`)
  return node.emit('transpose', [apart], { perm }, `${name} moved`, node.builder.resultOf(id))
}

/** The same elements in memory in another shape. */
function counted(node: NodeContext, id: string, shape: readonly number[], wish?: string): string {
  if (`${node.builder.type(id).shape}` === `${shape}`) return id
  return node.emit('reshape', [id], { shape }, wish, node.builder.resultOf(id))
}
