/** Blocks of a layer's weights: the layout that the packer, the kernels and the preparation share. */

import { range } from './codegen/range.ts'

/** Of a weight vector in the weights file: four bytes for each of four channels. */
export const FILE_VECTOR_BYTES = 16

/**
 * `blocks` blocks of `vectors` vectors of four channels, then one of `rest` if that is not 0. A block is its vectors'
 * parameters, then, for each of `fours` four input bytes of the window, a weight vector for each of its vectors.
 */
export interface WeightBlocks {
  readonly blocks: number
  readonly vectors: number
  readonly rest: number
  readonly fours: number
  /** Bytes of the parameters of a vector (see kernels/epilogue.ts). */
  readonly parameters: number
  readonly sparse?: SparseBlocks
}

/** Blocks that have but some of their chunks of input fours (see kernels/byte-products.ts). */
export interface SparseBlocks {
  readonly chunkFours: number
  /** Of each block the chunks that it has, by rising number. */
  readonly kept: readonly (readonly number[])[]
}

export function weightBlocks(
  channels: number,
  vectors: number,
  fours: number,
  parameters: number,
  sparse?: SparseBlocks,
): WeightBlocks {
  const total = Math.ceil(channels / 4)
  const blocks = Math.floor(total / vectors)
  return { blocks, vectors, rest: total - blocks * vectors, fours, parameters, ...(sparse && { sparse }) }
}

/** Vectors of each block, and the input fours that it has. */
export function eachBlock({
  blocks,
  vectors,
  rest,
  fours,
  sparse,
}: WeightBlocks): readonly { readonly vectors: number; readonly fours: readonly number[] }[] {
  const all = range(fours)
  const ofBlock = (n: number) =>
    sparse === undefined
      ? all
      : (sparse.kept[n] ?? []).flatMap((chunk) =>
          range(sparse.chunkFours).map((four) => chunk * sparse.chunkFours + four),
        )
  return range(rest === 0 ? blocks : blocks + 1).map((n) => ({
    vectors: n < blocks ? vectors : rest,
    fours: ofBlock(n),
  }))
}

export function blockBytes(vectors: number, fours: number, vectorBytes: number, parameters: number): number {
  return vectors * (parameters + vectorBytes * fours)
}

/** Bits of weights that the file packs. */
export const PACKED_BITS = [2, 4] as const
export type PackedBits = (typeof PACKED_BITS)[number]

/** Bytes of a weight vector in the file. */
export function fileVectorBytes(bits: PackedBits | 8): number {
  return (FILE_VECTOR_BYTES * bits) / 8
}

/** Of a whole layer. */
export function weightBytes(blocks: WeightBlocks, vectorBytes: number): number {
  return eachBlock(blocks).reduce(
    (sum, { vectors, fours }) => sum + blockBytes(vectors, fours.length, vectorBytes, blocks.parameters),
    0,
  )
}
