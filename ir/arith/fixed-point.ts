/**
 * Fixed-point exponential and reciprocal on int32 values, for softmax. A value in Qm.n has m integer bits, n = 31 - m
 * fractional bits and a sign. Algorithms and constants: gemmlowp, fixedpoint/fixedpoint.h.
 */
import {
  INT32_MAX,
  INT32_MIN,
  saturatingRoundingDoublingHighMul as multiply,
  roundingDivideByPot,
} from './rounding.ts'

/** x * 2^exponent, saturating; for a negative exponent rounding, halves away from zero. */
export function saturatingMultiplyByPot(x: number, exponent: number): number {
  if (exponent <= 0) return roundingDivideByPot(x, -exponent)
  const threshold = 2 ** (31 - exponent) - 1
  if (x > threshold) return INT32_MAX
  if (x < -threshold) return INT32_MIN
  return x << exponent
}

/** exp(x) in Q0.31 for x in [-1/4, 0) in Q0.31: a Taylor expansion of degree 4 around -1/8. */
function expOnLastQuarter(a: number): number {
  const expMinusEighth = 1895147668
  const oneThird = 715827883
  const x = (a + 2 ** 28) | 0
  const x2 = multiply(x, x)
  const x3 = multiply(x2, x)
  const x4 = multiply(x2, x2)
  const quarticAndCubic = multiply((roundingDivideByPot(x4, 2) + x3) | 0, oneThird)
  const higherTerms = roundingDivideByPot((quarticAndCubic + x2) | 0, 1)
  return (expMinusEighth + multiply(expMinusEighth, (x + higherTerms) | 0)) | 0
}

/** exp(-2^e) in Q0.31 for e = -2, -1, .. 4. */
const EXP_MINUS_POT = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242] as const

/** exp(x) in Q0.31 for x <= 0 in Q`integerBits`; 0 < integerBits <= 5. */
export function expOnNegativeValues(x: number, integerBits: number): number {
  if (x === 0) return INT32_MAX
  const fractionalBits = 31 - integerBits
  const quarter = 1 << (fractionalBits - 2)
  // x = fraction - remainder with fraction in [-1/4, 0); the remainder is a sum of powers of two from 1/4 up.
  const fraction = ((x & (quarter - 1)) - quarter) | 0
  const remainder = (fraction - x) | 0
  let result = expOnLastQuarter(saturatingMultiplyByPot(fraction, integerBits))
  for (let e = -2; e < integerBits; e++) {
    if (remainder & (1 << (fractionalBits + e))) result = multiply(result, EXP_MINUS_POT[e + 2] ?? 0)
  }
  return result
}

/** 1 / (1 + x) in Q0.31 for x in [0, 1] in Q0.31: three Newton-Raphson steps. */
export function oneOverOnePlusX(x: number): number {
  const constant48Over17 = 1515870810
  const constantMinus32Over17 = -1010580540
  const oneInQ2 = 2 ** 29
  const halfDenominator = Math.floor((x + INT32_MAX + 1) / 2)
  let estimate = (constant48Over17 + multiply(halfDenominator, constantMinus32Over17)) | 0
  for (let step = 0; step < 3; step++) {
    const error = (oneInQ2 - multiply(halfDenominator, estimate)) | 0
    estimate = (estimate + saturatingMultiplyByPot(multiply(estimate, error), 2)) | 0
  }
  return saturatingMultiplyByPot(estimate, 1)
}

/**
 * 1 / x for x > 0 in Q`integerBits`: a value in [1/2, 1] in Q0.31, to be shifted right by `bitsOverUnit`.
 * Source: tensorflow/lite/kernels/internal/common.h, `GetReciprocal`.
 */
export function reciprocal(
  x: number,
  integerBits: number,
): { readonly scale: number; readonly bitsOverUnit: number } {
  const headroomPlusOne = Math.clz32(x)
  const normalizedMinusOne = ((x << headroomPlusOne) - 2 ** 31) | 0
  return { scale: oneOverOnePlusX(normalizedMinusOne), bitsOverUnit: integerBits - headroomPlusOne }
}
