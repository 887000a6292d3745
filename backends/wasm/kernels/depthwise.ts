/**
 * Depthwise convolution: each channel by itself.
 *
 * Data layout. Pixels are runs of channels, with the border that the window needs around the image. Weights stand in
 * blocks of 16 channels (convolution.ts has the same blocks): for each kernel row and each four of its columns a weight
 * vector for each four channels, with four taps of each. Missing columns have zero weights.
 *
 * Register tile. 16 channels of one output pixel, or of two neighbours where the window has three columns and moves by
 * one: both then need the same four input columns. Columns are interleaved to vectors of the taps of four channels, as a
 * dot product wants them.
 *
 * Loop order. Rows, blocks of channels, pixels, window.
 */
import { Dot, type Multiplicand } from '../codegen/dot.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { range } from '../codegen/range.ts'
import { blockBytes } from '../weight-blocks.ts'
import { evenTiles } from './convolution.ts'
import {
  type Bounds,
  channelBytes,
  type Epilogue,
  type ExactChannel,
  epilogueConstants,
  epilogueShape,
  parameterBytes,
  requantizeAndStore,
  storedBounds,
} from './epilogue.ts'
import { replaceExact } from './exact.ts'
import type { Kernel } from './kernel.ts'

export interface DepthwiseSpec {
  /** Output rows and columns. */
  readonly rows: number
  readonly columns: number
  readonly channels: number
  readonly kernelHeight: number
  readonly kernelWidth: number
  /** Bytes from one output's window to that of the next column and row. */
  readonly inputColumn: number
  readonly inputRow: number
  /** Bytes from tap to tap along a row, and from one row of taps to the next. */
  readonly tapColumn: number
  readonly tapRow: number
  /** Bytes from one row of the output to the next; its pixels follow each other. */
  readonly outputRow: number
  readonly epilogue: Epilogue
  readonly exact: readonly ExactChannel[]
}

/** Vectors of four channels in a block. */
export const DEPTHWISE_VECTORS = 4
const BLOCK_CHANNELS = 4 * DEPTHWISE_VECTORS

/** Weight vectors of a vector of channels. */
export function depthwiseFours(kernelHeight: number, kernelWidth: number): number {
  return kernelHeight * Math.ceil(kernelWidth / 4)
}

/** Addresses: input (of the first window), weights, output. */
export function depthwiseKernel(spec: DepthwiseSpec): Kernel {
  const { rows, columns, channels, kernelHeight, kernelWidth } = spec
  return {
    name: `depthwise ${rows}x${columns}x${channels}, window ${kernelHeight}x${kernelWidth}`,
    constants: epilogueConstants(spec.epilogue),
    define(b) {
      const shape = { ...spec, epilogue: epilogueShape(spec.epilogue) }
      return b.define(`depthwise ${JSON.stringify(shape)}`, 6, (f, x, y, w, ...constants) => {
        if (x === undefined || w === undefined || y === undefined)
          throw new Error('internal error: parameters')
        const { bounds, statements } = storedBounds(b, epilogueShape(spec.epilogue), constants)
        return [...statements, ...new Emitter(b, f, spec, bounds, x, w, y).emit()]
      })
    },
  }
}

class Emitter {
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder
  private readonly spec: DepthwiseSpec
  private readonly bounds: Bounds
  private readonly dot: Dot
  private readonly x: Local
  private readonly w: Local
  private readonly y: Local
  private readonly block: Local
  private readonly row: Local
  private readonly weights: Local
  private readonly columns: readonly Local[]
  private readonly pairs: readonly Local[]
  private readonly taps: Multiplicand
  private readonly weight: Multiplicand
  private readonly moved: Multiplicand
  private readonly sums: readonly Local[]
  private readonly fours: number
  private readonly vectorBytes: number
  private readonly parameterBytes: number
  private readonly channelBytes: number

  constructor(
    b: ModuleBuilder,
    f: FunctionBuilder,
    spec: DepthwiseSpec,
    bounds: Bounds,
    x: Local,
    w: Local,
    y: Local,
  ) {
    this.bounds = bounds
    this.b = b
    this.f = f
    this.spec = spec
    this.dot = new Dot(b, f)
    this.x = x
    this.w = w
    this.y = y
    this.block = f.i32()
    this.row = f.i32()
    this.weights = f.i32()
    this.columns = range(6).map(() => f.v128())
    this.pairs = range(3).map(() => f.v128())
    this.moved = this.dot.multiplicand()
    this.taps = this.dot.multiplicand()
    this.weight = this.dot.multiplicand()
    this.vectorBytes = Dot.weightBytes(b.variant)
    this.parameterBytes = parameterBytes(spec.epilogue.form)
    this.channelBytes = channelBytes(spec.epilogue.form)
    this.fours = depthwiseFours(spec.kernelHeight, spec.kernelWidth)
    this.sums = Array.from({ length: this.widest() * DEPTHWISE_VECTORS }, () => f.v128())
  }

  private blockBytes(): number {
    return blockBytes(DEPTHWISE_VECTORS, this.fours, this.vectorBytes, this.parameterBytes)
  }

  /** Pixels of a tile. */
  private widest(): number {
    const { kernelWidth, inputColumn, tapColumn, columns } = this.spec
    if (kernelWidth !== 3 || inputColumn !== tapColumn) return 1
    return Math.min(columns, this.b.variant === 'plain' ? 2 : 4)
  }

  emit(): readonly Expression[] {
    const { f, spec, x, y } = this
    return f.repeat(spec.rows, () => [
      ...this.blocks((channels) => this.pixels(channels)),
      ...f.advance(x, spec.inputRow),
      ...f.advance(y, spec.outputRow),
    ])
  }

  /** The body for each block of channels, with `block` at its weights, `x` and `y` at its first channel. */
  private blocks(body: (channels: number) => readonly Expression[]): readonly Expression[] {
    const { f, spec, block, w, x, y } = this
    const whole = Math.floor(spec.channels / BLOCK_CHANNELS)
    const rest = spec.channels - whole * BLOCK_CHANNELS
    const next = [
      ...f.advance(x, BLOCK_CHANNELS),
      ...f.advance(y, BLOCK_CHANNELS * this.channelBytes),
      ...f.advance(block, this.blockBytes()),
    ]
    return [
      block.set(w.get()),
      ...f.repeat(whole, () => [...body(BLOCK_CHANNELS), ...next]),
      ...(rest === 0 ? [] : body(rest)),
      ...f.advance(x, -whole * BLOCK_CHANNELS),
      ...f.advance(y, -whole * BLOCK_CHANNELS * this.channelBytes),
    ]
  }

  private pixels(channels: number): readonly Expression[] {
    const { f, spec, x, y } = this
    return [
      ...evenTiles(spec.columns, this.widest()).flatMap(({ width, count }) =>
        f.repeat(count, () => [
          ...this.tile(width, channels),
          ...f.advance(x, width * spec.inputColumn),
          ...f.advance(y, width * spec.channels * this.channelBytes),
        ]),
      ),
      ...f.advance(x, -spec.columns * spec.inputColumn),
      ...f.advance(y, -spec.columns * spec.channels * this.channelBytes),
    ]
  }

  private tile(width: number, channels: number): readonly Expression[] {
    const { f, b, dot, spec, block } = this
    const vectors = Math.ceil(channels / 4)
    const sum = (pixel: number, vector: number) => this.sums[pixel * vectors + vector] as Local
    const isWhole = channels === BLOCK_CHANNELS
    const whole = spec.channels - (spec.channels % BLOCK_CHANNELS)
    return [
      ...range(vectors).flatMap((v) => {
        const pixels = range(width).map((p) => sum(p, v))
        return dot.start(pixels, block.get(), v * this.parameterBytes)
      }),
      // Eight channels at a time: their sums and columns fit into registers.
      ...range(Math.ceil(vectors / 2)).flatMap((half) => this.window(half, width, vectors, sum)),
      ...replaceExact(b, {
        channels: spec.exact.filter(({ channel }) => channel < whole === isWhole),
        width,
        from: isWhole ? 0 : whole,
        partChannels: BLOCK_CHANNELS,
        partBytes: (first) => (first / BLOCK_CHANNELS) * this.blockBytes(),
        first: this.w,
        block,
        sum,
      }),
      ...requantizeAndStore(
        b,
        f,
        spec.epilogue.form,
        this.bounds,
        range(width).flatMap((p) =>
          range(vectors).map((v) => ({
            sums: sum(p, v),
            parameters: v * this.parameterBytes,
            output: (p * spec.channels + 4 * v) * this.channelBytes,
            channels: Math.min(4, channels - 4 * v),
          })),
        ),
        block,
        this.y,
      ),
    ]
  }

  /** Adds the products of the whole window; long windows in a loop over its rows. */
  private window(half: number, width: number, vectors: number, sum: SumAt): readonly Expression[] {
    const { f, spec, row, weights, block, x, b, vectorBytes } = this
    const groups = Math.ceil(spec.kernelWidth / 4)
    const first = vectors * this.parameterBytes
    const four = (inputs: Place, weightsAt: Place, group: number) =>
      this.four(
        half,
        { ...inputs, offset: inputs.offset + 4 * group * spec.tapColumn },
        { ...weightsAt, offset: weightsAt.offset + vectorBytes * vectors * group },
        spec.kernelWidth - 4 * group,
        width,
        vectors,
        sum,
      )
    if (this.fours <= UNROLLED_FOURS) {
      return range(spec.kernelHeight).flatMap((ky) =>
        range(groups).flatMap((group) =>
          four(
            { address: x, offset: ky * spec.tapRow },
            { address: block, offset: first + vectorBytes * vectors * ky * groups },
            group,
          ),
        ),
      )
    }
    return [
      row.set(x.get()),
      weights.set(b.wasm.i32.add(block.get(), b.wasm.i32.const(first))),
      ...f.repeat(spec.kernelHeight, () => [
        ...range(groups).flatMap((group) =>
          four({ address: row, offset: 0 }, { address: weights, offset: 0 }, group),
        ),
        ...f.advance(row, spec.tapRow),
        ...f.advance(weights, vectorBytes * vectors * groups),
      ]),
    ]
  }

  /** Adds the products of up to four columns of one kernel row. */
  private four(
    half: number,
    inputs: Place,
    weights: Place,
    columnsLeft: number,
    width: number,
    vectors: number,
    sum: SumAt,
  ): readonly Expression[] {
    // A column that no weight meets may be any.
    const needed = Math.min(4, columnsLeft) + width - 1
    return this.b.variant === 'plain'
      ? this.pairsOfWords(half, inputs, weights, Math.min(4, columnsLeft), needed, width, vectors, sum)
      : this.foursOfBytes(half, inputs, weights, needed, width, vectors, sum)
  }

  /** Relaxed: four columns interleaved serve two pixels, the second with its weights moved by a tap. */
  private foursOfBytes(
    half: number,
    inputs: Place,
    weights: Place,
    needed: number,
    width: number,
    vectors: number,
    sum: SumAt,
  ): readonly Expression[] {
    const { dot, spec, weight, moved, taps } = this
    const { v128, i32x4, i32 } = this.b.wasm
    const column = (n: number) => this.columns[Math.min(n, needed - 1)] as Local
    const pair = (n: number) => this.pairs[n] as Local
    const couples = Math.ceil(width / 2)
    return [
      ...range(needed).map((n) =>
        column(n).set(v128.load(inputs.offset + n * spec.tapColumn, 1, inputs.address.get())),
      ),
      ...range(couples + 1).map((n) =>
        pair(n).set(this.interleave(1, half, column(2 * n), column(2 * n + 1))),
      ),
      ...ofHalf(vectors, half).flatMap((v) => [
        ...dot.loadWeights(weight, weights.address, weights.offset + this.vectorBytes * v),
        ...(width === 1 ? [] : [moved.low.set(i32x4.shl(weight.low.get(), i32.const(8)))]),
        ...range(couples).flatMap((n) => [
          taps.low.set(this.interleave(2, v & 1, pair(n), pair(n + 1))),
          ...dot.accumulate(sum(2 * n, v), weight, taps),
          ...(2 * n + 1 < width ? dot.accumulate(sum(2 * n + 1, v), moved, taps) : []),
        ]),
      ]),
    ]
  }

  /** Plain: eight channels at a time, widened; interleaves columns by two for each pixel. */
  private pairsOfWords(
    half: number,
    inputs: Place,
    weights: Place,
    taps: number,
    needed: number,
    width: number,
    vectors: number,
    sum: SumAt,
  ): readonly Expression[] {
    const { dot, spec, weight } = this
    const { v128 } = this.b.wasm
    const column = (n: number) => this.columns[Math.min(n, needed - 1)] as Local
    const words = this.taps.low
    const multiply = (p: number, v: number, first: number, own: Local) => [
      words.set(this.interleave(2, v & 1, column(p + first), column(p + first + 1))),
      dot.addPairs(sum(p, v), own, words),
    ]
    return [
      ...range(needed).map((n) =>
        column(n).set(v128.load8x8_s(inputs.offset + n * spec.tapColumn + 8 * half, 1, inputs.address.get())),
      ),
      ...ofHalf(vectors, half).flatMap((v) => [
        ...dot.loadWeights(weight, weights.address, weights.offset + this.vectorBytes * v),
        ...range(width).flatMap((p) => [
          ...multiply(p, v, 0, weight.low),
          ...(taps > 2 && weight.high !== undefined ? multiply(p, v, 2, weight.high) : []),
        ]),
      ]),
    ]
  }

  /** Takes units of `bytes` from both vectors in turn, from their lower or upper half. */
  private interleave(bytes: number, half: number, a: Local, c: Local): Expression {
    return this.b.wasm.i8x16.shuffle(a.get(), c.get(), interleaved(bytes, half))
  }
}

/** Bytes in memory: what a local holds, and an offset. */
interface Place {
  readonly address: Local
  readonly offset: number
}

type SumAt = (pixel: number, vector: number) => Local

/** More weight vectors than these are loops. */
const UNROLLED_FOURS = 10

function interleaved(bytes: number, half: number): readonly number[] {
  return range(8 / bytes).flatMap((unit) => {
    const own = range(bytes).map((n) => half * 8 + unit * bytes + n)
    return [...own, ...own.map((n) => n + 16)]
  })
}

/** Vectors of the first or the second eight channels. */
function ofHalf(vectors: number, half: number): readonly number[] {
  return range(vectors).filter((v) => v >> 1 === half)
}
