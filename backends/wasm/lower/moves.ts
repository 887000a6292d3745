/** Rules of the ops that move elements, of any type. */
import { must } from '../../../ir/diagnostic.ts'
import { allocate } from '../../../ir/dtype.ts'
import type { Node } from '../../../ir/graph.ts'
import { nhwc, withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { elementCount } from '../../../ir/tensor.ts'
import { fillKernel } from '../kernels/fill.ts'
import { interleaveKernel, LEAST_PIXELS } from '../kernels/interleave.ts'
import {
  at,
  byteStrides,
  contiguous,
  elementBytes,
  isContiguous,
  isStoredAsInt8,
  NO_BORDER,
  type Place,
  type Placement,
} from '../storage.ts'
import type { Lowering } from './lowering.ts'

/** Elements along some axes: where the first lies, and the bytes to its neighbours. */
interface Strided {
  readonly place: Place
  readonly strides: readonly number[]
}

function strided(placement: Placement): Strided {
  return { place: placement.place, strides: byteStrides(placement) }
}

function output(node: Node): string {
  return must(node.outputs[0], 'an output')
}

/** reshape: nothing is moved, unless there is a border on either side. */
export function reshape(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = output(node)
  const type = lowering.type(y)
  if (isContiguous(x) && lowering.border(y) === NO_BORDER) {
    lowering.place(y, contiguous(type, x.place))
    return
  }
  const flat = lowering.flat(must(node.inputs[0], 'x'), node)
  lowering.copy(contiguous(type, flat.place), lowering.allocate(y, node), node)
}

export function transpose(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(output(node), node)
  const { perm } = node.attrs as { readonly perm: readonly number[] }
  if (interleave(node, lowering, x, y, perm)) return
  const given = byteStrides(x)
  const strides = perm.map((axis) => must(given[axis], 'axis'))
  lowering.move(node, y.type.shape, elementBytes(x.type.dtype), { place: x.place, strides }, strided(y))
}

/** From a few planes of bytes to pixels. */
function interleave(
  node: Node,
  lowering: Lowering,
  x: Placement,
  y: Placement,
  perm: readonly number[],
): boolean {
  const isPlanar = perm.length === 4 && [0, 2, 3, 1].every((axis, n) => axis === perm[n])
  if (!isPlanar || elementBytes(x.type.dtype) !== 1 || !isContiguous(x)) return false
  const [images, rows, pixels, planes] = nhwc(y.type, 'y')
  if ((planes !== 2 && planes !== 3 && planes !== 4) || pixels < LEAST_PIXELS) return false
  const plane = rows * pixels
  const kernel = interleaveKernel({ planes, rows, pixels, plane, fromRow: pixels, toRow: y.rowPitch })
  for (let n = 0; n < images; n++) {
    lowering.step(node, kernel, [at(x.place, n * planes * plane), at(y.place, n * y.imagePitch)])
  }
  return true
}

export function pad(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const { placement: y, finish } = lowering.flatResult(output(node), node)
  const { paddings, value } = node.attrs as { readonly paddings: readonly number[]; readonly value: number }
  const size = elementBytes(x.type.dtype)
  const bytes = elementCount(y.type.shape) * size
  const pattern = patternOf(y, value)
  lowering.step(node, fillKernel({ bytes, pattern, isInt8: isStoredAsInt8(y.type.dtype) }), [y.place])
  const strides = byteStrides(y)
  const start = strides.reduce((sum, stride, axis) => sum + stride * (paddings[2 * axis] ?? 0), 0)
  lowering.move(node, x.type.shape, size, strided(x), { place: at(y.place, start), strides })
  finish()
}

/** 16 bytes of an element, again and again. */
function patternOf({ type: { dtype } }: Placement, value: number): readonly number[] {
  const elements = allocate(dtype, 16 / elementBytes(dtype))
  if (elements instanceof BigInt64Array) elements.fill(BigInt(value))
  else elements.fill(value)
  return [...new Uint8Array(elements.buffer)]
}

export function concat(node: Node, lowering: Lowering): void {
  const y = lowering.allocate(output(node), node)
  const { axis } = node.attrs as { readonly axis: number }
  const to = strided(y)
  const step = must(to.strides[axis], 'axis')
  let position = 0
  for (const id of node.inputs) {
    const x = lowering.placement(id)
    const target = { place: at(to.place, position * step), strides: to.strides }
    lowering.move(node, x.type.shape, elementBytes(x.type.dtype), strided(x), target)
    position += must(x.type.shape[axis], 'axis')
  }
}

export function stridedSlice(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(output(node), node)
  const { begin, end, strides } = node.attrs as {
    readonly [N in 'begin' | 'end' | 'strides']: readonly number[]
  }
  const { shrink } = withDefaults(OPS.strided_slice.attrs, node.attrs) as {
    readonly shrink: readonly number[]
  }
  const given = byteStrides(x)
  const start = given.reduce((sum, stride, axis) => sum + stride * must(begin[axis], 'begin'), 0)
  const step = (axis: number) => must(strides[axis], 'stride')
  const shape = given.map((_, axis) =>
    Math.ceil((must(end[axis], 'end') - must(begin[axis], 'begin')) / step(axis)),
  )
  const steps = given.map((stride, axis) => stride * step(axis))
  const targets = [...byteStrides(y)]
  // Axes that are removed have one element, which is moved nowhere.
  const to = shape.map((_, axis) => (shrink.includes(axis) ? 0 : must(targets.shift(), 'axis')))
  lowering.move(
    node,
    shape,
    elementBytes(x.type.dtype),
    { place: at(x.place, start), strides: steps },
    { place: y.place, strides: to },
  )
}
