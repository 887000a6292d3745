/** Lookup tables for functions of one quantized value, with TensorFlow Lite's float arithmetic and rounding. */
import type { TensorType } from '../tensor.ts'
import { roundHalfAway } from './multiplier.ts'
import { scaleOf, zeroPointOf } from './requant.ts'
import { clamp, integerRange } from './saturate.ts'
import { SIGMOID_TABLE } from './sigmoid-table.ts'

/**
 * f as a table from an 8-bit input to an 8-bit output. Entry q & 255 holds the result for input q, so int8 tables run
 * 0 .. 127, -128 .. -1. Every step is rounded to float32 (tensorflow/lite/kernels/internal/common.h, `LUTPopulateInt8`).
 */
export function lookupTable(input: TensorType, output: TensorType, f: (x: number) => number): Int32Array {
  const [inputMin, inputMax] = integerRange(input.dtype)
  const [min, max] = integerRange(output.dtype)
  const inverseScale = Math.fround(1 / scaleOf(output))
  const table = new Int32Array(256)
  for (let q = inputMin; q <= inputMax; q++) {
    const real = Math.fround(scaleOf(input) * (q - zeroPointOf(input)))
    const rescaled = roundHalfAway(Math.fround(Math.fround(f(real)) * inverseScale))
    table[q & 255] = clamp(Math.trunc(rescaled + zeroPointOf(output)), min, max)
  }
  return table
}

export function logistic(x: number): number {
  return Math.fround(1 / Math.fround(1 + Math.fround(Math.exp(-x))))
}

/** Nine bits of an int16 choose an entry, the other seven interpolate to the next. */
const STEPS = 512

/**
 * f over [-32768, 32767] * scale shifted by the zero point, as 513 int16 samples of full scale [-1, 1). Each sample is
 * moved by half the interpolation error at its interval's middle (common.h, `LUTPopulateInt16`, with doubles).
 */
export function interpolationTable(scale: number, zeroPoint: number, f: (x: number) => number): Int16Array {
  const outputScale = 2 / 65535
  const inputMin = scale * (-32768 - zeroPoint)
  const inputMax = scale * (32767 - zeroPoint)
  const step = (inputMax - inputMin) / STEPS
  const unitsPerOne = 65536 / (outputScale * 32767 - outputScale * -32768)
  const table = new Int16Array(STEPS + 1)
  for (let i = 0; i < STEPS; i++) {
    const here = f(inputMin + i * step) * unitsPerOne
    const middle = f(inputMin + i * step + step / 2) * unitsPerOne
    const next = f(inputMin + (i + 1) * step) * unitsPerOne
    const interpolated = roundHalfAway((next + roundHalfAway(here)) / 2)
    const correction = roundHalfAway((interpolated - roundHalfAway(middle)) / 2)
    table[i] = clamp(roundHalfAway(here) - correction, -32768, 32767)
  }
  table[STEPS] = clamp(roundHalfAway(f(inputMax) * unitsPerOne), -32768, 32767)
  return table
}

/** The value at int16 x of a table made by `interpolationTable`. */
export function interpolate(table: Int16Array, x: number): number {
  const index = 256 + (x >> 7)
  const base = table[index] ?? 0
  const slope = (((table[index + 1] ?? 0) - base) << 16) >> 16
  return ((base + ((slope * (x & 0x7f) + 64) >> 7)) << 16) >> 16
}

/** How int16 logistic and tanh bring their input to the table's scale: (x * multiplier + half) >> shift. */
export interface SigmoidScaling {
  readonly multiplier: number
  readonly shift: number
}

/**
 * Scaling for an int16 input. The table's step is 1/24 and its fractional bits make 1/(3 * 4096) the unit. A power of
 * two that fits is exact; any other scale gets a 15-bit multiplier. `maxPowerOfTwoShift` is 0 for logistic, 1 for tanh
 * (tensorflow/lite/kernels/activations.cc, `SigmoidPrepare` and `TanhPrepare`).
 */
export function sigmoidScaling(inputScale: number, maxPowerOfTwoShift: number): SigmoidScaling {
  const log2 = Math.log2(inputScale)
  const rounded = Math.round(log2)
  const potShift = 12 + rounded
  if (Math.abs(log2 - rounded) < 1e-3 && potShift >= 0 && potShift <= maxPowerOfTwoShift) {
    return { multiplier: 3 << potShift, shift: 0 }
  }
  let multiplier = inputScale * 4096 * 3
  let shift = 0
  while (multiplier <= 32767 / 2 && shift <= 30) {
    shift++
    multiplier *= 2
  }
  return { multiplier: Math.trunc(multiplier), shift }
}

function scaleInput(x: number, { multiplier, shift }: SigmoidScaling): number {
  return (Math.imul(x, multiplier) + (shift > 0 ? 1 << (shift - 1) : 0)) >> shift
}

/** logistic of an int16 x, as int16 with scale 1/32768. Source: reference/integer_ops/logistic.h. */
export function logisticInt16(x: number, scaling: SigmoidScaling): number {
  const scaled = scaleInput(x, scaling)
  const magnitude = Math.abs(scaled)
  const index = magnitude >>> 9
  let result = 0x7fff << 10
  if (index < 255) {
    const below = SIGMOID_TABLE[index] ?? 0
    const above = SIGMOID_TABLE[index + 1] ?? 0
    result = (below << 9) + (magnitude & 0x1ff) * (above - below)
  }
  result = scaled >= 0 ? result + (1 << 9) : (1 << 25) - result + (1 << 9) - 1
  return ((result >>> 10) << 16) >> 16
}

/** tanh of an int16 x, as int16 with scale 1/32768, by tanh(x) = 2 logistic(2x) - 1. Source: integer_ops/tanh.h. */
export function tanhInt16(x: number, scaling: SigmoidScaling): number {
  const scaled = scaleInput(x, scaling)
  const magnitude = Math.abs(scaled)
  const index = magnitude >>> 8
  let result = 0xffff << 8
  if (index < 255) {
    const below = SIGMOID_TABLE[index] ?? 0
    const above = SIGMOID_TABLE[index + 1] ?? 0
    result = (below << 8) + (magnitude & 0xff) * (above - below)
  }
  result = scaled >= 0 ? result - (1 << 23) + (1 << 7) : -result + (1 << 23) + (1 << 7) - 1
  return ((result >> 8) << 16) >> 16
}

/** An exact integer function of one 8-bit element as a table; entry q & 255 holds f(q). */
export function tabulate(input: TensorType, f: (q: number) => number): Int32Array {
  const [min, max] = integerRange(input.dtype)
  const table = new Int32Array(256)
  for (let q = min; q <= max; q++) table[q & 255] = f(q)
  return table
}
