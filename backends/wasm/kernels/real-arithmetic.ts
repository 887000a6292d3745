/** The arithmetic of real functions (ir/arith/real-arithmetic.ts) as code on doubles. */
import type { RealArithmetic } from '../../../ir/arith/real-arithmetic.ts'
import type { Expression, FunctionBuilder, ModuleBuilder } from '../codegen/module.ts'

/** Code that computes a double, made anew for each place where it stands, since an expression has one place only. */
export type Code = () => Expression

export function realArithmetic(b: ModuleBuilder, f: FunctionBuilder): RealArithmetic<Code> {
  const { f32, f64, i64 } = b.wasm
  return {
    constant: (value) => () => f64.const(value),
    add: (x, y) => () => f64.add(x(), y()),
    sub: (x, y) => () => f64.sub(x(), y()),
    mul: (x, y) => () => f64.mul(x(), y()),
    div: (x, y) => () => f64.div(x(), y()),
    min: (x, y) => () => f64.min(x(), y()),
    max: (x, y) => () => f64.max(x(), y()),
    sqrt: (x) => () => f64.sqrt(x()),
    abs: (x) => () => f64.abs(x()),
    neg: (x) => () => f64.neg(x()),
    floor: (x) => () => f64.floor(x()),
    ceil: (x) => () => f64.ceil(x()),
    nearest: (x) => () => f64.nearest(x()),
    single: (x) => () => f64.promote(f32.demote(x())),
    powerOfTwo: (k) => () =>
      f64.reinterpret(i64.shl(i64.trunc_s_sat.f64(f64.add(k(), f64.const(1023))), i64.const(52n))),
    exponent: (x) => () => {
      const biased = i64.and(i64.shr_u(i64.reinterpret(x()), i64.const(52n)), i64.const(0x7ffn))
      return f64.sub(f64.convert_s.i64(biased), f64.const(1023))
    },
    less: (x, y, then, otherwise) => () => b.wasm.select(f64.lt(x(), y()), then(), otherwise()),
    equal: (x, y, then, otherwise) => () => b.wasm.select(f64.eq(x(), y()), then(), otherwise()),
    named(value, body) {
      const local = f.f64()
      const result = body(local.get)
      return () => b.sequence(local.set(value()), result())
    },
  }
}
