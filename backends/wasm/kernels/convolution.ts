/**
 * Convolutions, fully connected layers among them, as a matrix product without im2col.
 *
 * Data layout. The input's pixels are runs of bytes, channels last, with the border that the window needs around the
 * image; the taps of one kernel row are then one run of bytes, and a window is a few runs. Weights stand in blocks of
 * `vectors` vectors; a vector is four output channels. A block is its vectors' parameters (see epilogue.ts), then for
 * each four input bytes of the window, in the order of the runs, a weight vector for each of its vectors: four bytes
 * for each of four channels. Runs are padded with zero weights to whole fours; the bytes read past a run's end do not
 * count.
 *
 * Register tile. `vectors` vectors of channels times as many output pixels of a row as registers allow: 12 sums of the
 * 16 registers of x86 (one weight vector each, one input vector besides). A sum is started from its bias, runs over the
 * whole window, and is requantized and stored from registers.
 *
 * Loop order. `inner: 'channels'`: rows, tiles of pixels, blocks of channels, window; the pixels stay in the cache
 * while the weights pass. `inner: 'pixels'`: blocks, rows, tiles, window; a block of weights stays.
 */

import { Dot, type Multiplicand, type Sums } from '../codegen/dot.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { blockBytes, PARAMETER_BYTES } from '../weight-blocks.ts'
import { type Epilogue, type ExactChannel, requantizeAndStore } from './epilogue.ts'
import { replaceExact } from './exact.ts'
import type { Kernel } from './kernel.ts'

/** A loop over runs of bytes: how many, and the distance of their starts. */
interface Runs {
  readonly count: number
  readonly step: number
}

export interface ConvolutionSpec {
  /** Output rows and columns. */
  readonly rows: number
  readonly columns: number
  /** Bytes from one output's window to that of the next column and row. */
  readonly inputColumn: number
  readonly inputRow: number
  /** Bytes from one output pixel to the next, and from row to row. */
  readonly outputColumn: number
  readonly outputRow: number
  /** The window: `outer` times `inner` runs of `bytes` bytes. */
  readonly outer: Runs
  readonly inner: Runs
  readonly bytes: number
  readonly channels: number
  /** Vectors of a block. */
  readonly vectors: number
  readonly order: 'channels' | 'pixels'
  readonly epilogue: Epilogue
  readonly exact: readonly ExactChannel[]
}

/** Sums that fit into x86's 16 registers beside their operands. */
export const SUM_REGISTERS = 12

/** Input fours of a window. */
export function windowFours(spec: Pick<ConvolutionSpec, 'outer' | 'inner' | 'bytes'>): number {
  return spec.outer.count * spec.inner.count * Math.ceil(spec.bytes / 4)
}

/** Addresses: input (of the first window), weights, output. */
export function convolutionKernel(spec: ConvolutionSpec): Kernel {
  const { rows, columns, channels, vectors, outer, inner, bytes } = spec
  const window = outer.count * inner.count * bytes
  return {
    name: `convolution ${rows}x${columns}x${channels}, window ${window}, ${4 * vectors} channels a block`,
    define: (b) => b.define(`convolution ${JSON.stringify(spec)}`, 3, (f, ...p) => emit(b, f, spec, p)),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  spec: ConvolutionSpec,
  [x, w, y]: readonly Local[],
): readonly Expression[] {
  if (x === undefined || w === undefined || y === undefined) throw new Error('internal error: parameters')
  return new Emitter(b, f, spec, x, w, y).emit()
}

class Emitter {
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder
  private readonly spec: ConvolutionSpec
  private readonly dot: Dot
  private readonly x: Local
  private readonly w: Local
  private readonly y: Local
  private readonly run: Local
  private readonly block: Local
  private readonly weights: Local
  private readonly weightVectors: readonly Multiplicand[]
  private readonly input: Multiplicand
  private readonly sums: readonly Sums[]

  constructor(b: ModuleBuilder, f: FunctionBuilder, spec: ConvolutionSpec, x: Local, w: Local, y: Local) {
    this.b = b
    this.f = f
    this.spec = spec
    this.dot = new Dot(b, f)
    this.x = x
    this.w = w
    this.y = y
    this.run = f.i32()
    this.block = f.i32()
    this.weights = f.i32()
    this.weightVectors = Array.from({ length: spec.vectors }, () => this.dot.multiplicand())
    this.input = this.dot.multiplicand()
    this.sums = Array.from({ length: this.widest() * spec.vectors }, () => this.dot.sums())
  }

  private widest(): number {
    const { vectors, columns } = this.spec
    return Math.min(columns, Math.max(1, Math.floor(SUM_REGISTERS / (vectors * Dot.registers(this.b)))))
  }

  emit(): readonly Expression[] {
    if (this.spec.order === 'pixels') {
      return this.blocks((vectors, channels) => this.pixels((width) => this.tile(width, vectors, channels)))
    }
    return this.pixels((width) => this.blocks((vectors, channels) => this.tile(width, vectors, channels)))
  }

  /** The body for each block of channels, with `block` at its weights and `y` at its first channel. */
  private blocks(body: (vectors: number, channels: number) => readonly Expression[]): readonly Expression[] {
    const { f, spec, block, w, y } = this
    const total = Math.ceil(spec.channels / 4)
    const whole = Math.floor(spec.channels / (4 * spec.vectors))
    const rest = total - whole * spec.vectors
    const bytes = this.blockBytes(spec.vectors)
    const channelsDone = whole * 4 * spec.vectors
    return [
      block.set(w.get()),
      ...f.repeat(whole, () => [
        ...body(spec.vectors, 4 * spec.vectors),
        ...(whole === 1 && rest === 0 ? [] : [...f.advance(block, bytes), ...f.advance(y, 4 * spec.vectors)]),
      ]),
      ...(rest === 0 ? [] : body(rest, spec.channels - channelsDone)),
      // Back to the first channel.
      ...(whole === 1 && rest === 0 ? [] : f.advance(y, -channelsDone)),
    ]
  }

  private blockBytes(vectors: number): number {
    return blockBytes(vectors, windowFours(this.spec), Dot.weightBytes(this.b.variant))
  }

  /** The body for each tile of pixels, with `x` at its first window and `y` at its first pixel. */
  private pixels(body: (width: number) => readonly Expression[]): readonly Expression[] {
    const { f, spec, x, y } = this
    const step = (width: number) => [
      ...f.advance(x, width * spec.inputColumn),
      ...f.advance(y, width * spec.outputColumn),
    ]
    const tiles = evenTiles(spec.columns, this.widest())
    const back = [
      ...f.advance(x, spec.inputRow - spec.columns * spec.inputColumn),
      ...f.advance(y, spec.outputRow - spec.columns * spec.outputColumn),
    ]
    const row = () => [
      ...tiles.flatMap(({ width, count }) => f.repeat(count, () => [...body(width), ...step(width)])),
      ...back,
    ]
    return [
      ...f.repeat(spec.rows, row),
      ...f.advance(x, -spec.rows * spec.inputRow),
      ...f.advance(y, -spec.rows * spec.outputRow),
    ]
  }

  private tile(width: number, vectors: number, channels: number): readonly Expression[] {
    const { f, dot, spec, run, block, b } = this
    const sum = (pixel: number, vector: number) => this.sums[pixel * vectors + vector] as Sums
    const each = <T>(make: (pixel: number, vector: number) => readonly T[]): readonly T[] =>
      Array.from({ length: width }, (_, p) =>
        Array.from({ length: vectors }, (_, v) => make(p, v)).flat(),
      ).flat()
    const weights = this.weights
    const whole = spec.channels - (spec.channels % (4 * spec.vectors))
    const [from, covered] = vectors === spec.vectors ? [0, whole] : [whole, channels]
    return [
      ...Array.from({ length: vectors }, (_, v) =>
        dot.start(
          Array.from({ length: width }, (_, p) => sum(p, v)),
          block.get(),
          v * PARAMETER_BYTES,
        ),
      ).flat(),
      run.set(this.x.get()),
      weights.set(b.wasm.i32.add(block.get(), b.wasm.i32.const(vectors * PARAMETER_BYTES))),
      ...this.window(width, vectors, sum, weights),
      ...each((p, v) => dot.finish(sum(p, v), block.get(), v * PARAMETER_BYTES)),
      ...replaceExact(b, {
        channels: spec.exact.filter(({ channel }) => channel >= from && channel < from + covered),
        width,
        blockBytes: this.blockBytes(spec.vectors),
        blockChannels: 4 * spec.vectors,
        first: this.w,
        block,
        sum: (p, v) => sum(p, v).low,
      }),
      ...requantizeAndStore(
        b,
        f,
        spec.epilogue,
        each((p, v) => [
          {
            sums: sum(p, v).low,
            vector: v,
            output: p * spec.outputColumn + 4 * v,
            channels: Math.min(4, channels - 4 * v),
          },
        ]),
        block,
        this.y,
      ),
    ]
  }

  /** Adds the products of the whole window. `weights` runs over the block's weight vectors. */
  private window(
    width: number,
    vectors: number,
    sum: (pixel: number, vector: number) => Sums,
    weights: Local,
  ): readonly Expression[] {
    const { f, dot, spec, run } = this
    const { outer, inner } = joinRuns(spec)
    const vectorBytes = Dot.weightBytes(this.b.variant)
    const fours = Math.ceil(inner.bytes / 4)
    const unroll = fours % 4 === 0 ? 4 : fours % 3 === 0 ? 3 : fours % 2 === 0 ? 2 : 1
    const four = (n: number): readonly Expression[] => [
      ...Array.from({ length: vectors }, (_, v) =>
        dot.loadWeights(this.weightVectors[v] as Multiplicand, weights.get, vectorBytes * (n * vectors + v)),
      ).flat(),
      ...Array.from({ length: width }, (_, p) => [
        ...dot.loadSplat(this.input, run.get(), p * spec.inputColumn + 4 * n),
        ...Array.from({ length: vectors }, (_, v) =>
          dot.accumulate(sum(p, v), this.weightVectors[v] as Multiplicand, this.input),
        ).flat(),
      ]).flat(),
    ]
    return f.repeat(outer.count, () => [
      ...f.repeat(inner.count, () => [
        ...f.repeat(fours / unroll, () => [
          ...Array.from({ length: unroll }, (_, n) => four(n)).flat(),
          ...f.advance(run, 4 * unroll),
          ...f.advance(weights, vectorBytes * unroll * vectors),
        ]),
        ...f.advance(run, inner.step - 4 * fours),
      ]),
      ...f.advance(run, outer.step - inner.count * inner.step),
    ])
  }
}

/** Runs that follow each other without a gap are one, if no padding stands between them. */
function joinRuns({ outer, inner, bytes }: ConvolutionSpec): {
  readonly outer: Runs
  readonly inner: Runs & { readonly bytes: number }
} {
  const single = { count: 1, step: 0 }
  if (bytes % 4 !== 0) return { outer, inner: { ...inner, bytes } }
  if (inner.step !== bytes && inner.count > 1) return { outer, inner: { ...inner, bytes } }
  const row = inner.count * bytes
  if (outer.step !== row && outer.count > 1) return { outer, inner: { ...single, bytes: row } }
  return { outer: single, inner: { ...single, bytes: row * outer.count } }
}

/** `columns` in the fewest tiles of at most `widest`, of two widths that differ by one. */
export function evenTiles(
  columns: number,
  widest: number,
): readonly { readonly width: number; readonly count: number }[] {
  const tiles = Math.ceil(columns / widest)
  const narrow = Math.floor(columns / tiles)
  const wide = columns - narrow * tiles
  return [
    { width: narrow + 1, count: wide },
    { width: narrow, count: tiles - wide },
  ].filter(({ count }) => count > 0)
}
