/**
 * Arithmetic on doubles that every backend has to the bit: IEEE 754's own operations, and the bits of an exponent. A
 * function of float32 elements that is written with these alone, whatever E is, gives the same result everywhere: with
 * `NUMBERS` it computes, with a compiler's expressions it becomes code.
 */
export interface RealArithmetic<E> {
  readonly constant: (value: number) => E
  readonly add: (a: E, b: E) => E
  readonly sub: (a: E, b: E) => E
  readonly mul: (a: E, b: E) => E
  readonly div: (a: E, b: E) => E
  /** Not-a-number where an operand is; -0 is less than +0. */
  readonly min: (a: E, b: E) => E
  readonly max: (a: E, b: E) => E
  readonly sqrt: (a: E) => E
  readonly abs: (a: E) => E
  readonly neg: (a: E) => E
  readonly floor: (a: E) => E
  readonly ceil: (a: E) => E
  /** The nearest integer, halves to the even one. */
  readonly nearest: (a: E) => E
  /** Rounded to float32. */
  readonly single: (a: E) => E
  /** 2^k, for an integer k of -1022 .. 1023. */
  readonly powerOfTwo: (k: E) => E
  /** The integer k with 2^k <= |a| < 2^(k + 1), for a normal a; any number for others. */
  readonly exponent: (a: E) => E
  /** `then` where a < b, else `otherwise`; both are computed. */
  readonly less: (a: E, b: E, then: E, otherwise: E) => E
  readonly equal: (a: E, b: E, then: E, otherwise: E) => E
  /** Computes `value` once for a body that uses it more than once. */
  readonly named: (value: E, body: (value: E) => E) => E
}

const double = new Float64Array(1)
const words = new Int32Array(double.buffer)
/** Which half of a double holds its exponent depends on the byte order. */
const HIGH = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0

export const NUMBERS: RealArithmetic<number> = {
  constant: (value) => value,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  sqrt: Math.sqrt,
  abs: Math.abs,
  neg: (a) => -a,
  floor: Math.floor,
  ceil: Math.ceil,
  nearest(a) {
    const below = Math.floor(a)
    const part = a - below
    // A sum with the negative zero keeps the sign of what rounds to 0.
    if (part === 0.5) return below % 2 === 0 ? below : Math.ceil(a)
    return part < 0.5 ? below : Math.ceil(a)
  },
  single: Math.fround,
  powerOfTwo(k) {
    words[1 - HIGH] = 0
    words[HIGH] = (k + 1023) << 20
    return double[0] as number
  },
  exponent(a) {
    double[0] = a
    return (((words[HIGH] as number) >>> 20) & 0x7ff) - 1023
  },
  less: (a, b, then, otherwise) => (a < b ? then : otherwise),
  equal: (a, b, then, otherwise) => (a === b ? then : otherwise),
  named: (value, body) => body(value),
}
