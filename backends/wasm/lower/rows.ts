/** Placements as rows of elements, for elementwise kernels. */
import { must } from '../../../ir/diagnostic.ts'
import { elementCount, type TensorType } from '../../../ir/tensor.ts'
import type { Kernel } from '../kernels/kernel.ts'
import type { Rows } from '../kernels/rows.ts'
import { at, byteStrides, contiguous, elementBytes, type Place, type Placement } from '../storage.ts'
import type { Label, Lowering } from './lowering.ts'

/** Rows of one image; all of a tensor that has no images. */
export function rowsOf({ type, rows, rowBytes }: Placement): Rows {
  return { rows, elements: rowBytes / elementBytes(type.dtype) }
}

/** One step for each image. `tables` stand between inputs and output. */
export function stepEachImage(
  lowering: Lowering,
  node: Label,
  kernel: Kernel,
  inputs: readonly Placement[],
  tables: readonly Place[],
  output: Placement,
): void {
  const image = (p: Placement, n: number) => at(p.place, n * p.imagePitch)
  for (let n = 0; n < output.images; n++) {
    lowering.step(node, kernel, [...inputs.map((x) => image(x, n)), ...tables, image(output, n)])
  }
}

/** An operand in the shape that it broadcasts to: where it lies, or a copy of it. */
export function broadcast(
  lowering: Lowering,
  placement: Placement,
  shape: readonly number[],
  node: Label,
): Placement {
  const { type } = placement
  const missing = shape.length - type.shape.length
  if (missing === 0 && shape.every((size, axis) => size === type.shape[axis])) return placement
  const given = byteStrides(placement)
  const strides = shape.map((_, axis) =>
    (type.shape[axis - missing] ?? 1) === 1 ? 0 : must(given[axis - missing], 'axis'),
  )
  const size = elementBytes(type.dtype)
  const whole: TensorType = { ...type, shape }
  const copy = contiguous(whole, lowering.buffer(elementCount(shape) * size))
  lowering.move(
    node,
    shape,
    size,
    { place: placement.place, strides },
    { place: copy.place, strides: byteStrides(copy) },
  )
  return copy
}
