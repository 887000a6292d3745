/**
 * Sums and differences of two int8 tensors of one shape in float32 (ir/arith/onnx.ts, `applyFloatAdd`), where no integers
 * give the same. Products and sums are doubles that are rounded to float32 once, as a fused multiplication would be.
 *
 * Loop order: rows, then 16 elements at a time. Register tile: one vector of bytes, two doubles at a time. Data layout:
 * rows with a pitch for each tensor.
 */
import type { FloatAddRequant } from '../../../ir/arith/onnx.ts'
import { UNSIGNED } from '../../../ir/arith/requant.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { storedZero } from '../storage.ts'
import type { Kernel } from './kernel.ts'
import { eachVector, joinRows, type Rows } from './rows.ts'
import { clampBytes, loadWords, narrowWords, storeFirst } from './stored.ts'

export interface FloatAddSpec extends Rows {
  /** Bytes from row to row. */
  readonly a: number
  readonly b: number
  readonly y: number
  readonly requant: FloatAddRequant
}

/** Addresses: a, b, output. */
export function floatAddKernel(spec: FloatAddSpec): Kernel {
  const pitches = [spec.a, spec.b, spec.y].map((pitch) => ({ size: 1, pitch }))
  const rows = joinRows(spec, pitches)
  const joined = rows.rows === 1 ? { ...spec, ...rows, a: 0, b: 0, y: 0 } : spec
  return {
    name: `add ${rows.rows}x${rows.elements} elements in float32`,
    define: (b) => b.define(`float add ${JSON.stringify(joined)}`, 3, (f, ...p) => emit(b, f, joined, p)),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  spec: FloatAddSpec,
  [x, y, z]: readonly Local[],
): readonly Expression[] {
  if (!x || !y || !z) throw new Error('internal error: parameters')
  const { i16x8, i32, i32x4 } = b.wasm
  const [first, second, bytes] = [f.v128(), f.v128(), f.v128()]
  const sums = [f.v128(), f.v128(), f.v128(), f.v128()]
  const zero = storedZero(b.variant)
  const unsigned = (offset: number, at: Local) =>
    i16x8.add(loadWords(b, offset, at.get()), i16x8.splat(i32.const(UNSIGNED - zero)))
  const results = (n: number) =>
    i16x8.add_saturate_s(
      i16x8.narrow_i32x4_s(must(sums[n], 'sum').get(), must(sums[n + 1], 'sum').get()),
      i16x8.splat(i32.const(zero - UNSIGNED)),
    )
  const tensors = [
    { at: x, size: 1, pitch: spec.a },
    { at: y, size: 1, pitch: spec.b },
    { at: z, size: 1, pitch: spec.y },
  ]
  const { min, max } = spec.requant
  return eachVector(b, f, spec, tensors, (count) => [
    ...[0, 1].flatMap((half) => [
      first.set(unsigned(8 * half, x)),
      second.set(unsigned(8 * half, y)),
      ...[i32x4.extend_low_i16x8_s, i32x4.extend_high_i16x8_s].map((extend, part) =>
        must(sums[2 * half + part], 'sum').set(
          sum(b, f, spec.requant, extend(first.get()), extend(second.get())),
        ),
      ),
    ]),
    bytes.set(clampBytes(b, narrowWords(b, results(0), results(2)), min, max)),
    ...storeFirst(b, z.get, bytes, count),
  ])
}

/** Four sums of int32, as integers. */
function sum(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { ratioA, ratioB, fixed }: FloatAddRequant,
  first: Expression,
  second: Expression,
): Expression {
  const { f32x4, f64, f64x2, i8x16, i32x4 } = b.wasm
  const [x, y, low] = [f.v128(), f.v128(), f.v128()]
  const double = (value: number) => f64x2.splat(f64.const(value))
  const upper = (value: Local) => i8x16.shuffle(value.get(), value.get(), UPPER_HALF)
  const scaled = (integers: Expression, ratio: number, addend: Expression) =>
    f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(integers), double(ratio)), addend))
  const pair = (p: Expression, q: Expression) =>
    scaled(p, ratioA, f64x2.promote_low_f32x4(scaled(q, ratioB, double(fixed))))
  const all = i8x16.shuffle(low.get(), pair(upper(x), upper(y)), LOWER_HALVES)
  return b.sequence(
    x.set(first),
    y.set(second),
    low.set(pair(x.get(), y.get())),
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(all)),
  )
}

const UPPER_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]
const LOWER_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
