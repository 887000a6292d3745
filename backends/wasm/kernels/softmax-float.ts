/**
 * Softmax of int8 rows in float32 (ir/arith/onnx.ts, `floatSoftmaxRequant`): exponentials by table, one added after
 * another, a division for each element.
 *
 * Loop order: rows; of each its largest element, the sum of its exponentials, its results. Data layout: rows without
 * gaps; the exponential of each possible difference to the largest element stands in a table of 256 float32.
 */
import { UNSIGNED } from '../../../ir/arith/requant.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { pickMax } from './fixed-point.ts'
import type { Kernel } from './kernel.ts'
import { clampInt } from './scalar.ts'
import type { SoftmaxSpec } from './softmax.ts'
import { isUnsigned, storeByte } from './stored.ts'

export interface FloatSoftmaxSpec extends SoftmaxSpec {
  /** Output steps in one. */
  readonly unit: number
  readonly outputZeroPoint: number
}

/** Addresses: input, exponentials, output. */
export function floatSoftmaxKernel(spec: FloatSoftmaxSpec): Kernel {
  return {
    name: `softmax ${spec.rows}x${spec.depth} in float32`,
    define: (b) =>
      b.define(`float softmax ${JSON.stringify(spec)}`, 3, (f, x, exponentials, y) =>
        emit(b, f, spec, must(x, 'x'), must(exponentials, 'exponentials'), must(y, 'y')),
      ),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { rows, depth, unit, outputZeroPoint }: FloatSoftmaxSpec,
  x: Local,
  exponentials: Local,
  y: Local,
): readonly Expression[] {
  const { f32, i32 } = b.wasm
  const [at, largest, sum] = [f.i32(), f.i32(), f.f32()]
  // Differences of stored elements are those of the elements.
  const load = () => (isUnsigned(b) ? i32.load8_u(0, 1, at.get()) : i32.load8_s(0, 1, at.get()))
  const exponential = () => {
    const difference = i32.sub(largest.get(), load())
    return f32.load(0, 4, i32.add(exponentials.get(), i32.shl(difference, i32.const(2))))
  }
  const each = (body: () => readonly Expression[]) => [
    at.set(x.get()),
    ...f.repeat(depth, () => [...body(), ...f.advance(at, 1)]),
  ]
  const share = () => {
    const steps = f32.nearest(f32.div(f32.mul(exponential(), f32.const(unit)), sum.get()))
    return i32.add(i32.trunc_s_sat.f32(steps), i32.const(outputZeroPoint))
  }
  return f.repeat(rows, () => [
    largest.set(i32.const(-UNSIGNED)),
    ...each(() => [largest.set(pickMax(b, f, largest.get(), load()))]),
    sum.set(f32.const(0)),
    ...each(() => [sum.set(f32.add(sum.get(), exponential()))]),
    ...each(() => [storeByte(b, 0, y.get(), clampInt(b, f, share(), -128, 127)), ...f.advance(y, 1)]),
    ...f.advance(x, depth),
  ])
}
