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
 * Register tile. `vectors` vectors of channels times as many output pixels of a row as registers allow. Plain SIMD: 8
 * sums, of two pixels and four vectors of channels, which may be of several blocks. A sum is started from its bias, runs
 * over the whole window, and is requantized and stored from registers.
 *
 * Loop order. Rows, tiles of pixels, blocks of channels, window: the pixels of a tile stay in the cache while all weights
 * pass. (Blocks outside and pixels inside is no faster: either side comes from the second-level cache in time.)
 *
 * Sparse weights. Where many of a layer's weights are zero, a block has only those chunks of its window that hold
 * another number (see window-products.ts); what follows a block's parameters is as long as it needs to be.
 */

import { Dot } from '../codegen/dot.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { range } from '../codegen/range.ts'
import { blockBytes, PARAMETER_BYTES } from '../weight-blocks.ts'
import {
  type Bounds,
  type Epilogue,
  type ExactChannel,
  epilogueConstants,
  epilogueShape,
  requantizeAndStore,
  storedBounds,
} from './epilogue.ts'
import { replaceExact } from './exact.ts'
import type { Kernel } from './kernel.ts'
import { type Part, type Window, WindowProducts, windowFours } from './window-products.ts'

export interface ConvolutionSpec extends Window {
  /** Output rows and columns. */
  readonly rows: number
  readonly columns: number
  /** Bytes from one row's first window to that of the next. */
  readonly inputRow: number
  /** Bytes from one output pixel to the next, and from row to row. */
  readonly outputColumn: number
  readonly outputRow: number
  readonly channels: number
  /** Vectors of a block. */
  readonly vectors: number
  readonly epilogue: Epilogue
  readonly exact: readonly ExactChannel[]
  readonly sparse?: Sparse
}

/** Of a layer whose blocks have only the chunks of the window that are not zero. */
export interface Sparse {
  /** Input fours of a chunk. */
  readonly chunkFours: number
  /** For blocks with exact channels: the fours that the blocks before have, by their first channel. */
  readonly foursBefore: Readonly<Record<number, number>>
}

/** Of the 16 vector registers of x86, one is the engine's. */
const REGISTERS = 15

/**
 * Pixels of a tile of so many vectors of channels: their sums, the vectors of the smaller side, and one of the other fit
 * into registers. Two vectors beside six pixels, or six beside two, make the most of them.
 */
export function tileWidth(vectors: number): number {
  let width = 1
  while ((width + 1) * vectors + Math.min(width + 1, vectors) + 1 <= REGISTERS) width++
  return width
}

/** Of plain SIMD, whose inputs take two registers each: more vectors of channels beside fewer pixels widen less. */
const PLAIN_SUMS = 8
const PLAIN_VECTORS = 4

/** Addresses: input (of the first window), output, weights, and for sparse weights the index of their chunks. */
export function convolutionKernel(spec: ConvolutionSpec): Kernel {
  const { rows, columns, channels, vectors, outer, inner, bytes } = spec
  const window = outer.count * inner.count * bytes
  const kind = spec.sparse === undefined ? '' : `sparse by ${4 * vectors}x${4 * spec.sparse.chunkFours}, `
  return {
    name: `convolution ${rows}x${columns}x${channels}, window ${window}, ${kind}${4 * vectors} channels a block`,
    constants: epilogueConstants(spec.epilogue),
    define(b) {
      const shape = { ...spec, epilogue: epilogueShape(spec.epilogue) }
      const parameters = spec.sparse === undefined ? 6 : 7
      return b.define(`convolution ${JSON.stringify(shape)}`, parameters, (f, ...p) => emit(b, f, spec, p))
    },
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  spec: ConvolutionSpec,
  [x, y, w, ...others]: readonly Local[],
): readonly Expression[] {
  if (x === undefined || w === undefined || y === undefined) throw new Error('internal error: parameters')
  const [index, constants] = spec.sparse === undefined ? [undefined, others] : [others[0], others.slice(1)]
  const { bounds, statements } = storedBounds(b, epilogueShape(spec.epilogue), constants)
  return [...statements, ...new Emitter(b, f, spec, bounds, x, w, y, index).emit()]
}

class Emitter {
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder
  private readonly spec: ConvolutionSpec
  private readonly bounds: Bounds
  private readonly dot: Dot
  private readonly products: WindowProducts
  private readonly x: Local
  private readonly w: Local
  private readonly y: Local
  private readonly index: Local | undefined
  private readonly block: Local
  private readonly vectorBytes: number
  private readonly merged: number
  private readonly sums: readonly Local[]

  constructor(
    b: ModuleBuilder,
    f: FunctionBuilder,
    spec: ConvolutionSpec,
    bounds: Bounds,
    x: Local,
    w: Local,
    y: Local,
    index: Local | undefined,
  ) {
    this.bounds = bounds
    this.b = b
    this.f = f
    this.spec = spec
    this.dot = new Dot(b, f)
    this.x = x
    this.w = w
    this.y = y
    this.index = index
    this.block = f.i32()
    this.vectorBytes = Dot.weightBytes(b.variant)
    this.merged = this.mergedBlocks()
    const vectors = this.merged * spec.vectors
    this.products = new WindowProducts(b, f, this.dot, spec, this.widest(), vectors)
    this.sums = Array.from({ length: this.widest() * vectors }, () => f.v128())
  }

  /** Blocks that a tile covers: an input that must be widened is worth more channels. */
  private mergedBlocks(): number {
    const { vectors, channels } = this.spec
    // Sparse blocks skip what each of them can.
    if (this.b.variant !== 'plain' || this.spec.sparse !== undefined) return 1
    const most = Math.floor(PLAIN_VECTORS / vectors)
    return Math.max(1, Math.min(most, Math.floor(channels / (4 * vectors))))
  }

  private widest(): number {
    const vectors = this.merged * this.spec.vectors
    const width = this.b.variant === 'plain' ? Math.floor(PLAIN_SUMS / vectors) : tileWidth(vectors)
    return Math.max(1, Math.min(this.spec.columns, width))
  }

  emit(): readonly Expression[] {
    return this.pixels((width) => this.blocks((part) => this.tile(width, part)))
  }

  /** The body for each part of the channels, with `block` at its weights and `y` at its first channel. */
  private blocks(body: (part: Part) => readonly Expression[]): readonly Expression[] {
    const { f, spec, block, w, y } = this
    const parts = this.parts()
    const next = (part: Part) =>
      spec.sparse === undefined
        ? f.advance(block, part.blocks * this.blockBytes(part.blockVectors))
        : [block.set(this.products.weights.get())]
    const statements = parts.flatMap(({ part, count }, n) =>
      f.repeat(count, () => [
        ...body(part),
        ...(n === parts.length - 1 && count === 1 ? [] : [...next(part), ...f.advance(y, part.channels)]),
      ]),
    )
    const last = parts.at(-1)
    const stays = last === undefined ? 0 : last.count === 1 ? last.part.channels : 0
    // Back to the first channel.
    return [
      block.set(w.get()),
      ...(this.index === undefined ? [] : [this.products.index.set(this.index.get())]),
      ...statements,
      ...f.advance(y, stays - spec.channels),
    ]
  }

  /** Whole blocks, several at a time, the ones left over, and the last one if it is smaller. */
  private parts(): readonly { readonly part: Part; readonly count: number }[] {
    const { channels, vectors } = this.spec
    const whole = Math.floor(channels / (4 * vectors))
    const groups = Math.floor(whole / this.merged)
    const left = whole - groups * this.merged
    const part = (blockVectors: number, blocks: number, count: number, from: number, own: number) => ({
      part: { blockVectors, blocks, from, to: from + count * own, channels: own },
      count,
    })
    const grouped = groups * this.merged * 4 * vectors
    const full = whole * 4 * vectors
    return [
      part(vectors, this.merged, groups, 0, this.merged * 4 * vectors),
      part(vectors, left, left === 0 ? 0 : 1, grouped, left * 4 * vectors),
      part(Math.ceil((channels - full) / 4), 1, channels === full ? 0 : 1, full, channels - full),
    ].filter(({ count }) => count > 0)
  }

  private blockBytes(vectors: number): number {
    return blockBytes(vectors, windowFours(this.spec), this.vectorBytes)
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

  private tile(width: number, part: Part): readonly Expression[] {
    const { f, dot, spec, block, products, b } = this
    const vectors = Math.ceil(part.channels / 4)
    const sum = (pixel: number, vector: number) => this.sums[pixel * vectors + vector] as Local
    const parameters = (vector: number) => {
      const ownBlock = Math.floor(vector / part.blockVectors)
      return ownBlock * this.blockBytes(part.blockVectors) + (vector % part.blockVectors) * PARAMETER_BYTES
    }
    return [
      ...range(vectors).flatMap((v) => {
        const pixels = range(width).map((p) => sum(p, v))
        return dot.start(pixels, block.get(), parameters(v))
      }),
      products.weights.set(
        b.wasm.i32.add(block.get(), b.wasm.i32.const(part.blockVectors * PARAMETER_BYTES)),
      ),
      ...(spec.sparse === undefined
        ? products.dense(this.x, width, part, sum)
        : products.sparse(this.x, width, part, spec.sparse.chunkFours, sum)),
      ...replaceExact(b, {
        channels: spec.exact.filter(({ channel }) => channel >= part.from && channel < part.to),
        width,
        from: part.from,
        partChannels: part.channels,
        partBytes: (first) => this.bytesBefore(first),
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
            parameters: parameters(v),
            output: p * spec.outputColumn + 4 * v,
            channels: Math.min(4, part.channels - 4 * v),
          })),
        ),
        block,
        this.y,
      ),
    ]
  }

  /** Bytes of the blocks before the one whose first channel this is. */
  private bytesBefore(channel: number): number {
    const { vectors, sparse } = this.spec
    if (sparse === undefined) return (channel / (4 * vectors)) * this.blockBytes(vectors)
    const fours = sparse.foursBefore[channel] ?? 0
    return (channel / 4) * PARAMETER_BYTES + vectors * this.vectorBytes * fours
  }
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
