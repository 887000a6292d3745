/**
 * Product of two int8 tensors of one shape.
 *
 * Loop order: rows, then 16 elements at a time. Register tile: one vector. Data layout: rows with a pitch for each
 * tensor; the scaling of the products stands in the weights file.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { storedZero } from '../storage.ts'
import type { Kernel } from './kernel.ts'
import { eachVector, joinRows, type Rows } from './rows.ts'
import { loadWords, storeFirst } from './stored.ts'
import { type FloatEpilogue, loadScaling, scaleSums } from './sums.ts'

export interface MultiplySpec extends Rows {
  /** Bytes from row to row. */
  readonly a: number
  readonly b: number
  readonly y: number
  readonly zeroPointA: number
  readonly zeroPointB: number
  readonly epilogue: FloatEpilogue
}

/** Addresses: a, b, scaling, output. */
export function multiplyKernel(spec: MultiplySpec): Kernel {
  const pitches = [spec.a, spec.b, spec.y].map((pitch) => ({ size: 1, pitch }))
  const rows = joinRows(spec, pitches)
  const joined = rows.rows === 1 ? { ...spec, ...rows, a: 0, b: 0, y: 0 } : spec
  return {
    name: `multiply ${rows.rows}x${rows.elements} elements`,
    define: (b) => b.define(`multiply ${JSON.stringify(joined)}`, 4, (f, ...p) => emit(b, f, joined, p)),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  spec: MultiplySpec,
  [x, y, constants, z]: readonly Local[],
): readonly Expression[] {
  if (!x || !y || !constants || !z) throw new Error('internal error: parameters')
  const { i16x8, i32, i32x4 } = b.wasm
  const scaling = { bias: f.v128(), scale: f.v128(), offset: f.v128() }
  const [words, others, bytes] = [f.v128(), f.v128(), f.v128()]
  const products = [f.v128(), f.v128(), f.v128(), f.v128()]
  const real = (offset: number, at: Local, zeroPoint: number) =>
    i16x8.sub(loadWords(b, offset, at.get()), i16x8.splat(i32.const(zeroPoint + storedZero(b.variant))))
  const tensors = [
    { at: x, size: 1, pitch: spec.a },
    { at: y, size: 1, pitch: spec.b },
    { at: z, size: 1, pitch: spec.y },
  ]
  return [
    ...loadScaling(b, scaling, constants.get),
    ...eachVector(b, f, spec, tensors, (count) => [
      ...[0, 1].flatMap((half) => [
        words.set(real(8 * half, x, spec.zeroPointA)),
        others.set(real(8 * half, y, spec.zeroPointB)),
        ...[i32x4.extmul_low_i16x8_s, i32x4.extmul_high_i16x8_s].map((extmul, part) =>
          must(products[2 * half + part], 'product').set(
            i32x4.add(extmul(words.get(), others.get()), scaling.bias.get()),
          ),
        ),
      ]),
      ...scaleSums(b, f, spec.epilogue, products, scaling, bytes),
      ...storeFirst(b, z.get, bytes, count),
    ]),
  ]
}
