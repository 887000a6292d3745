/**
 * Reductions of float32 tensors over axes (ir/ops/real/reductions.ts): each element is combined with its output's, in
 * the order of the elements, one by one.
 *
 * Loop order: the input's dimensions. Data layout: the input without gaps; each dimension has a distance in the output,
 * 0 where it is reduced.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { RealReduction } from '../../../ir/ops/real/reductions.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { Kernel } from './kernel.ts'

export interface RealReductionSpec extends RealReduction {
  /** Outermost first; strides in elements of the output. */
  readonly dimensions: readonly { readonly count: number; readonly stride: number }[]
  readonly outputs: number
  /** What each result is divided by in the end. */
  readonly divisor: number
}

/** Addresses: input, output. */
export function realReductionKernel(spec: RealReductionSpec): Kernel {
  // JSON has no infinities.
  const key = JSON.stringify({ ...spec, initial: String(spec.initial) })
  return {
    name: `float reduction to ${spec.outputs} by ${spec.combine}, one by one`,
    define: (b) =>
      b.define(`real reduction ${key}`, 2, (f, x, y) => emit(b, f, spec, must(x, 'x'), must(y, 'y'))),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { dimensions, outputs, initial, combine, divisor }: RealReductionSpec,
  x: Local,
  y: Local,
): readonly Expression[] {
  const { f32 } = b.wasm
  const at = f.i32()
  const each = (body: () => readonly Expression[]) => [
    at.set(y.get()),
    ...f.repeat(outputs, () => [...body(), ...f.advance(at, 4)]),
  ]
  /** Dimensions from `n` on; where they end, the output is where it was. */
  const walk = (n: number): readonly Expression[] => {
    const dimension = dimensions[n]
    if (dimension === undefined) {
      const combined = f32[combine](f32.load(0, 4, at.get()), f32.load(0, 4, x.get()))
      return [f32.store(0, 4, at.get(), combined), ...f.advance(x, 4)]
    }
    const { count, stride } = dimension
    return [
      ...f.repeat(count, () => [...walk(n + 1), ...f.advance(at, 4 * stride)]),
      ...f.advance(at, -4 * stride * count),
    ]
  }
  return [
    ...each(() => [f32.store(0, 4, at.get(), f32.const(initial))]),
    at.set(y.get()),
    ...walk(0),
    ...(divisor === 1
      ? []
      : each(() => [f32.store(0, 4, at.get(), f32.div(f32.load(0, 4, at.get()), f32.const(divisor)))])),
  ]
}
