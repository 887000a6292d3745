/** Pools, means and softmax where there is no vectorized kernel for the operands. */
import { quantizeMultiplier } from '../../../ir/arith/multiplier.ts'
import { scaleOf, type TensorRequant, zeroPointOf } from '../../../ir/arith/requant.ts'
import { interpolationTable } from '../../../ir/arith/tables.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { TensorType } from '../../../ir/tensor.ts'
import { type Reduction, scalarPoolKernel } from '../kernels/scalar-pool.ts'
import { softmaxInt16Kernel } from '../kernels/softmax-int16.ts'
import { elementBytes, type Place, type Placement } from '../storage.ts'
import type { Label, Lowering } from './lowering.ts'
import type { FlatRows, PoolWindow } from './pools.ts'
import { stepEachImage } from './rows.ts'

function elementType({ dtype }: TensorType): 'i8' | 'i16' {
  return dtype === 'i16' ? 'i16' : 'i8'
}

/** avg_pool2d, max_pool2d. */
export function scalarPool(
  node: Label,
  lowering: Lowering,
  x: Placement,
  y: Placement,
  kind: 'largest' | 'average',
  { vertical, horizontal, min, max }: PoolWindow,
): void {
  const kernel = scalarPoolKernel({
    dtype: elementType(x.type),
    vertical,
    horizontal,
    channels: must(x.type.shape[3], 'channels'),
    inputRow: x.rowPitch,
    outputRow: y.rowPitch,
    reduction: { kind, min, max },
  })
  stepEachImage(lowering, node, kernel, [x], [], y)
}

/** mean: a pool of many windows of one column. */
export function scalarMean(
  node: Label,
  lowering: Lowering,
  { place, outer, count, inner }: FlatRows,
  type: TensorType,
  y: Place,
  requant: TensorRequant,
): void {
  const size = elementBytes(type.dtype)
  const reduction: Reduction = { kind: 'mean', subtracted: count * zeroPointOf(type), requant }
  const kernel = scalarPoolKernel({
    dtype: elementType(type),
    vertical: { input: outer * count, output: outer, kernel: count, stride: count, padBefore: 0 },
    horizontal: { input: 1, output: 1, kernel: 1, stride: 1, padBefore: 0 },
    channels: inner,
    inputRow: inner * size,
    outputRow: inner * size,
    reduction,
  })
  lowering.step(node, kernel, [place, y])
}

/** softmax of int16, from `x` to `y` without gaps. */
export function softmaxInt16(
  node: Label,
  lowering: Lowering,
  x: Placement,
  y: Place,
  shape: { readonly rows: number; readonly depth: number },
  beta: number,
): void {
  // Scale and tables are those of ir/ops/softmax.ts.
  const factor = Math.fround(scaleOf(x.type) * Math.fround(beta)) / (10 / 65535)
  const exponentials = interpolationTable(10 / 65535, 32767, Math.exp)
  const reciprocals = interpolationTable(1 / 65535, -32768, (v) => 1 / (1 + v))
  const place = (table: Int16Array) => lowering.weights(new Uint8Array(table.buffer))
  const kernel = softmaxInt16Kernel({ ...shape, scaling: quantizeMultiplier(factor) })
  lowering.step(node, kernel, [x.place, place(exponentials), place(reciprocals), y])
}
