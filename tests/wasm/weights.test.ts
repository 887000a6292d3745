/** What is in the weights file: no block of zeros where that pays, and no more bits than weights have. */
import { describe, expect, test } from 'vitest'
import type { WasmArtifact } from '../../backends/wasm/artifact.ts'
import { compileWasm } from '../../backends/wasm/compile.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { DTYPE_RANGE, type DType, type TensorData } from '../../ir/dtype.ts'
import { perTensor, type TensorType } from '../../ir/tensor.ts'
import { oneOpGraph, randomNumbers } from './one-op.ts'

const CHANNELS = 64
const DEPTH = 9 * CHANNELS
const BLOCK = 16
/** Biases and scalings. */
const PARAMETERS = 12 * CHANNELS

/** Weights of a 3x3 convolution, of which a share of the 16x16 blocks is kept. */
function weights(dtype: DType, kept: number, seed = 1): TensorData {
  const random = randomNumbers(seed)
  const columns = DEPTH / BLOCK
  const count = (CHANNELS / BLOCK) * columns
  // 37 and the number of blocks have no common divisor.
  const isKept = Array.from({ length: count }, (_, n) => (n * 37) % count < kept * count)
  const [min = 0, max = 0] = DTYPE_RANGE[dtype] ?? []
  return Int8Array.from({ length: CHANNELS * DEPTH }, (_, i) => {
    const [row, column] = [Math.floor(i / DEPTH / BLOCK), Math.floor((i % DEPTH) / BLOCK)]
    const value = random(min, max)
    return isKept[row * columns + column] ? (value === 0 ? min : value) : 0
  })
}

function compiled(dtype: DType, kept: number): WasmArtifact {
  const x: TensorType = { dtype: 'i8', shape: [1, 12, 12, CHANNELS], quant: perTensor(0.05, 3) }
  const w: TensorType = { dtype, shape: [CHANNELS, 3, 3, CHANNELS], quant: perTensor(0.01, 0) }
  const graph = oneOpGraph({
    op: 'conv2d',
    operands: [{ type: x }, { type: w, data: weights(dtype, kept) }],
    attrs: { stride: [1, 1] },
    output: { dtype: 'i8', quant: perTensor(2, 0) },
  })
  return unwrap(compileWasm(graph))
}

const kernel = ({ layers }: WasmArtifact) => layers.find(({ op }) => op === 'conv2d')?.kernel

describe('sparse weights', () => {
  test.each([0.75, 0.5, 0.25, 0.1])('of a density of %d are what is kept and an index', (kept) => {
    const artifact = compiled('i8', kept)
    expect(kernel(artifact)).toContain('sparse by ')
    const elements = Math.ceil(kept * ((CHANNELS * DEPTH) / BLOCK ** 2)) * BLOCK ** 2
    const index = artifact.weights.length - PARAMETERS - elements
    expect(index).toBeGreaterThan(0)
    expect(index).toBeLessThan(0.05 * elements + 100)
  })

  test.each([0.95, 1])('are not looked for at a density of %d, where they would be slower', (kept) => {
    const artifact = compiled('i8', kept)
    expect(kernel(artifact)).not.toContain('sparse')
    expect(artifact.weights.length).toBe(PARAMETERS + CHANNELS * DEPTH)
  })
})

test.each<[DType, number]>([
  ['i8', 8],
  ['i4', 4],
  ['i2', 2],
  ['b1', 2],
])('weights of %s take %d bits', (dtype, bits) => {
  expect(compiled(dtype, 1).weights.length).toBe(PARAMETERS + (CHANNELS * DEPTH * bits) / 8)
})

test('sparse weights of few bits are both', () => {
  const artifact = compiled('i4', 0.25)
  expect(kernel(artifact)).toContain('sparse by ')
  expect(artifact.weights.length).toBeLessThan(PARAMETERS + 0.29 * ((CHANNELS * DEPTH) / 2))
})
