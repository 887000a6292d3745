/**
 * Transcendental functions of float32 numbers. Libraries differ in their last bits, so these are made of arithmetic that
 * is the same everywhere (real-arithmetic.ts), on doubles: every backend takes the same steps and gives the same bits.
 * The error of a result is far below half a unit in the last place of a float32. Operands are used more than once:
 * where E is code, they must be cheap (`RealArithmetic.named`).
 */
import type { RealArithmetic } from './real-arithmetic.ts'

/** ln(2) in two parts, the first with zeros at its end, so that its product with a small integer is exact. */
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
/** Beyond these exp is 0 or infinite as a float32, and so are quotients with it. */
const EXP_LIMIT = 110

/** 1 / n! for n = 13 .. 0: the error of the series on [-ln 2 / 2, ln 2 / 2] is below 1e-17. */
const EXP_COEFFICIENTS: readonly number[] = Array.from({ length: 14 }, (_, i) => {
  let factorial = 1
  for (let n = 2; n <= 13 - i; n++) factorial *= n
  return 1 / factorial
})

/** 1 / (2 n + 1) for n = 11 .. 0: the error of artanh's series for arguments up to 0.172 is below 1e-17. */
const ARTANH_COEFFICIENTS: readonly number[] = Array.from({ length: 12 }, (_, i) => 1 / (23 - 2 * i))

/** Below this the first terms of a series are as good as a double gives. */
const SMALL = 1e-4

/** Horner's rule, from the highest power. */
function polynomial<E>(r: RealArithmetic<E>, coefficients: readonly number[], x: E): E {
  const [highest = 0, ...others] = coefficients
  return others.reduce((sum, each) => r.add(r.mul(sum, x), r.constant(each)), r.constant(highest))
}

/** exp(x) = 2^k * exp(t), t = x - k * ln 2, the latter by its series. */
export function exp<E>(r: RealArithmetic<E>, x: E): E {
  const { add, constant, mul, sub } = r
  const limited = r.max(constant(-EXP_LIMIT), r.min(constant(EXP_LIMIT), x))
  return r.named(limited, (limited) =>
    r.named(r.floor(add(mul(limited, constant(Math.LOG2E)), constant(0.5))), (k) => {
      const rest = sub(sub(limited, mul(k, constant(LN2_HIGH))), mul(k, constant(LN2_LOW)))
      return r.named(rest, (t) => mul(polynomial(r, EXP_COEFFICIENTS, t), r.powerOfTwo(k)))
    }),
  )
}

/** exp(x) - 1. */
export function expMinusOne<E>(r: RealArithmetic<E>, x: E): E {
  const { constant } = r
  const series = r.mul(x, polynomial(r, [1 / 6, 1 / 2, 1], x))
  return r.less(r.abs(x), constant(SMALL), series, r.sub(exp(r, x), constant(1)))
}

/** log(x) = k * ln 2 + 2 artanh((m - 1) / (m + 1)), x = 2^k * m with m near 1. */
export function log<E>(r: RealArithmetic<E>, x: E): E {
  const { add, constant, mul, sub } = r
  const one = constant(1)
  const finite = r.named(r.exponent(x), (e) =>
    r.named(mul(x, r.powerOfTwo(r.neg(e))), (m) => {
      const isLarge = (then: E, otherwise: E) => r.less(constant(Math.SQRT2), m, then, otherwise)
      const logOf = (m: E) =>
        r.named(r.div(sub(m, one), add(m, one)), (s) =>
          r.named(mul(s, s), (square) =>
            mul(mul(constant(2), s), polynomial(r, ARTANH_COEFFICIENTS, square)),
          ),
        )
      const k = isLarge(add(e, one), e)
      return add(mul(k, constant(Math.LN2)), r.named(isLarge(mul(m, constant(0.5)), m), logOf))
    }),
  )
  // The logarithm of 0 is -Infinity; infinity and not-a-number are their own.
  const zero = constant(0)
  const unusual = r.less(x, zero, constant(Number.NaN), sub(x, constant(Number.POSITIVE_INFINITY)))
  return r.less(zero, x, r.less(x, constant(Number.POSITIVE_INFINITY), finite, x), unusual)
}

/** log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)). */
export function softplus<E>(r: RealArithmetic<E>, x: E): E {
  const { constant } = r
  const logOnePlus = (e: E) => {
    const series = r.mul(e, polynomial(r, [1 / 3, -1 / 2, 1], e))
    return r.less(e, constant(SMALL), series, log(r, r.add(e, constant(1))))
  }
  const tail = r.named(exp(r, r.neg(r.abs(x))), logOnePlus)
  return r.add(r.max(x, constant(0)), tail)
}

/** 1 / (1 + exp(-x)). */
export function logistic<E>(r: RealArithmetic<E>, x: E): E {
  const one = r.constant(1)
  return r.div(one, r.add(one, exp(r, r.neg(x))))
}

/** (1 - e) / (1 + e) with e = exp(-2 |x|), and the sign of x. */
export function tanh<E>(r: RealArithmetic<E>, x: E): E {
  const { constant, mul, sub } = r
  const one = constant(1)
  const series = mul(x, sub(one, r.div(mul(x, x), constant(3))))
  const magnitude = r.named(exp(r, mul(constant(-2), r.abs(x))), (e) => r.div(sub(one, e), r.add(one, e)))
  const signed = r.named(magnitude, (m) => r.less(x, constant(0), r.neg(m), m))
  return r.less(r.abs(x), constant(SMALL), series, signed)
}

/** exp(y * log |x|), with the sign of x where y is an odd integer; not-a-number of a negative x where y is no integer. */
export function power<E>(r: RealArithmetic<E>, x: E, y: E): E {
  const { constant, mul } = r
  const zero = constant(0)
  const half = mul(y, constant(0.5))
  return r.named(exp(r, mul(y, log(r, r.abs(x)))), (magnitude) => {
    const signed = r.equal(r.floor(half), half, magnitude, r.neg(magnitude))
    const negative = r.equal(r.floor(y), y, signed, r.less(x, zero, constant(Number.NaN), magnitude))
    // The reciprocal tells the two zeros apart.
    const withSign = r.less(r.min(x, r.div(constant(1), x)), zero, negative, magnitude)
    return r.equal(y, zero, constant(1), withSign)
  })
}
