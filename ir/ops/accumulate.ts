/**
 * The inner loops of every op with weights: a matrix product of input patches and weight rows in integers, and the
 * scaling of its sums to output elements.
 *
 * Sums of int8 products live in int32 and wrap; so the zero point may be moved out of the loop, since
 * sum(w * (x - z)) = sum(w * x) - z * sum(w) holds modulo 2^32. Sums with 64-bit semantics (int16 inputs) live in
 * doubles, which hold every integer below 2^53, and take their products from int32 sums of SAFE_DEPTH terms.
 */
import type { ChannelRequant } from '../arith/requant.ts'
import {
  multiplyByQuantizedMultiplier,
  multiplyFloat32,
  multiplyReal,
  requantize,
} from '../arith/rounding.ts'
import { clamp } from '../arith/saturate.ts'
import type { TensorData } from '../dtype.ts'

export type Accumulators = Int32Array | Float64Array

/** Weights of any width up to 8 bits, one byte each in memory. */
export function weightData(data: TensorData | undefined): Int8Array {
  if (!(data instanceof Int8Array)) throw new Error('internal error: weights are not signed bytes')
  return data
}

/** This many products fit into an int32: |-32768 * -128| * 256 < 2^31. */
export const SAFE_DEPTH = 256

/** Room for `length` sums. */
export function accumulators(requant: ChannelRequant, length: number): Accumulators {
  return requant.wide ? new Float64Array(length) : new Int32Array(length)
}

/**
 * What each output channel's sum starts from: its bias, less zeroPoint * sum of its weights. `weights` has one row of
 * `depth` for each channel.
 */
export function startSums(
  weights: Int8Array,
  depth: number,
  zeroPoint: number,
  bias: TensorData | undefined,
  requant: ChannelRequant,
): Accumulators {
  const start = accumulators(requant, requant.multiplier.length)
  for (let o = 0; o < start.length; o++) {
    let sum = 0
    for (let k = o * depth; k < (o + 1) * depth; k++) sum += weights[k] as number
    start[o] = (bias === undefined ? 0 : Number(bias[o])) - zeroPoint * sum
  }
  return start
}

export interface Product {
  /** Rows of patches: output pixels. */
  readonly rows: number
  /** Length of a patch and of a weight row. */
  readonly depth: number
  /** Length of a row of sums: all output channels. */
  readonly channels: number
  /** The channels to compute, and their weight rows. */
  readonly from: number
  readonly to: number
}

/** sums[r][o] += patches[r] . weights[o], for every row r and each o in [from, to). */
export function multiplyAccumulate(
  patches: Int16Array,
  weights: Int8Array,
  product: Product,
  sums: Accumulators,
): void {
  if (sums instanceof Int32Array) {
    multiplySlice(patches, weights, product, sums, 0, product.depth)
    return
  }
  for (let k = 0; k < product.depth; k += SAFE_DEPTH) {
    multiplySlice(patches, weights, product, sums, k, Math.min(product.depth, k + SAFE_DEPTH))
  }
}

/** Four channels at a time, so that each input element is loaded once for four products. */
function multiplySlice(
  patches: Int16Array,
  weights: Int8Array,
  { rows, depth, channels, from, to }: Product,
  sums: Accumulators,
  kFrom: number,
  kTo: number,
): void {
  let o = from
  for (; o + 4 <= to; o += 4) {
    const w0 = o * depth
    const w1 = w0 + depth
    const w2 = w1 + depth
    const w3 = w2 + depth
    for (let r = 0; r < rows; r++) {
      const patch = r * depth
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      for (let k = kFrom; k < kTo; k++) {
        const x = patches[patch + k] as number
        s0 = (s0 + Math.imul(x, weights[w0 + k] as number)) | 0
        s1 = (s1 + Math.imul(x, weights[w1 + k] as number)) | 0
        s2 = (s2 + Math.imul(x, weights[w2 + k] as number)) | 0
        s3 = (s3 + Math.imul(x, weights[w3 + k] as number)) | 0
      }
      const s = r * channels + o
      sums[s] = (sums[s] as number) + s0
      sums[s + 1] = (sums[s + 1] as number) + s1
      sums[s + 2] = (sums[s + 2] as number) + s2
      sums[s + 3] = (sums[s + 3] as number) + s3
    }
  }
  for (; o < to; o++) {
    const w0 = o * depth
    for (let r = 0; r < rows; r++) {
      const patch = r * depth
      let s0 = 0
      for (let k = kFrom; k < kTo; k++) {
        s0 = (s0 + Math.imul(patches[patch + k] as number, weights[w0 + k] as number)) | 0
      }
      const s = r * channels + o
      sums[s] = (sums[s] as number) + s0
    }
  }
}

/** Scales rows of sums, one for each output channel, and stores them from `offset` on. */
export function storeRequantized(
  sums: Accumulators,
  rows: number,
  requant: ChannelRequant,
  output: TensorData,
  offset: number,
): void {
  const { rule, factor, multiplier, shift, outputZeroPoint, min, max } = requant
  const channels = multiplier.length
  if (rule === 'none') {
    output.set(sums.subarray(0, rows * channels) as never, offset)
    return
  }
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < channels; o++) {
      const i = r * channels + o
      const sum = sums[i] as number
      // A comparison for each element costs less than a call through a table of rules.
      const scaled =
        rule === 'real'
          ? multiplyReal(sum, factor[o] as number)
          : rule === 'tflite'
            ? multiplyByQuantizedMultiplier(sum, multiplier[o] as number, shift[o] as number)
            : rule === 'float32'
              ? multiplyFloat32(sum, factor[o] as number)
              : requantize(sum, multiplier[o] as number, shift[o] as number, rule)
      output[offset + i] = clamp(scaled + outputZeroPoint, min, max)
    }
  }
}

/**
 * Something computed from operands: once if all of `needed` that the op has are constant, else anew for each run.
 */
export function fromConstants<T>(
  constants: readonly (TensorData | undefined)[],
  needed: readonly number[],
  compute: (operands: readonly (TensorData | undefined)[]) => T,
): (inputs: readonly TensorData[]) => T {
  if (!needed.every((n) => n >= constants.length || constants[n] !== undefined)) return compute
  const value = compute(constants)
  return () => value
}
