/**
 * Depthwise convolution: each channel by itself.
 *
 * Data layout. Pixels are runs of channels, with the border that the window needs around the image. Weights stand in
 * blocks of 16 channels (convolution.ts has the same blocks): for each kernel row and each four of its columns a weight
 * vector for each four channels, with four taps of each. Missing columns have zero weights.
 *
 * Register tile. 16 channels of one output pixel, or of two neighbours where the window has three columns and moves by
 * one: both then need the same four input columns, the second with its weights one byte further. Four input columns of
 * 16 channels are interleaved to vectors of four taps of four channels, as a dot product wants them.
 *
 * Loop order. Rows, blocks of channels, pixels, window.
 */
import { Dot, type Multiplicand, type Sums } from '../codegen/dot.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { blockBytes, PARAMETER_BYTES } from '../weight-blocks.ts'
import { evenTiles } from './convolution.ts'
import { type Epilogue, type ExactChannel, requantizeAndStore } from './epilogue.ts'
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
    define: (b) =>
      b.define(`depthwise ${JSON.stringify(spec)}`, 3, (f, x, w, y) => {
        if (x === undefined || w === undefined || y === undefined)
          throw new Error('internal error: parameters')
        return new Emitter(b, f, spec, x, w, y).emit()
      }),
  }
}

class Emitter {
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder
  private readonly spec: DepthwiseSpec
  private readonly dot: Dot
  private readonly x: Local
  private readonly w: Local
  private readonly y: Local
  private readonly block: Local
  private readonly row: Local
  private readonly weights: Local
  private readonly columns: readonly Local[]
  private readonly pairs: readonly Local[]
  private readonly taps: Local
  private readonly weight: Multiplicand
  private readonly input: Multiplicand
  private readonly sums: readonly Sums[]
  private readonly fours: number
  private readonly vectorBytes: number

  constructor(b: ModuleBuilder, f: FunctionBuilder, spec: DepthwiseSpec, x: Local, w: Local, y: Local) {
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
    this.columns = [f.v128(), f.v128(), f.v128(), f.v128()]
    this.pairs = [f.v128(), f.v128(), f.v128(), f.v128()]
    this.taps = f.v128()
    this.weight = this.dot.multiplicand()
    this.input = this.dot.multiplicand()
    this.vectorBytes = Dot.weightBytes(b.variant)
    this.fours = depthwiseFours(spec.kernelHeight, spec.kernelWidth)
    this.sums = Array.from({ length: this.widest() * DEPTHWISE_VECTORS }, () => this.dot.sums())
  }

  private blockBytes(): number {
    return blockBytes(DEPTHWISE_VECTORS, this.fours, this.vectorBytes)
  }

  /** Pixels of a tile. */
  private widest(): number {
    const { kernelWidth, inputColumn, tapColumn, columns } = this.spec
    return kernelWidth === 3 && inputColumn === tapColumn && columns > 1 ? 2 : 1
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
      ...f.advance(y, BLOCK_CHANNELS),
      ...f.advance(block, this.blockBytes()),
    ]
    return [
      block.set(w.get()),
      ...f.repeat(whole, () => [...body(BLOCK_CHANNELS), ...next]),
      ...(rest === 0 ? [] : body(rest)),
      ...f.advance(x, -whole * BLOCK_CHANNELS),
      ...f.advance(y, -whole * BLOCK_CHANNELS),
    ]
  }

  private pixels(channels: number): readonly Expression[] {
    const { f, spec, x, y } = this
    return [
      ...evenTiles(spec.columns, this.widest()).flatMap(({ width, count }) =>
        f.repeat(count, () => [
          ...this.tile(width, channels),
          ...f.advance(x, width * spec.inputColumn),
          ...f.advance(y, width * spec.channels),
        ]),
      ),
      ...f.advance(x, -spec.columns * spec.inputColumn),
      ...f.advance(y, -spec.columns * spec.channels),
    ]
  }

  private tile(width: number, channels: number): readonly Expression[] {
    const { f, b, dot, spec, block } = this
    const vectors = Math.ceil(channels / 4)
    const sum = (pixel: number, vector: number) => this.sums[pixel * vectors + vector] as Sums
    const each = <T>(make: (pixel: number, vector: number) => readonly T[]): readonly T[] =>
      Array.from({ length: width }, (_, p) =>
        Array.from({ length: vectors }, (_, v) => make(p, v)).flat(),
      ).flat()
    const from = channels === BLOCK_CHANNELS ? 0 : spec.channels - channels
    const to = channels === BLOCK_CHANNELS ? spec.channels - (spec.channels % BLOCK_CHANNELS) : spec.channels
    return [
      ...Array.from({ length: vectors }, (_, v) =>
        dot.start(
          Array.from({ length: width }, (_, p) => sum(p, v)),
          block.get(),
          v * PARAMETER_BYTES,
        ),
      ).flat(),
      ...this.window(width, vectors, sum),
      ...each((p, v) => dot.finish(sum(p, v), block.get(), v * PARAMETER_BYTES)),
      ...replaceExact(b, {
        channels: spec.exact.filter(({ channel }) => channel >= from && channel < to),
        width,
        blockBytes: this.blockBytes(),
        blockChannels: BLOCK_CHANNELS,
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
            output: p * spec.channels + 4 * v,
            channels: Math.min(4, channels - 4 * v),
          },
        ]),
        block,
        this.y,
      ),
    ]
  }

  /** Adds the products of the whole window; long windows in a loop over its rows. */
  private window(
    width: number,
    vectors: number,
    sum: (pixel: number, vector: number) => Sums,
  ): readonly Expression[] {
    const { f, spec, row, weights, block, x, b } = this
    const groups = Math.ceil(spec.kernelWidth / 4)
    const first = vectors * PARAMETER_BYTES
    if (this.fours <= UNROLLED_FOURS) {
      return Array.from({ length: spec.kernelHeight }, (_, ky) =>
        Array.from({ length: groups }, (_, group) =>
          this.four(
            x,
            ky * spec.tapRow + 4 * group * spec.tapColumn,
            spec.kernelWidth - 4 * group,
            block,
            first + this.vectorBytes * vectors * (ky * groups + group),
            width,
            vectors,
            sum,
          ),
        ).flat(),
      ).flat()
    }
    return [
      row.set(x.get()),
      weights.set(b.wasm.i32.add(block.get(), b.wasm.i32.const(first))),
      ...f.repeat(spec.kernelHeight, () => [
        ...Array.from({ length: groups }, (_, group) =>
          this.four(
            row,
            4 * group * spec.tapColumn,
            spec.kernelWidth - 4 * group,
            weights,
            this.vectorBytes * vectors * group,
            width,
            vectors,
            sum,
          ),
        ).flat(),
        ...f.advance(row, spec.tapRow),
        ...f.advance(weights, this.vectorBytes * vectors * groups),
      ]),
    ]
  }

  /** Adds the products of up to four columns of one kernel row. */
  private four(
    row: Local,
    rowOffset: number,
    columnsLeft: number,
    weights: Local,
    weightOffset: number,
    width: number,
    vectors: number,
    sum: (pixel: number, vector: number) => Sums,
  ): readonly Expression[] {
    const { dot, spec, b } = this
    const { v128 } = b.wasm
    const needed = Math.min(4, columnsLeft + width - 1)
    const column = (n: number) => this.columns[n] as Local
    const pair = (n: number) => this.pairs[n] as Local
    // A column that no weight meets may be any.
    const loaded = (n: number) => column(Math.min(n, needed - 1)).get()
    const interleave = (bytes: number, half: 0 | 1, a: Expression, c: Expression) =>
      b.wasm.i8x16.shuffle(a, c, interleaved(bytes, half))
    const halves = vectors > 2 ? ([0, 1] as const) : ([0] as const)
    return [
      ...Array.from({ length: needed }, (_, n) =>
        column(n).set(v128.load(rowOffset + n * spec.tapColumn, 1, row.get())),
      ),
      ...halves.flatMap((half) => [
        pair(2 * half).set(interleave(1, half, loaded(0), loaded(1))),
        pair(2 * half + 1).set(interleave(1, half, loaded(2), loaded(3))),
      ]),
      ...Array.from({ length: vectors }, (_, v) => {
        const half = v >> 1
        return [
          this.taps.set(interleave(2, (v & 1) as 0 | 1, pair(2 * half).get(), pair(2 * half + 1).get())),
          ...dot.fromBytes(this.input, this.taps),
          ...dot.loadWeights(this.weight, weights.get, weightOffset + this.vectorBytes * v),
          ...dot.accumulate(sum(0, v), this.weight, this.input),
          ...(width === 1
            ? []
            : [...dot.nextTap(this.weight), ...dot.accumulate(sum(1, v), this.weight, this.input)]),
        ]
      }).flat(),
    ]
  }
}

/** More weight vectors than these are loops. */
const UNROLLED_FOURS = 10

/** Shuffle that takes units of `bytes` from both vectors in turn, from their lower or upper half. */
function interleaved(bytes: number, half: 0 | 1): readonly number[] {
  const units = 8 / bytes
  return Array.from({ length: units }, (_, unit) => {
    const at = half * 8 + unit * bytes
    const own = Array.from({ length: bytes }, (_, n) => at + n)
    return [...own, ...own.map((n) => n + 16)]
  }).flat()
}
