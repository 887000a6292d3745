/**
 * Cycles of a layer in a streaming dataflow of matrix-vector units (Umuroglu et al., FINN: A Framework for Fast, Scalable
 * Binarized Neural Network Inference, FPGA 2017, section 4.4): a layer has a unit of its own, in which PE outputs are
 * computed at once from SIMD products each. Layers run at once on different images, so the slowest gives the rate.
 */

export interface Folding {
  readonly pe: number
  readonly simd: number
}

export interface MatrixVectorLayer {
  /** Output pixels: how often the matrix is applied to an image. */
  readonly pixels: number
  /** Products of a sum: kernel height x width x input channels. */
  readonly depth: number
  readonly outputs: number
}

/** Cycles of a layer for one image. */
export function foldedCycles({ pixels, depth, outputs }: MatrixVectorLayer, { pe, simd }: Folding): number {
  return pixels * Math.ceil(depth / simd) * Math.ceil(outputs / pe)
}
