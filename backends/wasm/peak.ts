/**
 * What a machine can do at best: a matrix product of 960 x 576 by 576 x 48 bytes, everything in the caches, by the
 * kernel of convolutions with several register tiles. The fastest of them is the peak that layers are measured against.
 */
import type { Variant } from './artifact.ts'
import { ModuleBuilder } from './codegen/module.ts'
import { convolutionKernel } from './kernels/convolution.ts'
import { callKernel } from './kernels/kernel.ts'

const ROWS = 960
const DEPTH = 576
const COLUMNS = 48

/** Multiply-accumulates of one call. */
export const PEAK_MACS = ROWS * DEPTH * COLUMNS

/** Vectors of channels of each tile. */
const TILES = [1, 2, 3, 4, 6]

/** The exports of a peak module that multiply, one for each tile. */
export const PEAK_EXPORTS = TILES.map((_, n) => `multiply_${n}`)

/** The export that does nothing: what a call costs. */
export const IDLE_EXPORT = 'idle'

const INPUT = 64
const WEIGHTS = INPUT + ROWS * DEPTH
/** Room for weights of any form and parameters: at most four bytes a weight. */
const RESULT = WEIGHTS + 4 * DEPTH * COLUMNS
const END = RESULT + ROWS * COLUMNS + 64

/** A module of the variant that exports `memory`, `idle` and PEAK_EXPORTS, all without parameters. */
export function peakModule(variant: Variant): Uint8Array {
  const b = new ModuleBuilder(variant, END)
  b.exportFunction(IDLE_EXPORT, [])
  TILES.forEach((vectors, n) => {
    const kernel = convolutionKernel({
      rows: 1,
      columns: ROWS,
      inputColumn: DEPTH,
      inputRow: ROWS * DEPTH,
      outputColumn: COLUMNS,
      outputRow: ROWS * COLUMNS,
      outer: { count: 1, step: 0 },
      inner: { count: 1, step: 0 },
      bytes: DEPTH,
      channels: COLUMNS,
      vectors,
      epilogue: { form: 'floor', zeroPoint: 0, min: -128, max: 127 },
      exact: [],
    })
    b.exportFunction(`multiply_${n}`, [callKernel(b, kernel, [INPUT, RESULT, WEIGHTS])])
  })
  return b.finish()
}
