/**
 * Sums of byte products, the one thing in which the variants differ. A sum vector holds four output channels; a weight
 * vector holds four bytes for each of them, an input vector the four inputs that they meet.
 *
 * - relaxed: one `i32x4.relaxed_dot_i8x16_i7x16_add_s` a weight vector.
 * - plain: 16-bit words, the first two of each four in one register and the last two in another, and two
 *   `i32x4.dot_i16x8_s`. Weights are widened once for all (see kernels/prepare-weights.ts).
 */
import type { Variant } from '../artifact.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from './module.ts'

/** One side of a product; `high` holds the last two of each four, where they take two registers. */
export interface Multiplicand {
  readonly low: Local
  readonly high?: Local
}

export class Dot {
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder

  constructor(b: ModuleBuilder, f: FunctionBuilder) {
    this.b = b
    this.f = f
  }

  /** Bytes of a weight vector where kernels read it. */
  static weightBytes(variant: Variant): number {
    return variant === 'plain' ? 32 : 16
  }

  multiplicand(): Multiplicand {
    return this.b.variant === 'plain' ? { low: this.f.v128(), high: this.f.v128() } : { low: this.f.v128() }
  }

  /** Starts the sums of several pixels from the bias in memory. */
  start(sums: readonly Local[], address: Expression, offset: number): readonly Expression[] {
    const [first, ...others] = sums
    if (first === undefined) return []
    return [
      first.set(this.b.wasm.v128.load(offset, 4, address)),
      ...others.map((sum) => sum.set(first.get())),
    ]
  }

  /** Loads a weight vector of `Dot.weightBytes` bytes. */
  loadWeights(to: Multiplicand, address: Local, offset: number): readonly Expression[] {
    const { v128 } = this.b.wasm
    const low = to.low.set(v128.load(offset, 16, address.get()))
    if (to.high === undefined) return [low]
    return [low, to.high.set(v128.load(offset + 16, 16, address.get()))]
  }

  /** Loads four input bytes for all channels. */
  loadSplat(to: Multiplicand, address: Local, offset: number): readonly Expression[] {
    const { v128, i16x8, i8x16 } = this.b.wasm
    const four = v128.load32_splat(offset, 1, address.get())
    if (to.high === undefined) return [to.low.set(four)]
    const pairOf = (pair: Local, n: 0 | 1) => i8x16.shuffle(pair.get(), pair.get(), splatPair(n))
    return [
      to.high.set(i16x8.extend_low_i8x16_s(four)),
      to.low.set(pairOf(to.high, 0)),
      to.high.set(pairOf(to.high, 1)),
    ]
  }

  /** sums += weights . inputs */
  accumulate(sums: Local, weights: Multiplicand, inputs: Multiplicand): readonly Expression[] {
    if (weights.high === undefined || inputs.high === undefined) {
      return [sums.set(this.b.relaxedDot(weights.low.get(), inputs.low.get(), sums.get()))]
    }
    return [this.addPairs(sums, weights.low, inputs.low), this.addPairs(sums, weights.high, inputs.high)]
  }

  /** Of words: adds the products of each two neighbours. */
  addPairs(sums: Local, weights: Local, inputs: Local): Expression {
    const { i32x4 } = this.b.wasm
    return sums.set(i32x4.add(sums.get(), i32x4.dot_i16x8_s(weights.get(), inputs.get())))
  }
}

/** Shuffle that repeats the n-th pair of words. */
function splatPair(n: 0 | 1): readonly number[] {
  return Array.from({ length: 16 }, (_, byte) => 4 * n + (byte % 4))
}
