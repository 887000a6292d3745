/**
 * Layers that are products of windows and weights: how many vectors of channels a block of weights has, and whether the
 * kernel skips what is zero.
 */
import { must } from '../../../ir/diagnostic.ts'
import { range } from '../codegen/range.ts'
import { INDEX_BYTES, tileWidth } from '../kernels/byte-products.ts'
import { type ConvolutionSpec, convolutionKernel } from '../kernels/convolution.ts'
import type { Kernel } from '../kernels/kernel.ts'
import { chunkSizes, fourOffset, windowFours } from '../kernels/window.ts'
import type { Place } from '../storage.ts'
import type { SparseBlocks } from '../weight-blocks.ts'
import type { Lowering } from './lowering.ts'
import { type LayerWeights, packLayer } from './weights.ts'

export type Geometry = Omit<
  ConvolutionSpec,
  'elements' | 'channels' | 'vectors' | 'epilogue' | 'exact' | 'sparse'
>

/** A kernel, and the places of its weights: what follows input and output among its addresses. */
export interface Product {
  readonly kernel: Kernel
  readonly weights: readonly Place[]
}

/** The kernel of a layer, with its weights in the weights file. */
export function product(
  lowering: Lowering,
  given: Omit<LayerWeights, 'depth' | 'vectors' | 'sparse'>,
  geometry: Geometry,
  name: string,
): Product {
  const { channels } = given
  const depth = 4 * windowFours(geometry)
  const dense = { ...given, depth, vectors: blockVectors(channels, geometry.columns) }
  const layer = { ...dense, ...sparser(dense, geometry) }
  const { sparse, vectors } = layer
  const index = sparse && lowering.weights(indexOf(sparse, geometry))
  const { weights, epilogue, exact } = packLayer(lowering, layer, name, index)
  const kernel = convolutionKernel({
    ...geometry,
    elements: 'bytes',
    channels,
    vectors,
    epilogue,
    exact,
    ...(sparse && {
      sparse: {
        chunkFours: sparse.chunkFours,
        foursBefore: Object.fromEntries(
          exact.map(({ channel }) => {
            const block = Math.floor(channel / (4 * vectors))
            return [4 * vectors * block, sparse.chunkFours * entries(sparse.kept.slice(0, block))]
          }),
        ),
      },
    }),
  })
  return { kernel, weights: index === undefined ? [weights] : [weights, index] }
}

/**
 * Vectors of four channels that a block holds: as many sums at a time as there may be, up to the ten that hide the
 * latency of each; of equals the first, whose tiles need the fewest loads.
 */
function blockVectors(channels: number, columns: number): number {
  const total = Math.ceil(channels / 4)
  let best = { vectors: Math.min(total, 2), score: 0 }
  for (const vectors of BLOCK_VECTORS.filter((n) => n <= total)) {
    const score = Math.min(ENOUGH_SUMS, sumsAtATime(vectors, total, columns))
    if (score > best.score) best = { vectors, score }
  }
  return best.vectors
}

const BLOCK_VECTORS = [2, 6, 8, 3, 4, 5]
const ENOUGH_SUMS = 10

/** On average over the tiles of a row and the blocks of a layer. */
function sumsAtATime(vectors: number, total: number, columns: number): number {
  const width = columns / Math.ceil(columns / tileWidth(vectors))
  return (width * total) / Math.ceil(total / vectors)
}

/**
 * The share of a dense kernel's work below which the sparse one is faster. With all chunks there, 128 to 128 channels
 * at 3x3 on 32x32 took 0.99 times as long on x86 with VNNI, and 1.15 times as long on plain SIMD, where blocks that are
 * skipped each by itself share no inputs; the variants share their weights, so they share the choice.
 * `espalier bench` prints what it measures.
 */
const CROSSOVER = 0.85

/** Vectors of a block that divide the 16 channels by which networks are pruned, and more for single pixels. */
const SPARSE_VECTORS = [2, 4, 1, 8]
/** What an entry of the index costs, in vectors of weights. */
const ENTRY_COST = 0.5

/** How to cut the weights into chunks, where the kernel gains by it. */
function sparser(
  dense: Omit<LayerWeights, 'sparse'>,
  geometry: Geometry,
): Pick<LayerWeights, 'vectors' | 'sparse'> | undefined {
  const { channels, depth } = dense
  const total = Math.ceil(channels / 4)
  const isZero = zeroFours(dense)
  const slowness = (vectors: number) =>
    ENOUGH_SUMS / Math.min(ENOUGH_SUMS, sumsAtATime(vectors, total, geometry.columns))
  let best: Pick<LayerWeights, 'vectors' | 'sparse'> | undefined
  let least = CROSSOVER * total * (depth / 4) * slowness(dense.vectors)
  for (const vectors of SPARSE_VECTORS.filter((n) => n <= total)) {
    for (const chunkFours of chunkSizes(geometry)) {
      const chunks = depth / 4 / chunkFours
      const kept = range(Math.ceil(total / vectors)).map((block) =>
        range(chunks).filter((chunk) =>
          range(Math.min(vectors, total - block * vectors)).some((v) =>
            range(chunkFours).some((four) => !isZero(block * vectors + v, chunk * chunkFours + four)),
          ),
        ),
      )
      const cost = entries(kept) * (vectors * chunkFours * slowness(vectors) + ENTRY_COST)
      if (cost < least) {
        least = cost
        best = { vectors, sparse: { chunkFours, kept } }
      }
    }
  }
  return best
}

/** Whether a vector of four channels has nothing but zeros for four input bytes. */
function zeroFours({ channels, depth, weight }: Pick<LayerWeights, 'channels' | 'depth' | 'weight'>) {
  const fours = depth / 4
  const isZero = range(Math.ceil(channels / 4) * fours).map((n) => {
    const [vector, four] = [Math.floor(n / fours), n % fours]
    return range(Math.min(4, channels - 4 * vector)).every((lane) =>
      range(4).every((k) => weight(4 * vector + lane, 4 * four + k) === 0),
    )
  })
  return (vector: number, four: number): boolean => must(isZero[vector * fours + four], 'a four')
}

function entries(kept: SparseBlocks['kept']): number {
  return kept.reduce((sum, { length }) => sum + length, 0)
}

/** For each block the number of its chunks, and of each the distance of its first byte from the window's. */
function indexOf({ kept, chunkFours }: SparseBlocks, geometry: Geometry): Uint8Array {
  const words = kept.flatMap((chunks) => [
    chunks.length,
    ...chunks.map((chunk) => fourOffset(geometry, chunk * chunkFours)),
  ])
  const bytes = new Uint8Array(INDEX_BYTES * words.length)
  const view = new DataView(bytes.buffer)
  words.forEach((word, n) => {
    view.setInt32(INDEX_BYTES * n, word, true)
  })
  return bytes
}
