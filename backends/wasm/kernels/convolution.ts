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
 * another number (see byte-products.ts); what follows a block's parameters is as long as it needs to be.
 */

import { Dot } from '../codegen/dot.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { range } from '../codegen/range.ts'
import { BitProducts } from './bit-products.ts'
import { ByteProducts } from './byte-products.ts'
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
import type { Part, Products } from './products.ts'
import type { Window } from './window.ts'

export interface ConvolutionSpec extends Window {
  /** Elements of the window: bytes, or bits as bit-products.ts has them. */
  readonly elements: 'bytes' | 'bits'
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
  private readonly products: Products
  private readonly parameterBytes: number
  private readonly channelBytes: number
  private readonly x: Local
  private readonly w: Local
  private readonly y: Local
  private readonly block: Local
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
    this.x = x
    this.w = w
    this.y = y
    this.block = f.i32()
    this.parameterBytes = parameterBytes(spec.epilogue.form)
    this.channelBytes = channelBytes(spec.epilogue.form)
    this.products =
      spec.elements === 'bits'
        ? new BitProducts(b, f, spec)
        : new ByteProducts(b, f, spec, this.parameterBytes, index)
    const { widest, merged } = this.products
    this.sums = Array.from({ length: widest * merged * spec.vectors }, () => f.v128())
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
        ...(n === parts.length - 1 && count === 1
          ? []
          : [...next(part), ...f.advance(y, part.channels * this.channelBytes)]),
      ]),
    )
    const last = parts.at(-1)
    const stays = last === undefined ? 0 : last.count === 1 ? last.part.channels : 0
    // Back to the first channel.
    return [
      block.set(w.get()),
      ...this.products.begin(),
      ...statements,
      ...f.advance(y, (stays - spec.channels) * this.channelBytes),
    ]
  }

  /** Whole blocks, several at a time, the ones left over, and the last one if it is smaller. */
  private parts(): readonly { readonly part: Part; readonly count: number }[] {
    const { channels, vectors } = this.spec
    const whole = Math.floor(channels / (4 * vectors))
    const { merged } = this.products
    const groups = Math.floor(whole / merged)
    const left = whole - groups * merged
    const part = (blockVectors: number, blocks: number, count: number, from: number, own: number) => ({
      part: { blockVectors, blocks, from, to: from + count * own, channels: own },
      count,
    })
    const grouped = groups * merged * 4 * vectors
    const full = whole * 4 * vectors
    return [
      part(vectors, merged, groups, 0, merged * 4 * vectors),
      part(vectors, left, left === 0 ? 0 : 1, grouped, left * 4 * vectors),
      part(Math.ceil((channels - full) / 4), 1, channels === full ? 0 : 1, full, channels - full),
    ].filter(({ count }) => count > 0)
  }

  private blockBytes(vectors: number): number {
    return vectors * this.parameterBytes + this.products.weightBytes(vectors)
  }

  /** The body for each tile of pixels, with `x` at its first window and `y` at its first pixel. */
  private pixels(body: (width: number) => readonly Expression[]): readonly Expression[] {
    const { f, spec, x, y } = this
    const step = (width: number) => [
      ...f.advance(x, width * spec.inputColumn),
      ...f.advance(y, width * spec.outputColumn),
    ]
    const tiles = evenTiles(spec.columns, this.products.widest)
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
    const { f, spec, block, b } = this
    const vectors = Math.ceil(part.channels / 4)
    const sum = (pixel: number, vector: number) => this.sums[pixel * vectors + vector] as Local
    const parameters = (vector: number) => {
      const ownBlock = Math.floor(vector / part.blockVectors)
      return (
        ownBlock * this.blockBytes(part.blockVectors) + (vector % part.blockVectors) * this.parameterBytes
      )
    }
    const first = part.blockVectors * this.parameterBytes
    if (spec.epilogue.form === 'bits' && this.products.bits !== undefined) {
      return this.products.bits({ x: this.x, y: this.y, block, part, parameters, first })
    }
    return [
      ...this.products.sums({ x: this.x, block, width, part, sum, parameters, first }),
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
            output: p * spec.outputColumn + 4 * v * this.channelBytes,
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
    return (channel / 4) * this.parameterBytes + vectors * Dot.weightBytes(this.b.variant) * fours
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
