/**
 * Softmax of float32 rows (ir/ops/softmax.ts): differences to the largest element in float32, all else in doubles.
 *
 * Loop order: rows; of each its largest element, its exponentials and their sum, its results. Data layout: rows without
 * gaps; the exponentials of one row wait in a table of doubles.
 */
import { exp } from '../../../ir/arith/real-functions.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { Kernel } from './kernel.ts'
import { realArithmetic } from './real-arithmetic.ts'

export interface RealSoftmaxSpec {
  readonly rows: number
  readonly depth: number
  readonly beta: number
}

/** Addresses: input, `depth` doubles, output. */
export function realSoftmaxKernel(spec: RealSoftmaxSpec): Kernel {
  return {
    name: `float softmax ${spec.rows}x${spec.depth}`,
    define: (b) =>
      b.define(`real softmax ${JSON.stringify(spec)}`, 3, (f, ...p) =>
        emit(b, f, spec, must(p[0], 'x'), must(p[1], 'exponentials'), must(p[2], 'y')),
      ),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { rows, depth, beta }: RealSoftmaxSpec,
  x: Local,
  exponentials: Local,
  y: Local,
): readonly Expression[] {
  const { f32, f64 } = b.wasm
  const r = realArithmetic(b, f)
  const [at, table, largest, sum, value] = [f.i32(), f.i32(), f.f32(), f.f64(), f.f64()]
  const each = (from: Local, body: () => readonly Expression[]) => [
    at.set(from.get()),
    table.set(exponentials.get()),
    ...f.repeat(depth, () => [...body(), ...f.advance(at, 4), ...f.advance(table, 8)]),
  ]
  const difference = f32.sub(f32.load(0, 4, at.get()), largest.get())
  const scaled = f64.mul(f64.promote(difference), f64.const(beta))
  return f.repeat(rows, () => [
    largest.set(f32.const(-Infinity)),
    ...each(x, () => [largest.set(f32.max(largest.get(), f32.load(0, 4, at.get())))]),
    sum.set(f64.const(0)),
    ...each(x, () => [
      value.set(scaled),
      value.set(exp(r, value.get)()),
      f64.store(0, 8, table.get(), value.get()),
      sum.set(f64.add(sum.get(), value.get())),
    ]),
    ...each(y, () => [
      f32.store(0, 4, at.get(), f32.demote(f64.div(f64.load(0, 8, table.get()), sum.get()))),
    ]),
    ...f.advance(x, 4 * depth),
    ...f.advance(y, 4 * depth),
  ])
}
