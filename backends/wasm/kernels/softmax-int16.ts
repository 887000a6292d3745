/**
 * Softmax of int16 rows by interpolated tables (ir/ops/softmax.ts).
 *
 * Loop order: rows; of each its largest element, its exponentials and their sum, its results. Data layout: rows without
 * gaps; tables of 513 int16. Exponentials wait in the output.
 */
import type { QuantizedMultiplier } from '../../../ir/arith/multiplier.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { pickMax, scaleByConstant } from './fixed-point.ts'
import type { Kernel } from './kernel.ts'
import { clampInt } from './scalar.ts'

export interface SoftmaxInt16Spec {
  readonly rows: number
  readonly depth: number
  readonly scaling: QuantizedMultiplier
}

/** Addresses: input, exponentials, reciprocals, output. */
export function softmaxInt16Kernel(spec: SoftmaxInt16Spec): Kernel {
  return {
    name: `softmax ${spec.rows}x${spec.depth} of int16`,
    define: (b) => b.define(`softmax int16 ${JSON.stringify(spec)}`, 4, (f, ...p) => emit(b, f, spec, p)),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { rows, depth, scaling }: SoftmaxInt16Spec,
  parameters: readonly Local[],
): readonly Expression[] {
  const { i32 } = b.wasm
  const parameter = (n: number) => must(parameters[n], 'parameter')
  const [x, exponentials, reciprocals, y] = [parameter(0), parameter(1), parameter(2), parameter(3)]
  const [at, to, largest, sum, value, headroom, share, shift] = [
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
  ]
  const each = (body: () => readonly Expression[]) => [
    at.set(x.get()),
    to.set(y.get()),
    ...f.repeat(depth, () => [...body(), ...f.advance(at, 2), ...f.advance(to, 2)]),
  ]
  const element = () => i32.load16_s(0, 2, at.get())
  const difference = () => scaleByConstant(b, i32.sub(element(), largest.get()), scaling)
  const clamped = (position: Expression) => clampInt(b, f, position, -32768, 32767)
  // sum = 2^(16 - headroom) * (1 + v), v in 16 bits.
  const normalized = i32.shr_u(
    i32.add(i32.shl(sum.get(), i32.sub(headroom.get(), i32.const(1))), i32.const(2 ** 13)),
    i32.const(14),
  )
  const half = i32.shl(i32.const(1), i32.sub(shift.get(), i32.const(1)))
  const result = i32.shr_s(i32.add(i32.mul(value.get(), share.get()), half), shift.get())
  return f.repeat(rows, () => [
    largest.set(i32.const(-32768)),
    ...each(() => [largest.set(pickMax(b, f, largest.get(), element()))]),
    sum.set(i32.const(0)),
    ...each(() => [
      value.set(interpolated(b, f, exponentials, clamped(i32.add(difference(), i32.const(32767))))),
      sum.set(i32.add(sum.get(), value.get())),
      i32.store16(0, 2, to.get(), value.get()),
    ]),
    headroom.set(i32.clz(sum.get())),
    share.set(interpolated(b, f, reciprocals, clamped(i32.sub(normalized, i32.const(2 ** 15 + 2 ** 16))))),
    shift.set(i32.sub(i32.const(31), headroom.get())),
    ...each(() => [
      value.set(i32.load16_s(0, 2, to.get())),
      i32.store16(0, 2, to.get(), clampInt(b, f, result, 0, 32767)),
    ]),
    ...f.advance(x, 2 * depth),
    ...f.advance(y, 2 * depth),
  ])
}

/** `interpolate` of ir/arith/tables.ts. */
function interpolated(b: ModuleBuilder, f: FunctionBuilder, table: Local, position: Expression): Expression {
  const { i32 } = b.wasm
  const [x, entry, base] = [f.i32(), f.i32(), f.i32()]
  const toInt16 = (value: Expression) => i32.shr_s(i32.shl(value, i32.const(16)), i32.const(16))
  const slope = toInt16(i32.sub(i32.load16_s(2, 2, entry.get()), base.get()))
  const part = i32.add(i32.mul(slope, i32.and(x.get(), i32.const(0x7f))), i32.const(64))
  const index = i32.add(i32.shr_s(x.get(), i32.const(7)), i32.const(256))
  return b.sequence(
    x.set(position),
    entry.set(i32.add(table.get(), i32.shl(index, i32.const(1)))),
    base.set(i32.load16_s(0, 2, entry.get())),
    toInt16(i32.add(base.get(), i32.shr_s(part, i32.const(7)))),
  )
}
