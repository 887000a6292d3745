/**
 * The products of a window of input bytes with a tile's weights, which are packed in the order in which they are read
 * (see convolution.ts).
 *
 * Dense: the runs of the window one after another. Sparse: a window is cut into chunks of a few input fours that follow
 * each other in one run; a block has the weights of those chunks only that are not all zero, and an index has, block by
 * block, their number and for each the distance of its first byte from the window's. Whatever the pattern, the code is
 * the same, so that it stays small and layers share it: the index costs a load and an addition for each chunk.
 */
import { Dot, type Multiplicand } from '../codegen/dot.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { range } from '../codegen/range.ts'
import { blockBytes } from '../weight-blocks.ts'

/** A loop over runs of bytes: how many, and the distance of their starts. */
interface Runs {
  readonly count: number
  readonly step: number
}

/** `outer` times `inner` runs of `bytes` bytes. */
export interface Window {
  readonly outer: Runs
  readonly inner: Runs
  readonly bytes: number
  /** Bytes from one output's window to that of the next in its row. */
  readonly inputColumn: number
}

/** Channels that a tile covers: blocks side by side. */
export interface Part {
  /** Vectors of one block, and blocks. */
  readonly blockVectors: number
  readonly blocks: number
  /** The layer's channels that parts of this kind cover, and how many one has. */
  readonly from: number
  readonly to: number
  readonly channels: number
}

/** The local of a pixel's vector of sums. */
type Sum = (pixel: number, vector: number) => Local

/** Bytes of an entry of the index. */
export const INDEX_BYTES = 4

/** Input fours of a run, with those that are padding in part. */
function runFours({ bytes }: Pick<Window, 'bytes'>): number {
  return Math.ceil(bytes / 4)
}

/** Input fours of a window. */
export function windowFours(window: Omit<Window, 'inputColumn'>): number {
  return window.outer.count * window.inner.count * runFours(window)
}

/** Input fours of the chunks that a window may be cut into; the largest first. */
export function chunkSizes(window: Window): readonly number[] {
  return CHUNK_FOURS.filter((fours) => runFours(window) % fours === 0)
}

/** A chunk of 16 input bytes has little to pay for its entry; smaller ones skip more. */
const CHUNK_FOURS = [4, 2, 1]

/** The distance of a four from the window's first byte. */
export function fourOffset(window: Window, four: number): number {
  const fours = runFours(window)
  const run = Math.floor(four / fours)
  const { outer, inner } = window
  return Math.floor(run / inner.count) * outer.step + (run % inner.count) * inner.step + 4 * (four % fours)
}

export class WindowProducts {
  /** Runs over the tile's weight vectors, and over the index of sparse weights. */
  readonly weights: Local
  readonly index: Local
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder
  private readonly dot: Dot
  private readonly window: Window
  private readonly run: Local
  private readonly vectorBytes: number
  private readonly weightVectors: readonly Multiplicand[]
  private readonly inputs: readonly Multiplicand[]

  constructor(
    b: ModuleBuilder,
    f: FunctionBuilder,
    dot: Dot,
    window: Window,
    widest: number,
    vectors: number,
  ) {
    this.b = b
    this.f = f
    this.dot = dot
    this.window = window
    this.weights = f.i32()
    this.index = f.i32()
    this.run = f.i32()
    this.vectorBytes = Dot.weightBytes(b.variant)
    this.weightVectors = Array.from({ length: vectors }, () => dot.multiplicand())
    this.inputs = Array.from({ length: widest }, () => dot.multiplicand())
  }

  /** Adds the products of the whole window at `x`. `weights` is at the part's first weight vectors. */
  dense(x: Local, width: number, part: Part, sum: Sum): readonly Expression[] {
    const { f, run, weights, vectorBytes } = this
    const { outer, inner } = joinRuns(this.window)
    const fours = runFours(inner)
    // More is not faster, and code counts: bundles are to be small.
    const unroll = [2, 3].find((n) => fours % n === 0) ?? 1
    return [
      run.set(x.get()),
      ...f.repeat(outer.count, () => [
        ...f.repeat(inner.count, () => [
          ...f.repeat(fours / unroll, () => [
            ...range(unroll).flatMap((n) => this.four(n, width, part, sum)),
            ...f.advance(run, 4 * unroll),
            ...f.advance(weights, vectorBytes * unroll * part.blockVectors),
          ]),
          ...f.advance(run, inner.step - 4 * fours),
        ]),
        ...f.advance(run, outer.step - inner.count * inner.step),
      ]),
    ]
  }

  /**
   * Adds the products of the block's chunks. `weights` is at their first weight vectors and `index` at their number;
   * both are behind the block's own afterwards.
   */
  sparse(x: Local, width: number, part: Part, chunkFours: number, sum: Sum): readonly Expression[] {
    const { f, run, index, weights, vectorBytes } = this
    const { i32 } = this.b.wasm
    const count = f.i32()
    const chunks = f.repeatCounted(count.get(), () => [
      run.set(i32.add(x.get(), i32.load(0, 4, index.get()))),
      ...f.advance(index, INDEX_BYTES),
      ...range(chunkFours).flatMap((n) => this.four(n, width, part, sum)),
      ...f.advance(weights, vectorBytes * chunkFours * part.blockVectors),
    ])
    return [
      count.set(i32.load(0, 4, index.get())),
      ...f.advance(index, INDEX_BYTES),
      this.b.wasm.if(count.get(), this.b.wasm.block(null, [...chunks])),
    ]
  }

  /** Adds the products of the n-th four input bytes. The side with fewer vectors waits in registers. */
  private four(n: number, width: number, part: Part, sum: Sum): readonly Expression[] {
    const { dot, vectorBytes } = this
    const vectors = Math.ceil(part.channels / 4)
    const weightVector = (v: number) => this.weightVectors[v] as Multiplicand
    const input = (p: number) => this.inputs[p] as Multiplicand
    const loadWeights = (v: number) => {
      const block = Math.floor(v / part.blockVectors)
      const ownBlock = block * blockBytes(part.blockVectors, windowFours(this.window), vectorBytes)
      const at = ownBlock + vectorBytes * (n * part.blockVectors + (v % part.blockVectors))
      return dot.loadWeights(weightVector(v), this.weights, at)
    }
    const loadInput = (p: number) => dot.loadSplat(input(p), this.run, p * this.window.inputColumn + 4 * n)
    if (vectors > width) {
      return [
        ...range(width).flatMap(loadInput),
        ...range(vectors).flatMap((v) => [
          ...loadWeights(v),
          ...range(width).flatMap((p) => dot.accumulate(sum(p, v), weightVector(v), input(p))),
        ]),
      ]
    }
    return [
      ...range(vectors).flatMap(loadWeights),
      ...range(width).flatMap((p) => [
        ...loadInput(p),
        ...range(vectors).flatMap((v) => dot.accumulate(sum(p, v), weightVector(v), input(p))),
      ]),
    ]
  }
}

/** Runs that follow each other without a gap are one, if no padding stands between them. */
function joinRuns({ outer, inner, bytes }: Window): {
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
