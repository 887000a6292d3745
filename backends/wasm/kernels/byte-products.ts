/**
 * Products of bytes: those of a window of input bytes with a tile's weights, which are packed in the order in which they are read
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
import type { Part, Products, Sum } from './products.ts'
import { joinRuns, runFours, type Window, windowFours } from './window.ts'

/** Bytes of an entry of the index. */
export const INDEX_BYTES = 4

interface ByteSpec extends Window {
  readonly columns: number
  readonly channels: number
  /** Vectors of a block. */
  readonly vectors: number
  readonly sparse?: { readonly chunkFours: number }
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

export class ByteProducts implements Products {
  readonly merged: number
  readonly widest: number
  /** Runs over the tile's weight vectors. */
  readonly weights: Local
  /** Runs over the index of sparse weights. */
  private readonly index: Local
  private readonly firstIndex: Local | undefined
  private readonly parameterBytes: number
  private readonly b: ModuleBuilder
  private readonly f: FunctionBuilder
  private readonly dot: Dot
  private readonly spec: ByteSpec
  private readonly run: Local
  private readonly vectorBytes: number
  private readonly weightVectors: readonly Multiplicand[]
  private readonly inputs: readonly Multiplicand[]

  /** `index` is where that of sparse weights is. */
  constructor(
    b: ModuleBuilder,
    f: FunctionBuilder,
    spec: ByteSpec,
    parameterBytes: number,
    index: Local | undefined,
  ) {
    this.b = b
    this.f = f
    this.dot = new Dot(b, f)
    this.spec = spec
    this.parameterBytes = parameterBytes
    this.firstIndex = index
    this.weights = f.i32()
    this.index = f.i32()
    this.run = f.i32()
    this.vectorBytes = Dot.weightBytes(b.variant)
    this.merged = this.mergedBlocks()
    const vectors = this.merged * spec.vectors
    const width = b.variant === 'plain' ? Math.floor(PLAIN_SUMS / vectors) : tileWidth(vectors)
    this.widest = Math.max(1, Math.min(spec.columns, width))
    this.weightVectors = Array.from({ length: vectors }, () => this.dot.multiplicand())
    this.inputs = Array.from({ length: this.widest }, () => this.dot.multiplicand())
  }

  /** An input that must be widened is worth more channels. */
  private mergedBlocks(): number {
    const { vectors, channels, sparse } = this.spec
    // Sparse blocks skip what each of them can.
    if (this.b.variant !== 'plain' || sparse !== undefined) return 1
    const most = Math.floor(PLAIN_VECTORS / vectors)
    return Math.max(1, Math.min(most, Math.floor(channels / (4 * vectors))))
  }

  begin(): readonly Expression[] {
    return this.firstIndex === undefined ? [] : [this.index.set(this.firstIndex.get())]
  }

  weightBytes(vectors: number): number {
    return vectors * this.vectorBytes * windowFours(this.spec)
  }

  sums({ x, block, width, part, sum, parameters, first }: Parameters<Products['sums']>[0]) {
    const { dot, weights, spec, b } = this
    return [
      ...range(Math.ceil(part.channels / 4)).flatMap((v) => {
        const pixels = range(width).map((p) => sum(p, v))
        return dot.start(pixels, block.get(), parameters(v))
      }),
      weights.set(b.wasm.i32.add(block.get(), b.wasm.i32.const(first))),
      ...(spec.sparse === undefined
        ? this.dense(x, width, part, sum)
        : this.sparse(x, width, part, spec.sparse.chunkFours, sum)),
    ]
  }

  /** Adds the products of the whole window at `x`. `weights` is at the part's first weight vectors. */
  private dense(x: Local, width: number, part: Part, sum: Sum): readonly Expression[] {
    const { f, run, weights, vectorBytes } = this
    const { outer, inner } = joinRuns(this.spec)
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
  private sparse(x: Local, width: number, part: Part, chunkFours: number, sum: Sum): readonly Expression[] {
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
      const ownBlock = block * (part.blockVectors * this.parameterBytes + this.weightBytes(part.blockVectors))
      const at = ownBlock + vectorBytes * (n * part.blockVectors + (v % part.blockVectors))
      return dot.loadWeights(weightVector(v), this.weights, at)
    }
    const loadInput = (p: number) => dot.loadSplat(input(p), this.run, p * this.spec.inputColumn + 4 * n)
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
