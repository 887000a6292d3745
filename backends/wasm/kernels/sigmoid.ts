/** int16 logistic and tanh by interpolation in a table (ir/arith/tables.ts, `logisticInt16` and `tanhInt16`). */
import type { SigmoidScaling } from '../../../ir/arith/tables.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'

/** `table` is the address of SIGMOID_TABLE, 16 bits an entry; so below. */
export function interpolatedLogistic(
  b: ModuleBuilder,
  f: FunctionBuilder,
  x: Expression,
  scaling: SigmoidScaling,
  table: Local,
): Expression {
  const { i32 } = b.wasm
  const [scaled, result] = [f.i32(), f.i32()]
  const positive = i32.add(result.get(), i32.const(1 << 9))
  const negative = i32.sub(i32.const((1 << 25) + (1 << 9) - 1), result.get())
  return b.sequence(
    scaled.set(scaleInput(b, x, scaling)),
    result.set(interpolated(b, f, scaled, 9, 0x7fff << 10, table)),
    toInt16(b, i32.shr_u(b.wasm.select(isPositive(b, scaled), positive, negative), i32.const(10))),
  )
}

export function interpolatedTanh(
  b: ModuleBuilder,
  f: FunctionBuilder,
  x: Expression,
  scaling: SigmoidScaling,
  table: Local,
): Expression {
  const { i32 } = b.wasm
  const [scaled, result] = [f.i32(), f.i32()]
  const positive = i32.add(result.get(), i32.const((1 << 7) - (1 << 23)))
  const negative = i32.sub(i32.const((1 << 23) + (1 << 7) - 1), result.get())
  return b.sequence(
    scaled.set(scaleInput(b, x, scaling)),
    result.set(interpolated(b, f, scaled, 8, 0xffff << 8, table)),
    toInt16(b, i32.shr_s(b.wasm.select(isPositive(b, scaled), positive, negative), i32.const(8))),
  )
}

/** The lowest 16 bits, as a signed number. */
function toInt16(b: ModuleBuilder, x: Expression): Expression {
  const { i32 } = b.wasm
  return i32.shr_s(i32.shl(x, i32.const(16)), i32.const(16))
}

function isPositive(b: ModuleBuilder, x: Local): Expression {
  return b.wasm.i32.ge_s(x.get(), b.wasm.i32.const(0))
}

function scaleInput(b: ModuleBuilder, x: Expression, { multiplier, shift }: SigmoidScaling): Expression {
  const { i32 } = b.wasm
  const half = shift > 0 ? 1 << (shift - 1) : 0
  return i32.shr_s(i32.add(i32.mul(x, i32.const(multiplier)), i32.const(half)), i32.const(shift))
}

/** The table at |x|, whose lowest `fraction` bits interpolate; beyond its end `saturated`. */
function interpolated(
  b: ModuleBuilder,
  f: FunctionBuilder,
  x: Local,
  fraction: number,
  saturated: number,
  table: Local,
): Expression {
  const { i32 } = b.wasm
  const [magnitude, index, below] = [f.i32(), f.i32(), f.i32()]
  const entry = (n: number) =>
    i32.load16_u(2 * n, 2, i32.add(table.get(), i32.shl(index.get(), i32.const(1))))
  const part = i32.and(magnitude.get(), i32.const((1 << fraction) - 1))
  const between = i32.add(
    i32.shl(below.get(), i32.const(fraction)),
    i32.mul(part, i32.sub(entry(1), below.get())),
  )
  const absolute = b.wasm.select(isPositive(b, x), x.get(), i32.sub(i32.const(0), x.get()))
  return b.sequence(
    magnitude.set(absolute),
    index.set(i32.shr_u(magnitude.get(), i32.const(fraction))),
    b.wasm.if(
      i32.lt_u(index.get(), i32.const(255)),
      b.sequence(below.set(entry(0)), between),
      i32.const(saturated),
    ),
  )
}
