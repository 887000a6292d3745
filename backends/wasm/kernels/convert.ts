/**
 * Between float32 and elements of at most 8 bits.
 *
 * Loop order: rows, then 16 elements at a time. Register tile: one vector of bytes, four of float32. Data layout: rows
 * with a pitch; the scale and the zero point are in the code.
 */
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { storedZero } from '../storage.ts'
import type { Kernel } from './kernel.ts'
import { eachVector, joinRows, type Rows } from './rows.ts'
import { clampBytes, loadWords, narrowWords, storeFirst } from './stored.ts'

export interface ConvertSpec extends Rows {
  /** Bytes from row to row. */
  readonly x: number
  readonly y: number
  /** A float32. */
  readonly scale: number
  readonly zeroPoint: number
}

/** The range of the elements. */
interface QuantizeSpec extends ConvertSpec {
  readonly min: number
  readonly max: number
}

/** Addresses: reals, elements. Ties are rounded away from zero, or to even. */
export function quantizeKernel(spec: QuantizeSpec, ties: 'away' | 'even'): Kernel {
  return ties === 'even'
    ? converter('quantize to even', spec, 4, 1, quantize(nearestEven))
    : converter('quantize', spec, 4, 1, quantize(nearestAway))
}

/** Addresses: reals, elements: +1 where the real is not negative, else, and where it is no number, -1. */
export function signKernel(spec: Omit<ConvertSpec, 'scale' | 'zeroPoint'>): Kernel {
  return converter('signs', spec, 4, 1, signs)
}

/** Addresses: elements, reals. */
export function dequantizeKernel(spec: ConvertSpec): Kernel {
  return converter('dequantize', spec, 1, 4, dequantize)
}

type Emit<Spec> = (
  b: ModuleBuilder,
  f: FunctionBuilder,
  spec: Spec,
  x: Local,
  y: Local,
) => (count: number) => readonly Expression[]

function converter<Spec extends Rows & { readonly x: number; readonly y: number }>(
  kind: string,
  spec: Spec,
  from: number,
  to: number,
  emit: Emit<Spec>,
): Kernel {
  const rows = joinRows(spec, [
    { size: from, pitch: spec.x },
    { size: to, pitch: spec.y },
  ])
  const joined = { ...spec, ...rows }
  return {
    name: `${kind} ${rows.rows}x${rows.elements} elements`,
    define: (b) =>
      b.define(`${kind} ${JSON.stringify(joined)}`, 2, (f, x, y) => {
        if (!x || !y) throw new Error('internal error: parameters')
        const tensors = [
          { at: x, size: from, pitch: rows.rows === 1 ? 0 : spec.x },
          { at: y, size: to, pitch: rows.rows === 1 ? 0 : spec.y },
        ]
        return eachVector(b, f, rows, tensors, emit(b, f, spec, x, y))
      }),
  }
}

/** The largest float32 below one half: added before cutting off, it rounds halves away from zero and nothing else. */
const BELOW_HALF = new Uint8Array(new Float32Array(4).fill(0.5 - 2 ** -25).buffer)
const SIGN_BITS = new Uint8Array(new Float32Array(4).fill(-0).buffer)

/** A vector of float32 that is cut off to the nearest integers. */
type Round = (b: ModuleBuilder, value: Local) => Expression

function nearestAway(b: ModuleBuilder, value: Local): Expression {
  const { f32x4, v128 } = b.wasm
  const half = v128.or(v128.and(value.get(), v128.const(SIGN_BITS)), v128.const(BELOW_HALF))
  return f32x4.add(value.get(), half)
}

function nearestEven(b: ModuleBuilder, value: Local): Expression {
  return b.wasm.f32x4.nearest(value.get())
}

/** x / scale in float32, rounded; what is no number becomes 0, the rest saturates. */
function quantize(round: Round): Emit<QuantizeSpec> {
  return (b, f, spec, x, y) => quantizeVectors(b, f, spec, x, y, round)
}

function quantizeVectors(
  b: ModuleBuilder,
  f: FunctionBuilder,
  spec: QuantizeSpec,
  x: Local,
  y: Local,
  nearest: Round,
) {
  const { f32, f32x4, i16x8, i32, i32x4, v128 } = b.wasm
  const [quotient, bytes] = [f.v128(), f.v128()]
  const results = [f.v128(), f.v128(), f.v128(), f.v128()] as const
  const round = (n: 0 | 1 | 2 | 3) => [
    quotient.set(f32x4.div(v128.load(16 * n, 4, x.get()), f32x4.splat(f32.const(spec.scale)))),
    results[n].set(i32x4.trunc_sat_f32x4_s(nearest(b, quotient))),
  ]
  const words = (low: Local, high: Local) =>
    i16x8.add_saturate_s(
      i16x8.narrow_i32x4_s(low.get(), high.get()),
      i16x8.splat(i32.const(spec.zeroPoint + storedZero(b.variant))),
    )
  return (count: number) => [
    ...round(0),
    ...round(1),
    ...round(2),
    ...round(3),
    bytes.set(narrowWords(b, words(results[0], results[1]), words(results[2], results[3]))),
    bytes.set(clampBytes(b, bytes.get(), spec.min, spec.max)),
    ...storeFirst(b, y.get, bytes, count),
  ]
}

function signs(b: ModuleBuilder, f: FunctionBuilder, _: unknown, x: Local, y: Local) {
  const { f32, f32x4, i8x16, i16x8, i32, v128 } = b.wasm
  const bytes = f.v128()
  // All bits where the real is not negative: -1 in each width.
  const mask = (n: number) => f32x4.ge(v128.load(16 * n, 4, x.get()), f32x4.splat(f32.const(0)))
  const words = (n: number) => i16x8.narrow_i32x4_s(mask(n), mask(n + 1))
  const minusOne = i8x16.splat(i32.const(storedZero(b.variant) - 1))
  return (count: number) => [
    bytes.set(i8x16.narrow_i16x8_s(words(0), words(2))),
    bytes.set(i8x16.sub(minusOne, i8x16.add(bytes.get(), bytes.get()))),
    ...storeFirst(b, y.get, bytes, count),
  ]
}

/** scale * (q - zeroPoint): the product is rounded once. */
function dequantize(b: ModuleBuilder, f: FunctionBuilder, spec: ConvertSpec, x: Local, y: Local) {
  const { f32, f32x4, i16x8, i32, i32x4, v128 } = b.wasm
  const words = f.v128()
  const real = f.v128()
  return (count: number) =>
    [0, 1].flatMap((half) => [
      words.set(
        i16x8.sub(
          loadWords(b, 8 * half, x.get()),
          i16x8.splat(i32.const(spec.zeroPoint + storedZero(b.variant))),
        ),
      ),
      ...[i32x4.extend_low_i16x8_s, i32x4.extend_high_i16x8_s].flatMap((extend, part) => {
        const first = 8 * half + 4 * part
        const here = Math.min(4, count - first)
        if (here <= 0) return []
        return [
          real.set(f32x4.mul(f32x4.convert_i32x4_s(extend(words.get())), f32x4.splat(f32.const(spec.scale)))),
          ...(here === 4
            ? [v128.store(4 * first, 4, y.get(), real.get())]
            : Array.from({ length: here }, (_, lane) =>
                v128.store32_lane(4 * (first + lane), 4, lane, y.get(), real.get()),
              )),
        ]
      }),
    ])
}
