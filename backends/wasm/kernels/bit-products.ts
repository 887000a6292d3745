/**
 * Products of -1 and +1 as bits: a sum of K products is K - 2 * (the number of bits that differ).
 *
 * Data layout. A bit is 1 for +1. A pixel's channels are bits of a whole number of 32-bit words, little-endian, zero
 * where there is no channel; so are the weights', and these differ in nothing. A window's runs are cut into words of 64
 * bits, the last of which may have 32. A block of weights has, behind its parameters, for each word of the window one
 * for each of its channels; its biases include K.
 *
 * Where the output is bits, a channel's parameters are what its count starts from, so that it is negative where the
 * threshold is reached, and a mask, -1 where it is the other way around (see `bitWords`): the signs of eight counts are a
 * byte of the output.
 *
 * Tile: one pixel and the channels of a block. x86 counts a word's bits by one instruction, one in each cycle, and the
 * counts stay in its general registers: there vectors, whose bits are counted by looking up half bytes, were slower by a
 * third (3x3, 128 to 128 channels on 32x32: 215 and 158 GMAC/s). Arm has that instruction for vectors only, and counting
 * a word takes it from one kind of register to the other and back. So the variant for x86 counts words, that for Arm
 * vectors; and `plain`, which may meet either, vectors too: there the words would cost Arm more than they give x86.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { range } from '../codegen/range.ts'
import type { Products } from './products.ts'
import type { Window } from './window.ts'

/** Bytes of a word of one channel. */
export const WORD_BYTES = 8

/** So many words add up in bytes: each adds at most 8 of 255. */
const WORDS_IN_BYTES = 31

/** A loop's own instructions take a tenth of the time beside two or three words. */
const UNROLLED_WORDS = [6, 5, 8, 7, 4, 3] as const

/** Nor are there any in windows of at most so many words: 3x3 of 64 channels gain a fifth. */
const UNROLLED_WINDOW = 12

/** Words of a run of bytes, which are a multiple of 4. */
function runWords({ bytes }: Pick<Window, 'bytes'>): number {
  return Math.ceil(bytes / WORD_BYTES)
}

/** Words of a window. */
export function windowWords(window: Omit<Window, 'inputColumn'>): number {
  return window.outer.count * window.inner.count * runWords(window)
}

/** Where a word of a window's runs starts, in bits of the runs one after another, and how many bits it has. */
export function wordBits(
  window: Omit<Window, 'inputColumn'>,
  word: number,
): { readonly first: number; readonly count: number } {
  const words = runWords(window)
  const within = word % words
  const run = Math.floor(word / words)
  return {
    first: 8 * (run * window.bytes + within * WORD_BYTES),
    count: 8 * Math.min(WORD_BYTES, window.bytes - within * WORD_BYTES),
  }
}

interface BitSpec extends Window {
  /** Vectors of a block. */
  readonly vectors: number
}

type Tile = Parameters<Products['sums']>[0]
type BitTile = Parameters<NonNullable<Products['bits']>>[0]

const MASK_OFFSET = 16

/**
 * The parameters of a channel whose output is a bit, from its bias, K included, and those of its threshold: what its
 * count starts from, and the mask. The sum bias - 2 * count reaches t where count <= (bias - t) / 2; the turned one,
 * ~sum, where count >= (bias + t + 1) / 2.
 */
export function bitWords([bias = 0, mask = 0, threshold = 0]: readonly number[]): readonly number[] {
  if (mask === 0) return [-(Math.floor((bias - threshold) / 2) + 1), 0]
  return [-Math.ceil((bias + threshold + 1) / 2), -1]
}

export class BitProducts implements Products {
  readonly merged = 1
  readonly widest = 1
  readonly weights: Local
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder
  private readonly spec: BitSpec
  private readonly run: Local
  private readonly counter: Counter

  constructor(b: ModuleBuilder, f: FunctionBuilder, spec: BitSpec) {
    this.b = b
    this.f = f
    this.spec = spec
    this.weights = f.i32()
    this.run = f.i32()
    const isShort = windowWords(spec) <= WORDS_IN_BYTES
    this.counter =
      b.variant === 'relaxed_unsigned'
        ? new WordCounter(b, f, spec.vectors)
        : new VectorCounter(b, f, spec.vectors, isShort)
  }

  begin(): readonly Expression[] {
    return []
  }

  weightBytes(vectors: number): number {
    return 4 * vectors * WORD_BYTES * windowWords(this.spec)
  }

  sums({ x, block, part, sum, parameters, first }: Tile): readonly Expression[] {
    const { b, counter } = this
    const { i32, i32x4, v128 } = b.wasm
    const vectors = part.blockVectors
    return [
      ...counter.begin(vectors),
      ...this.count(x, block, first, vectors),
      ...range(vectors).flatMap((v) => {
        const bias = v128.load(parameters(v), 4, block.get())
        return [
          ...counter.take(v, sum(0, v)),
          sum(0, v).set(i32x4.sub(bias, i32x4.shl(sum(0, v).get(), i32.const(1)))),
        ]
      }),
    ]
  }

  bits({ x, y, block, part, parameters, first }: BitTile): readonly Expression[] {
    const { b, counter } = this
    const { i32, i32x4, v128 } = b.wasm
    const vectors = part.blockVectors
    const masks = range(vectors)
      .map((v) => {
        const mask = i32x4.bitmask(v128.load(parameters(v) + MASK_OFFSET, 4, block.get()))
        return i32.shl(mask, i32.const(4 * v))
      })
      .reduce((some, more) => i32.or(some, more))
    return [
      ...counter.begin(vectors, { block, parameters }),
      ...this.count(x, block, first, vectors),
      i32.store8(0, 1, y.get(), i32.xor(counter.signs(vectors, { block, parameters }), masks)),
    ]
  }

  /** Counts what differs in the window at `x`. */
  private count(x: Local, block: Local, first: number, vectors: number): readonly Expression[] {
    const { b, f, run, weights } = this
    const { outer, inner } = this.spec
    const row = () => [
      ...f.repeat(inner.count, () => [...this.runOfWords(vectors), ...f.advance(run, inner.step)]),
      ...f.advance(run, outer.step - inner.count * inner.step),
    ]
    return [
      run.set(x.get()),
      weights.set(b.wasm.i32.add(block.get(), b.wasm.i32.const(first))),
      ...(windowWords(this.spec) <= UNROLLED_WINDOW
        ? range(outer.count).flatMap(row)
        : f.repeat(outer.count, row)),
    ]
  }

  /** Counts what differs in the run at `run`; moves `weights` past its words and leaves `run`. */
  private runOfWords(vectors: number): readonly Expression[] {
    const { f, spec, run, weights, counter } = this
    const bytes = 4 * vectors * WORD_BYTES
    const whole = Math.floor(spec.bytes / WORD_BYTES)
    const statements: Expression[] = []
    for (let done = 0; done < whole; done += WORDS_IN_BYTES - 1) {
      const words = Math.min(WORDS_IN_BYTES - 1, whole - done)
      const unroll = UNROLLED_WORDS.find((n) => words % n === 0) ?? UNROLLED_WORDS[0]
      const some = (count: number) => [
        ...range(count).flatMap((n) => counter.word(run, WORD_BYTES * n, weights, bytes * n, vectors)),
        ...f.advance(run, WORD_BYTES * count),
        ...f.advance(weights, bytes * count),
      ]
      statements.push(
        ...f.repeat(Math.floor(words / unroll), () => some(unroll)),
        ...(words % unroll === 0 ? [] : some(words % unroll)),
        ...counter.rest(vectors),
      )
    }
    if (spec.bytes % WORD_BYTES !== 0) {
      statements.push(
        ...counter.halfWord(run, weights, vectors),
        ...counter.rest(vectors),
        ...f.advance(weights, bytes),
      )
    }
    return [...statements, ...f.advance(run, -whole * WORD_BYTES)]
  }
}

/** Counts bits that differ, for each channel of a block. */
interface Counter {
  /** Counts start from 0, or from where `starts` lie. */
  readonly begin: (vectors: number, starts?: Starts) => readonly Expression[]
  /** Of a word of input at `run` and those of the channels at `weights`. */
  readonly word: (
    run: Local,
    offset: number,
    weights: Local,
    weightOffset: number,
    vectors: number,
  ) => readonly Expression[]
  /** The same of a word of 32 bits. */
  readonly halfWord: (run: Local, weights: Local, vectors: number) => readonly Expression[]
  /** To be called after at most WORDS_IN_BYTES words. */
  readonly rest: (vectors: number) => readonly Expression[]
  /** Leaves the four counts of a vector in `to`. */
  readonly take: (vector: number, to: Local) => readonly Expression[]
  /** The signs of the counts, which started from `starts`, as bits. */
  readonly signs: (vectors: number, starts: Starts) => Expression
}

interface Starts {
  readonly block: Local
  /** The distance of a vector's. */
  readonly parameters: (vector: number) => number
}

class WordCounter implements Counter {
  private readonly b: ModuleBuilder
  private readonly counts: readonly Local[]
  private readonly input: Local

  constructor(b: ModuleBuilder, f: FunctionBuilder, vectors: number) {
    this.b = b
    this.counts = range(4 * vectors).map(() => f.i64())
    this.input = f.i64()
  }

  begin(vectors: number, starts?: Starts): readonly Expression[] {
    const { i64 } = this.b.wasm
    return this.counts.slice(0, 4 * vectors).map((count, channel) => {
      if (starts === undefined) return count.set(i64.const(0n))
      const at = starts.parameters(Math.floor(channel / 4)) + 4 * (channel % 4)
      return count.set(i64.load32_s(at, 4, starts.block.get()))
    })
  }

  word(run: Local, offset: number, weights: Local, weightOffset: number, vectors: number) {
    const input = this.b.wasm.i64.load(offset, 4, run.get())
    return this.count(input, weights, weightOffset, vectors)
  }

  halfWord(run: Local, weights: Local, vectors: number): readonly Expression[] {
    return this.count(this.b.wasm.i64.load32_u(0, 4, run.get()), weights, 0, vectors)
  }

  private count(input: Expression, weights: Local, offset: number, vectors: number) {
    const { i64 } = this.b.wasm
    return [
      this.input.set(input),
      ...this.counts.slice(0, 4 * vectors).map((count, channel) => {
        const weight = i64.load(offset + WORD_BYTES * channel, 8, weights.get())
        return count.set(i64.add(count.get(), i64.popcnt(i64.xor(this.input.get(), weight))))
      }),
    ]
  }

  rest(): readonly Expression[] {
    return []
  }

  take(vector: number, to: Local): readonly Expression[] {
    const { i32, i32x4 } = this.b.wasm
    const count = (lane: number) => i32.wrap(must(this.counts[4 * vector + lane], 'count').get())
    return [
      to.set(i32x4.splat(count(0))),
      ...[1, 2, 3].map((lane) => to.set(i32x4.replace_lane(to.get(), lane, count(lane)))),
    ]
  }

  signs(vectors: number): Expression {
    const { i32, i32x4 } = this.b.wasm
    const count = (channel: number) => i32.wrap(must(this.counts[channel], 'count').get())
    return range(vectors)
      .map((v) => {
        const four = [1, 2, 3].reduce(
          (some, lane) => i32x4.replace_lane(some, lane, count(4 * v + lane)),
          i32x4.splat(count(4 * v)),
        )
        return i32.shl(i32x4.bitmask(four), i32.const(4 * v))
      })
      .reduce((some, more) => i32.or(some, more))
  }
}

/** Counts in bytes, of two channels in a vector; of a long window these are added up now and then. */
class VectorCounter implements Counter {
  private readonly b: ModuleBuilder
  private readonly bytes: readonly Local[]
  /** For windows of more words than bytes can count: int32 counts, two of each channel. */
  private readonly totals: readonly Local[]
  private readonly input: Local

  constructor(b: ModuleBuilder, f: FunctionBuilder, vectors: number, isShort: boolean) {
    this.b = b
    this.bytes = range(2 * vectors).map(() => f.v128())
    this.totals = isShort ? [] : range(2 * vectors).map(() => f.v128())
    this.input = f.v128()
  }

  begin(vectors: number): readonly Expression[] {
    const zero = (local: Local) => local.set(this.b.wasm.v128.const(new Uint8Array(16)))
    return [this.bytes, this.totals].flatMap((list) => list.slice(0, 2 * vectors).map(zero))
  }

  word(run: Local, offset: number, weights: Local, weightOffset: number, vectors: number) {
    const input = this.b.wasm.v128.load64_splat(offset, 4, run.get())
    return this.count(input, weights, weightOffset, vectors)
  }

  halfWord(run: Local, weights: Local, vectors: number): readonly Expression[] {
    const { i64, i64x2 } = this.b.wasm
    return this.count(i64x2.splat(i64.load32_u(0, 4, run.get())), weights, 0, vectors)
  }

  private count(input: Expression, weights: Local, offset: number, vectors: number) {
    const { i8x16, v128 } = this.b.wasm
    return [
      this.input.set(input),
      ...this.bytes.slice(0, 2 * vectors).map((bytes, n) => {
        const weight = v128.load(offset + 16 * n, 16, weights.get())
        return bytes.set(i8x16.add(bytes.get(), i8x16.popcnt(v128.xor(this.input.get(), weight))))
      }),
    ]
  }

  rest(vectors: number): readonly Expression[] {
    const { i32x4, v128 } = this.b.wasm
    return this.totals.slice(0, 2 * vectors).flatMap((total, n) => {
      const bytes = must(this.bytes[n], 'bytes')
      return [
        total.set(i32x4.add(total.get(), this.widened(bytes))),
        bytes.set(v128.const(new Uint8Array(16))),
      ]
    })
  }

  take(vector: number, to: Local): readonly Expression[] {
    return [to.set(this.four(vector))]
  }

  /** The counts of a vector's channels. */
  private four(vector: number): Expression {
    const { i8x16, i32x4 } = this.b.wasm
    const pair = (n: number) => {
      const total = this.totals[2 * vector + n]
      return total === undefined ? this.widened(must(this.bytes[2 * vector + n], 'bytes')) : total.get()
    }
    const halves = (odd: 0 | 1) =>
      i8x16.shuffle(
        pair(0),
        pair(1),
        range(16).map((byte) => 8 * Math.floor(byte / 4) + 4 * odd + (byte % 4)),
      )
    return i32x4.add(halves(0), halves(1))
  }

  signs(vectors: number, { block, parameters }: Starts): Expression {
    const { i32, i32x4, v128 } = this.b.wasm
    return range(vectors)
      .map((v) => {
        const start = v128.load(parameters(v), 4, block.get())
        return i32.shl(i32x4.bitmask(i32x4.add(this.four(v), start)), i32.const(4 * v))
      })
      .reduce((some, more) => i32.or(some, more))
  }

  private widened(bytes: Local): Expression {
    const { i16x8, i32x4 } = this.b.wasm
    return i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes.get()))
  }
}
