/**
 * Softmax of int8 rows in fixed point (ir/ops/softmax.ts): exponentials in Q0.31, their sum in Q12.19, one reciprocal a
 * row.
 *
 * Loop order: rows; of each its largest element, the sum of its exponentials, its results. Data layout: rows without
 * gaps; the exponential of each possible difference to the largest element stands in a table of 256 int32.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { highMul, pickMax, saturatingLeftShift, shiftRounded } from './fixed-point.ts'
import type { Kernel } from './kernel.ts'
import { clampInt } from './scalar.ts'
import { isUnsigned, storeByte } from './stored.ts'

export interface SoftmaxSpec {
  readonly rows: number
  readonly depth: number
}

/** Integer bits of the sum. */
const SUM_INTEGER_BITS = 12

/** Addresses: input, exponentials, output. */
export function softmaxKernel(spec: SoftmaxSpec): Kernel {
  return {
    name: `softmax ${spec.rows}x${spec.depth}`,
    define: (b) =>
      b.define(`softmax ${JSON.stringify(spec)}`, 3, (f, x, exponentials, y) =>
        emit(b, f, spec, must(x, 'x'), must(exponentials, 'exponentials'), must(y, 'y')),
      ),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { rows, depth }: SoftmaxSpec,
  x: Local,
  exponentials: Local,
  y: Local,
): readonly Expression[] {
  const { i32 } = b.wasm
  const [at, largest, sum, scale, bits, share] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
  // Differences of stored elements are those of the elements.
  const load = () => (isUnsigned(b) ? i32.load8_u(0, 1, at.get()) : i32.load8_s(0, 1, at.get()))
  const exponential = () => {
    const difference = i32.sub(largest.get(), load())
    return i32.load(0, 4, i32.add(exponentials.get(), i32.shl(difference, i32.const(2))))
  }
  const each = (body: () => readonly Expression[]) => [
    at.set(x.get()),
    ...f.repeat(depth, () => [...body(), ...f.advance(at, 1)]),
  ]
  const addend = shiftRounded(b, f, exponential, () => i32.const(SUM_INTEGER_BITS))
  return f.repeat(rows, () => [
    largest.set(i32.const(-128)),
    ...each(() => [largest.set(pickMax(b, f, largest.get(), load()))]),
    sum.set(i32.const(0)),
    ...each(() => [sum.set(i32.add(sum.get(), addend))]),
    ...reciprocal(b, f, sum, scale, bits),
    bits.set(i32.add(bits.get(), i32.const(SUM_INTEGER_BITS + 23))),
    ...each(() => [
      share.set(highMul(b, scale.get(), exponential())),
      storeByte(
        b,
        0,
        y.get(),
        clampInt(b, f, i32.sub(shiftRounded(b, f, share.get, bits.get), i32.const(128)), -128, 127),
      ),
      ...f.advance(y, 1),
    ]),
    ...f.advance(x, depth),
  ])
}

/**
 * 1 / sum as ir/arith/fixed-point.ts has it: a value in [1/2, 1] in Q0.31 in `scale`, and in `bits` how far its units
 * are to be moved, less the integer bits of the sum.
 */
function reciprocal(
  b: ModuleBuilder,
  f: FunctionBuilder,
  sum: Local,
  scale: Local,
  bits: Local,
): readonly Expression[] {
  const { i32 } = b.wasm
  const [headroom, half, error] = [f.i32(), f.i32(), f.i32()]
  // (x + 2^31) / 2 rounded down, for x = (sum << headroom) - 2^31: the shift of an unsigned number.
  const halfDenominator = i32.shr_u(i32.shl(sum.get(), headroom.get()), i32.const(1))
  return [
    headroom.set(i32.clz(sum.get())),
    half.set(halfDenominator),
    scale.set(i32.add(i32.const(1515870810), highMul(b, half.get(), i32.const(-1010580540)))),
    ...f.repeat(3, () => [
      error.set(i32.sub(i32.const(2 ** 29), highMul(b, half.get(), scale.get()))),
      scale.set(i32.add(scale.get(), saturatingLeftShift(b, f, highMul(b, scale.get(), error.get()), 2))),
    ]),
    scale.set(saturatingLeftShift(b, f, scale.get(), 1)),
    bits.set(i32.sub(i32.const(0), headroom.get())),
  ]
}
