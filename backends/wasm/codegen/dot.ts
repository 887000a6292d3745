/**
 * Sums of byte products, the one thing in which the variants differ. A sum vector holds four output channels; a weight
 * vector holds four bytes for each of them, an input vector the four inputs that they meet.
 *
 * - relaxed: one `i32x4.relaxed_dot_i8x16_i7x16_add_s` a weight vector.
 * - plain: bytes widened to 16 bits, the weights once for all, and two `i32x4.dot_i16x8_s`. Each gives two channels with two partial sums each,
 *   so a sum vector takes two registers, whose neighbouring lanes are added at the end.
 */
import type { Variant } from '../artifact.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from './module.ts'

export interface Sums {
  readonly low: Local
  /** Only where a sum vector takes two registers. */
  readonly high?: Local
}

/** Four input bytes for all channels, or four for each channel, in the form that the variant multiplies. */
export interface Multiplicand {
  readonly low: Local
  readonly high: Local
}

export class Dot {
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder
  private readonly relaxed: boolean

  constructor(b: ModuleBuilder, f: FunctionBuilder) {
    this.b = b
    this.f = f
    this.relaxed = b.variant !== 'plain'
  }

  /** Bytes of a weight vector where kernels read it: widened once for all where products are of 16 bits. */
  static weightBytes(variant: Variant): number {
    return variant === 'plain' ? 32 : 16
  }

  /** Registers that a sum vector takes. */
  static registers(b: ModuleBuilder): number {
    return b.variant === 'plain' ? 2 : 1
  }

  sums(): Sums {
    return this.relaxed ? { low: this.f.v128() } : { low: this.f.v128(), high: this.f.v128() }
  }

  multiplicand(): Multiplicand {
    const low = this.f.v128()
    return { low, high: this.relaxed ? low : this.f.v128() }
  }

  /** Starts the sums of several pixels from the bias in memory. */
  start(pixels: readonly Sums[], address: Expression, offset: number): readonly Expression[] {
    const [first, ...others] = pixels
    if (first === undefined) return []
    if (first.high === undefined) {
      const bias = this.b.wasm.v128.load(offset, 4, address)
      return [first.low.set(bias), ...others.map(({ low }) => low.set(first.low.get()))]
    }
    // The bias joins when the partial sums do.
    return pixels.flatMap(({ low, high }) => [low.set(this.zero()), must(high).set(this.zero())])
  }

  /** Loads a weight vector of `Dot.weightBytes` bytes. */
  loadWeights(to: Multiplicand, address: () => Expression, offset: number): readonly Expression[] {
    const { v128 } = this.b.wasm
    if (this.relaxed) return [to.low.set(v128.load(offset, 16, address()))]
    return [to.low.set(v128.load(offset, 16, address())), to.high.set(v128.load(offset + 16, 16, address()))]
  }

  /** Loads four input bytes for all channels. */
  loadSplat(to: Multiplicand, address: Expression, offset: number): readonly Expression[] {
    const { v128, i16x8 } = this.b.wasm
    const four = v128.load32_splat(offset, 1, address)
    if (this.relaxed) return [to.low.set(four)]
    return [to.low.set(i16x8.extend_low_i8x16_s(four)), to.high.set(to.low.get())]
  }

  /** Input bytes that differ by channel. */
  fromBytes(to: Multiplicand, bytes: Local): readonly Expression[] {
    const { i16x8 } = this.b.wasm
    if (this.relaxed) return [to.low.set(bytes.get())]
    return [
      to.low.set(i16x8.extend_low_i8x16_s(bytes.get())),
      to.high.set(i16x8.extend_high_i8x16_s(bytes.get())),
    ]
  }

  accumulate(sums: Sums, weights: Multiplicand, inputs: Multiplicand): readonly Expression[] {
    const { i32x4 } = this.b.wasm
    if (sums.high === undefined) {
      return [sums.low.set(this.b.relaxedDot(weights.low.get(), inputs.low.get(), sums.low.get()))]
    }
    const add = (sum: Local, w: Local, x: Local) =>
      sum.set(i32x4.add(sum.get(), i32x4.dot_i16x8_s(w.get(), x.get())))
    return [add(sums.low, weights.low, inputs.low), add(sums.high, weights.high, inputs.high)]
  }

  /** Moves each channel's four weights one tap on; the last must be zero. */
  nextTap(weights: Multiplicand): readonly Expression[] {
    const { i32x4, i64x2, i32 } = this.b.wasm
    if (this.relaxed) return [weights.low.set(i32x4.shl(weights.low.get(), i32.const(8)))]
    // Of two channels each, four 16-bit weights.
    return [weights.low, weights.high].map((half) => half.set(i64x2.shl(half.get(), i32.const(16))))
  }

  /** Brings the sums of four channels, bias included, into `sums.low`. */
  finish(sums: Sums, address: Expression, offset: number): readonly Expression[] {
    if (sums.high === undefined) return []
    const { i8x16, i32x4, v128 } = this.b.wasm
    const pick = (lanes: readonly number[]) =>
      i8x16.shuffle(
        sums.low.get(),
        must(sums.high).get(),
        lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
      )
    const joined = i32x4.add(pick([0, 2, 4, 6]), pick([1, 3, 5, 7]))
    return [sums.low.set(i32x4.add(joined, v128.load(offset, 4, address)))]
  }

  private zero(): Expression {
    return this.b.wasm.v128.const(new Uint8Array(16))
  }
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('internal error: a sum has no second register')
  return value
}
