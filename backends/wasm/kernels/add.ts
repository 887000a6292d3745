/**
 * Sum or difference of two int8 tensors of one shape, by the integers of add-constants.ts.
 *
 * Loop order: rows, then 16 elements at a time. Register tile: one vector; neighbouring elements of both operands are
 * interleaved as 16-bit pairs, so that one `i32x4.dot_i16x8_s` weighs and adds four pairs. Data layout: rows with a
 * pitch for each tensor; constants are the 20 bytes that `addConstantBytes` writes.
 */

import { type AddConstants, addOffset, HIGH_SHIFT, LOW_SHIFT } from '../add-constants.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { Kernel } from './kernel.ts'
import { eachVector, joinRows, type Rows } from './rows.ts'
import { clampBytes, isUnsigned, loadWords, narrowWords, storeFirst } from './stored.ts'

export interface AddSpec extends Rows {
  /** Bytes from row to row. */
  readonly a: number
  readonly b: number
  readonly y: number
  readonly shift: number
  readonly min: number
  readonly max: number
}

const HIGH = 0
const LOW = 4
/** The offset for stored elements that are signed, and then for those that are unsigned. */
const OFFSET = 8

export function addConstantBytes(constants: AddConstants): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  const pair = (at: number, { a, b }: { readonly a: number; readonly b: number }) => {
    view.setInt16(at, a, true)
    view.setInt16(at + 2, b, true)
  }
  pair(HIGH, constants.high)
  pair(LOW, constants.low)
  view.setInt32(OFFSET, addOffset(constants, 0), true)
  view.setInt32(OFFSET + 4, addOffset(constants, 128), true)
  return bytes
}

/** Addresses: a, b, constants, output. */
export function addKernel(spec: AddSpec): Kernel {
  const pitches = [spec.a, spec.b, spec.y].map((pitch) => ({ size: 1, pitch }))
  const rows = joinRows(spec, pitches)
  const joined = rows.rows === 1 ? { ...spec, ...rows, a: 0, b: 0, y: 0 } : spec
  return {
    name: `add ${rows.rows}x${rows.elements} elements`,
    define: (b) => b.define(`add ${JSON.stringify(joined)}`, 4, (f, ...p) => emit(b, f, joined, p)),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  spec: AddSpec,
  [x, y, constants, z]: readonly Local[],
): readonly Expression[] {
  if (!x || !y || !constants || !z) throw new Error('internal error: parameters')
  const { i8x16, i16x8, i32, i32x4, v128 } = b.wasm
  const [high, low, offset, words, others, pairs, bytes] = [
    f.v128(),
    f.v128(),
    f.v128(),
    f.v128(),
    f.v128(),
    f.v128(),
    f.v128(),
  ]
  const results = [f.v128(), f.v128(), f.v128(), f.v128()] as const
  const splat = (at: number) => v128.load32_splat(at, 4, constants.get())
  const shifted = (sum: Expression) => i32x4.shr_s(sum, i32.const(spec.shift))
  const result = () => {
    const coarse = i32x4.shl(i32x4.dot_i16x8_s(pairs.get(), high.get()), i32.const(HIGH_SHIFT))
    const fine = i32x4.shr_s(i32x4.dot_i16x8_s(pairs.get(), low.get()), i32.const(LOW_SHIFT))
    return shifted(i32x4.add(i32x4.add(coarse, fine), offset.get()))
  }
  const tensors = [
    { at: x, size: 1, pitch: spec.a },
    { at: y, size: 1, pitch: spec.b },
    { at: z, size: 1, pitch: spec.y },
  ]
  return [
    high.set(splat(HIGH)),
    low.set(splat(LOW)),
    offset.set(splat(isUnsigned(b) ? OFFSET + 4 : OFFSET)),
    ...eachVector(b, f, spec, tensors, (count) => [
      ...[0, 1].flatMap((half) => [
        words.set(loadWords(b, 8 * half, x.get())),
        others.set(loadWords(b, 8 * half, y.get())),
        ...[0, 1].flatMap((part) => [
          pairs.set(i8x16.shuffle(words.get(), others.get(), part === 0 ? INTERLEAVE_LOW : INTERLEAVE_HIGH)),
          (results[2 * half + part] as Local).set(result()),
        ]),
      ]),
      bytes.set(
        clampBytes(
          b,
          narrowWords(
            b,
            i16x8.narrow_i32x4_s(results[0].get(), results[1].get()),
            i16x8.narrow_i32x4_s(results[2].get(), results[3].get()),
          ),
          spec.min,
          spec.max,
        ),
      ),
      ...storeFirst(b, z.get, bytes, count),
    ]),
  ]
}

/** 16-bit lanes of both operands in turn. */
const INTERLEAVE_LOW = interleaved(0)
const INTERLEAVE_HIGH = interleaved(8)

function interleaved(from: number): number[] {
  return Array.from({ length: 4 }, (_, n) => from + 2 * n).flatMap((at) => [at, at + 1, at + 16, at + 17])
}
