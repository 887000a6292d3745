/**
 * What a machine can do at best: a matrix product of 960 x 576 by 576 x 48 bytes, everything in the caches, by the
 * kernel of convolutions with several register tiles. The fastest of them is the peak that layers are measured against.
 * Beside it the same product by the kernel of sparse weights, which says from which density on that one is slower.
 */
import type { Variant } from './artifact.ts'
import { ModuleBuilder } from './codegen/module.ts'
import { INDEX_BYTES } from './kernels/byte-products.ts'
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

/** The exports that multiply by the kernel of sparse weights, of which all chunks are there, or every second one. */
export const SPARSE_EXPORTS = { all: 'sparse_all', half: 'sparse_half' } as const

/** Block and chunk of the sparse product: eight channels, sixteen inputs. */
const SPARSE_VECTORS = 2
const CHUNK_FOURS = 4

/** The export that does nothing: what a call costs. */
export const IDLE_EXPORT = 'idle'

const INPUT = 64
const WEIGHTS = INPUT + ROWS * DEPTH
/** Room for weights of any form and parameters: at most four bytes a weight. */
const RESULT = WEIGHTS + 4 * DEPTH * COLUMNS
const INDEX = RESULT + ROWS * COLUMNS + 64
const ALL = indexOf(1)
const HALF = indexOf(2)
const END = INDEX + ALL.length + HALF.length + 64

/** Of each block every n-th chunk. */
function indexOf(every: number): Uint8Array {
  const bytes = 4 * CHUNK_FOURS
  const chunks = DEPTH / bytes / every
  const block = [chunks, ...Array.from({ length: chunks }, (_, n) => n * every * bytes)]
  const words = Array.from({ length: COLUMNS / (4 * SPARSE_VECTORS) }, () => block).flat()
  const index = new Uint8Array(INDEX_BYTES * words.length)
  const view = new DataView(index.buffer)
  words.forEach((word, n) => {
    view.setInt32(INDEX_BYTES * n, word, true)
  })
  return index
}

/** Fills an instance's memory with bytes that make ordinary numbers, as operands and as the floats among parameters. */
export function fillPeakMemory(memory: WebAssembly.Memory): void {
  const bytes = new Uint8Array(memory.buffer)
  bytes.fill(60)
  bytes.set(ALL, INDEX)
  bytes.set(HALF, INDEX + ALL.length)
}

/**
 * A module of the variant that exports `memory`, to be filled by `fillPeakMemory`, and without parameters `idle`,
 * PEAK_EXPORTS and SPARSE_EXPORTS.
 */
export function peakModule(variant: Variant): Uint8Array {
  const b = new ModuleBuilder(variant, END)
  b.exportFunction(IDLE_EXPORT, [])
  const product = {
    elements: 'bytes',
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
    epilogue: { form: 'floor', zeroPoint: 0, min: -128, max: 127 },
    exact: [],
  } as const
  TILES.forEach((vectors, n) => {
    const kernel = convolutionKernel({ ...product, vectors })
    b.exportFunction(`multiply_${n}`, [callKernel(b, kernel, [INPUT, RESULT, WEIGHTS])])
  })
  const sparse = convolutionKernel({
    ...product,
    vectors: SPARSE_VECTORS,
    sparse: { chunkFours: CHUNK_FOURS, foursBefore: {} },
  })
  const exports = [
    [SPARSE_EXPORTS.all, INDEX],
    [SPARSE_EXPORTS.half, INDEX + ALL.length],
  ] as const
  for (const [name, index] of exports) {
    b.exportFunction(name, [callKernel(b, sparse, [INPUT, RESULT, WEIGHTS, index])])
  }
  return b.finish()
}
