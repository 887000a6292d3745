/** Blocks of a layer's weights: the layout that the packer, the kernels and the preparation share. */

/** Parameters of four output channels: bias, scale and offset, four 32-bit values each. */
export const PARAMETER_BYTES = 48

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
}

export function weightBlocks(channels: number, vectors: number, fours: number): WeightBlocks {
  const total = Math.ceil(channels / 4)
  const blocks = Math.floor(total / vectors)
  return { blocks, vectors, rest: total - blocks * vectors, fours }
}

export function blockBytes(vectors: number, fours: number, vectorBytes: number): number {
  return vectors * (PARAMETER_BYTES + vectorBytes * fours)
}

/** Of a whole layer. */
export function weightBytes({ blocks, vectors, rest, fours }: WeightBlocks, vectorBytes: number): number {
  return blockBytes(blocks * vectors + rest, fours, vectorBytes)
}
