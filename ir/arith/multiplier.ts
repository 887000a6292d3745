/**
 * A real factor as an integer multiplier and a shift: factor = multiplier * 2^(shift - 31), with 31 significant bits.
 * The form, and each of its corner cases, is that of TensorFlow Lite (tensorflow/lite/kernels/internal/
 * quantization_util.cc, `QuantizeMultiplier`); section 2.2 of Jacob et al., CVPR 2018, explains it.
 */

export interface QuantizedMultiplier {
  /** In [2^30, 2^31) for a positive factor, or 0. */
  readonly multiplier: number
  /** Powers of two; positive shifts left. */
  readonly shift: number
}

/** x = fraction * 2^exponent with fraction in [0.5, 1), as C's `frexp`; zero gives zero and 0. */
export function frexp(x: number): { readonly fraction: number; readonly exponent: number } {
  if (x === 0 || !Number.isFinite(x)) return { fraction: x, exponent: 0 }
  bits64[0] = x
  let exponent = (high32() >>> 20) & 0x7ff
  if (exponent === 0) {
    // A subnormal has no leading one: scale it into the normal range first.
    const { fraction, exponent: scaled } = frexp(x * 2 ** 64)
    return { fraction, exponent: scaled - 64 }
  }
  exponent -= 1022
  // In two steps: 2^1024 is no double.
  return { fraction: x / 2 ** (exponent - 1) / 2, exponent }
}

const bits64 = new Float64Array(1)
const view64 = new DataView(bits64.buffer)
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
function high32(): number {
  return view64.getUint32(littleEndian ? 4 : 0, littleEndian)
}

/** Nearest integer, halves away from zero, as C's `round` (JavaScript's rounds halves up). */
export function roundHalfAway(x: number): number {
  return x < 0 ? 0 - Math.round(-x) : Math.round(x)
}

/** Nearest integer, halves to even; exact below 2^51. Beyond that, as for what is no number, it is x or near it. */
export function roundHalfEven(x: number): number {
  // Doubles of this size have a unit of one: the addition rounds. Zeros come out positive.
  const integers = 1.5 * 2 ** 52
  return x + integers - integers
}

/**
 * The multiplier and shift of a real factor. A factor below 2^-32 becomes zero: its shift would move every bit out.
 * Negative factors (a leaky ReLU's slope) give negative multipliers.
 */
export function quantizeMultiplier(realMultiplier: number): QuantizedMultiplier {
  if (realMultiplier === 0) return { multiplier: 0, shift: 0 }
  const { fraction, exponent } = frexp(realMultiplier)
  let multiplier = roundHalfAway(fraction * 2 ** 31)
  let shift = exponent
  if (multiplier === 2 ** 31) {
    // The fraction rounded up to one.
    multiplier = 2 ** 30
    shift++
  }
  return shift < -31 ? { multiplier: 0, shift: 0 } : { multiplier, shift }
}
