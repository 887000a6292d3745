/** The arithmetic of ir/arith/rounding.ts as code: scalar, for int32 operands. */
import type { QuantizedMultiplier } from '../../../ir/arith/multiplier.ts'
import type { TensorRequant } from '../../../ir/arith/requant.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { clampInt } from './scalar.ts'

/** `saturatingRoundingDoublingHighMul` for operands that are not both -2^31: floor(x * y / 2^31 + 1/2). */
export function highMul(b: ModuleBuilder, x: Expression, y: Expression): Expression {
  const { i32, i64 } = b.wasm
  const product = i64.mul(i64.extend_s(x), i64.extend_s(y))
  return i32.wrap(i64.shr_s(i64.add(product, i64.const(1n << 30n)), i64.const(31n)))
}

/** `roundingDivideByPot`: x / 2^exponent, halves away from zero. */
export function shiftRounded(
  b: ModuleBuilder,
  f: FunctionBuilder,
  x: () => Expression,
  exponent: () => Expression,
): Expression {
  const { i32 } = b.wasm
  const [value, mask] = [f.i32(), f.i32()]
  const threshold = i32.add(i32.shr_s(mask.get(), i32.const(1)), i32.lt_s(value.get(), i32.const(0)))
  const up = i32.gt_s(i32.and(value.get(), mask.get()), threshold)
  return b.sequence(
    value.set(x()),
    mask.set(i32.sub(i32.shl(i32.const(1), exponent()), i32.const(1))),
    i32.add(i32.shr_s(value.get(), exponent()), up),
  )
}

/** x * 2^exponent, saturating. */
export function saturatingLeftShift(
  b: ModuleBuilder,
  f: FunctionBuilder,
  x: Expression,
  exponent: number,
): Expression {
  const { i32 } = b.wasm
  const value = f.i32()
  const limit = 2 ** (31 - exponent) - 1
  const shifted = i32.shl(value.get(), i32.const(exponent))
  const notBelow = b.wasm.select(i32.lt_s(value.get(), i32.const(-limit)), i32.const(-(2 ** 31)), shifted)
  return b.sequence(
    value.set(x),
    b.wasm.select(i32.gt_s(value.get(), i32.const(limit)), i32.const(2 ** 31 - 1), notBelow),
  )
}

export function pickMax(b: ModuleBuilder, f: FunctionBuilder, x: Expression, y: Expression): Expression {
  const { i32 } = b.wasm
  const [first, second] = [f.i32(), f.i32()]
  const larger = b.wasm.select(i32.gt_s(first.get(), second.get()), first.get(), second.get())
  return b.sequence(first.set(x), second.set(y), larger)
}

/** x * multiplier * 2^(shift - 31) by the rule `tflite`, as a function of its own. */
export function scaleByConstant(
  b: ModuleBuilder,
  x: Expression,
  { multiplier, shift }: QuantizedMultiplier,
): Expression {
  const { i32 } = b.wasm
  const name = b.define(
    `scale ${multiplier} ${shift}`,
    1,
    (f, value) => {
      const shifted = () => i32.shl(must(value, 'x').get(), i32.const(Math.max(0, shift)))
      const high = () => highMul(b, shifted(), i32.const(multiplier))
      return [shift < 0 ? shiftRounded(b, f, high, () => i32.const(-shift)) : high()]
    },
    'i32',
  )
  return b.call(name, [x], 'i32')
}

/** The same with a multiplier and a shift that are read at run time. */
export function scaleByMultiplier(
  b: ModuleBuilder,
  f: FunctionBuilder,
  x: Expression,
  multiplier: Local,
  shift: Local,
): Expression {
  const { i32 } = b.wasm
  const isLeft = () => i32.gt_s(shift.get(), i32.const(0))
  const left = b.wasm.select(isLeft(), shift.get(), i32.const(0))
  const right = () => b.wasm.select(isLeft(), i32.const(0), i32.sub(i32.const(0), shift.get()))
  return shiftRounded(b, f, () => highMul(b, i32.shl(x, left), multiplier.get()), right)
}

/** A double to the nearest integer, halves away from zero; saturates to int32, and 0 for what is no number. */
export function roundHalfAway(b: ModuleBuilder, f: FunctionBuilder, x: Expression): Expression {
  const { f64, i32 } = b.wasm
  const [value, whole] = [f.f64(), f.f64()]
  const isHalf = f64.ge(f64.abs(f64.sub(value.get(), whole.get())), f64.const(0.5))
  const away = f64.add(whole.get(), f64.copysign(f64.const(1), value.get()))
  return b.sequence(
    value.set(x),
    whole.set(f64.trunc(value.get())),
    i32.trunc_s_sat.f64(b.wasm.select(isHalf, away, whole.get())),
  )
}

/** x * factor by the rule `float32`, for an int32; saturates to int32. */
export function scaleByFloat(
  b: ModuleBuilder,
  x: Expression,
  factor: Expression,
  offset?: Expression,
): Expression {
  const { f32, i32 } = b.wasm
  const product = f32.mul(f32.convert_s.i32(x), factor)
  return i32.trunc_s_sat.f32(f32.nearest(offset === undefined ? product : f32.add(product, offset)))
}

/** A scaled value, limited and at the output's zero point. */
export function toOutput(
  b: ModuleBuilder,
  f: FunctionBuilder,
  scaled: Expression,
  { outputZeroPoint, min, max }: Pick<TensorRequant, 'outputZeroPoint' | 'min' | 'max'>,
): Expression {
  const { i32 } = b.wasm
  const limited = clampInt(b, f, scaled, min - outputZeroPoint, max - outputZeroPoint)
  return i32.add(limited, i32.const(outputZeroPoint))
}

/** `applyRequant`. */
export function requantized(
  b: ModuleBuilder,
  f: FunctionBuilder,
  x: Expression,
  requant: TensorRequant,
): Expression {
  const { f32 } = b.wasm
  const { rule, factor, offset } = requant
  const scaled =
    rule === 'float32'
      ? scaleByFloat(b, x, f32.const(factor), f32.const(offset))
      : scaleByConstant(b, x, requant)
  return toOutput(b, f, scaled, requant)
}
