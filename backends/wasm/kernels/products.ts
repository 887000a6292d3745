/** What a tile of a convolution needs to know of how its sums come about (see convolution.ts). */
import type { Expression, Local } from '../codegen/module.ts'

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
export type Sum = (pixel: number, vector: number) => Local

/** A tile's sums, of bytes or of bits. */
export interface Products {
  /** Blocks that a tile covers where there are enough, and its pixels. */
  readonly merged: number
  readonly widest: number
  /** Is behind the tile's weights when its sums are there. */
  readonly weights: Local
  /** Statements before the first block of a tile of pixels. */
  readonly begin: () => readonly Expression[]
  /** Bytes of the weights of a block of so many vectors, where all blocks have as many. */
  readonly weightBytes: (vectors: number) => number
  /**
   * Leaves the sums of the windows at `x`, biases included. `parameters` are distances from the tile's block: of a
   * vector's parameters, and of the first weights.
   */
  readonly sums: (tile: {
    readonly x: Local
    readonly block: Local
    readonly width: number
    readonly part: Part
    readonly sum: Sum
    readonly parameters: (vector: number) => number
    readonly first: number
  }) => readonly Expression[]
  /** Where the output is bits: leaves those of the window at `x` at `y`, without sums in between. */
  readonly bits?: (tile: {
    readonly x: Local
    readonly y: Local
    readonly block: Local
    readonly part: Part
    readonly parameters: (vector: number) => number
    readonly first: number
  }) => readonly Expression[]
}
