/**
 * Transcendental functions of float32 numbers. Libraries differ in their last bits, so these are made of additions,
 * multiplications and divisions of doubles only: every backend takes the same steps and gives the same bits. Results
 * are doubles whose error is far below half a unit in the last place of a float32.
 */

/** log2(e), and ln(2) in two parts whose first has zeros at its end, so that its product with an integer is exact. */
const LOG2_E = Math.LOG2E
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
/** Beyond these exp is 0 or infinite as a float32, and so are quotients with it. */
const EXP_MIN = -110
const EXP_MAX = 110

/** 1 / n! for n = 13 .. 0: the error of the series on [-ln 2 / 2, ln 2 / 2] is below 1e-17. */
const EXP_COEFFICIENTS: readonly number[] = Array.from({ length: 14 }, (_, i) => {
  let factorial = 1
  for (let n = 2; n <= 13 - i; n++) factorial *= n
  return 1 / factorial
})

/** exp(x) = 2^k * exp(r), r = x - k * ln 2, the latter by its series. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  const limited = Math.max(EXP_MIN, Math.min(EXP_MAX, x))
  const k = Math.floor(limited * LOG2_E + 0.5)
  const r = limited - k * LN2_HIGH - k * LN2_LOW
  let series = 0
  for (const coefficient of EXP_COEFFICIENTS) series = series * r + coefficient
  return series * 2 ** k
}

/** 1 / (1 + exp(-x)). */
export function logistic(x: number): number {
  return 1 / (1 + exp(-x))
}

/** Below this the first two terms of tanh's series are as good as a double gives. */
const TANH_SMALL = 1e-4

/** (1 - e) / (1 + e) with e = exp(-2 |x|), and the sign of x. */
export function tanh(x: number): number {
  const magnitude = Math.abs(x)
  if (magnitude < TANH_SMALL) return x * (1 - (x * x) / 3)
  const e = exp(-2 * magnitude)
  const result = (1 - e) / (1 + e)
  return x < 0 ? -result : result
}
