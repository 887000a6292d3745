/** Ops on fewer than 8 bits, on sums, and through thresholds, alone and one after another, equal the interpreter. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planFusion } from '../../backends/wasm/lower/fusion.ts'
import { DTYPE_RANGE, type DType } from '../../ir/dtype.ts'
import type { Graph } from '../../ir/graph.ts'
import { elementCount, perTensor, type Quant, type TensorType } from '../../ir/tensor.ts'
import { cases } from '../laws/long-run.ts'
import { checkGraph, factor, lawOf, type OneOp, randomElements, randomNumbers } from './one-op.ts'
import {
  binaryChains,
  Chain,
  chains,
  channels,
  convolve,
  LOW,
  layers,
  limit,
  magnitude,
  seed,
  size,
  start,
  thresholds,
} from './random-chains.ts'

const fullyConnected = fc
  .record({
    ...start,
    layer: layers,
    end: layers,
    /** More than a byte counts. */
    inputs: fc.oneof(channels, fc.integer({ min: 1000, max: 1100 }), fc.constantFrom(2048, 2080)),
  })
  .map((r) => {
    const chain = new Chain()
    const quant = perTensor(Math.fround(0.043), limit(r.dtype, r.zeroPoint))
    const x = chain.input({ dtype: r.dtype, shape: [r.batch * r.height, r.inputs], quant })
    const wType: TensorType = {
      dtype: r.layer.weights,
      shape: [r.layer.outputs, r.inputs],
      // One in four is not symmetric, which no kernel of vectors takes.
      quant: perTensor(0.02, r.layer.seed % 4 === 0 ? limit(r.layer.weights, r.layer.zeroPoint) : 0),
    }
    const w = chain.constant(wType, randomElements(wType, r.layer.seed))
    const random = randomNumbers(r.layer.seed + 1)
    const biases = Int32Array.from({ length: r.layer.outputs }, () => random(-99, 99))
    const bias = r.layer.bias ? [chain.constant({ dtype: 'i32', shape: [r.layer.outputs] }, biases)] : []
    const attrs = { activation: 'none', keep_dims: false, arithmetic: r.layer.arithmetic }
    const reach = Math.ceil(magnitude(r.dtype) * magnitude(wType.dtype) * Math.sqrt(r.inputs))
    if (r.layer.end === 'scaled' && r.layer.dtype !== 'b1') {
      const step = Math.fround((reach * 0.043 * 0.02 * r.layer.scale) / magnitude(r.layer.dtype))
      const scaled = perTensor(step, limit(r.layer.dtype, r.layer.zeroPoint))
      return chain.graph([chain.node('fully_connected', [x, w, ...bias], attrs, r.layer.dtype, scaled)])
    }
    const sums = chain.node('fully_connected', [x, w, ...bias], attrs, 'i32')
    if (r.layer.end !== 'thresholds') return chain.graph([sums])
    return chain.graph([thresholds(chain, sums, r.layer.outputs, reach, r.layer)])
  })

/** Bits of pixels that a fully connected layer reads as one row. */
const flattened = fc.record({ ...start, first: layers, outputs: channels }).map((r) => {
  const chain = new Chain()
  const x = chain.input({
    dtype: 'b1',
    shape: [r.batch, r.height, r.width, r.inputs],
    quant: perTensor(1, 0),
  })
  const y = convolve(chain, x, { ...r.first, kind: 'conv2d', weights: 'b1', end: 'thresholds', dtype: 'b1' })
  const depth = elementCount(chain.shape(y)) / r.batch
  const wType: TensorType = { dtype: 'b1', shape: [r.outputs, depth], quant: perTensor(1, 0) }
  const w = chain.constant(wType, randomElements(wType, r.first.seed + 1))
  const attrs = { activation: 'none', keep_dims: false }
  const reshaped = chain.node(
    'reshape',
    [y],
    { shape: [r.batch, depth] },
    'b1',
    perTensor(0.5, limit('b1', r.first.zeroPoint)),
  )
  const direct = chain.node('fully_connected', [y, w], attrs, 'i32')
  return chain.graph([direct, chain.node('fully_connected', [reshaped, w], attrs, 'i32')])
})

const quantize: fc.Arbitrary<OneOp> = fc
  .record({
    arithmetic: fc.constantFrom('tflite', 'onnx'),
    dtype: fc.constantFrom(...LOW, 'u8' as const),
    elements: fc.integer({ min: 1, max: 50 }),
    scale: factor(4),
    zeroPoint: start.zeroPoint,
  })
  .map((r) => ({
    op: 'quantize',
    operands: [{ type: { dtype: 'f32', shape: [2, r.elements] } }],
    attrs: { arithmetic: r.arithmetic },
    output: { dtype: r.dtype, quant: perTensor(r.scale, limit(r.dtype, r.zeroPoint)) },
  }))

const dequantize: fc.Arbitrary<OneOp> = fc
  .record({
    dtype: fc.constantFrom<DType>(...LOW, 'i32', 'i32'),
    channels,
    rows: size,
    perChannel: fc.boolean(),
    seed,
  })
  .map((r) => {
    const random = randomNumbers(r.seed)
    const isEach = r.perChannel && r.dtype === 'i32'
    const count = isEach ? r.channels : 1
    const quant: Quant = {
      scale: Float64Array.from({ length: count }, () => random(1, 999) / 1024),
      zeroPoint: Int32Array.from({ length: count }, () => limit(r.dtype, random(-9, 9))),
      ...(isEach && { axis: 1 }),
    }
    return {
      op: 'dequantize',
      operands: [{ type: { dtype: r.dtype, shape: [r.rows, r.channels], quant } }],
      attrs: {},
      output: { dtype: 'f32' },
    }
  })

/** Of sums of any size, which no convolution before it bounds. */
const threshold: fc.Arbitrary<OneOp> = fc
  .record({
    dtype: fc.constantFrom<DType>('i8', ...LOW),
    rows: size,
    channels,
    steps: fc.integer({ min: 1, max: 9 }),
    known: fc.nat(3),
    directions: fc.boolean(),
    seed,
  })
  .map((r) => {
    const [least, largest] = DTYPE_RANGE[r.dtype] ?? [0, 0]
    const steps = r.dtype === 'b1' ? 1 : Math.min(r.steps, largest - least)
    const table: TensorType = { dtype: 'i32', shape: [r.channels, steps] }
    const signs: TensorType = { dtype: 'i8', shape: [r.channels] }
    const random = randomNumbers(r.seed)
    const turned = Int8Array.from({ length: r.channels }, () => 2 * random(0, 1) - 1)
    const rising = Array.from({ length: r.channels }, (_, c) => [
      ...(randomElements({ dtype: 'i32', shape: [steps] }, r.seed + c) as Int32Array).sort(),
    ])
    const thresholds = Int32Array.from(rising.flat())
    return {
      op: 'threshold',
      operands: [
        { type: { dtype: 'i32', shape: [2, r.rows, 3, r.channels] } },
        { type: table, ...(r.known & 1 && { data: thresholds }) },
        ...(r.directions ? [{ type: signs, ...(r.known & 2 && { data: turned }) }] : []),
      ],
      attrs: { min: least },
      output: { dtype: r.dtype, quant: perTensor(1, 0) },
    }
  })

const pool: fc.Arbitrary<OneOp> = fc
  .record({ dtype: fc.constantFrom(...LOW), batch: start.batch, height: size, width: size, channels })
  .map((r) => {
    const quant = perTensor(0.5, 0)
    const kernel = [Math.min(2, r.height), Math.min(3, r.width)]
    return {
      op: 'max_pool2d',
      operands: [{ type: { dtype: r.dtype, shape: [r.batch, r.height, r.width, r.channels], quant } }],
      attrs: {
        kernel,
        stride: [2, 1],
        pads: [...kernel.map((k) => k - 1), 0, 0],
        activation: 'none',
      },
      output: { dtype: r.dtype, quant },
    }
  })

function lawOfGraphs(graphs: fc.Arbitrary<Graph>, usual: number): () => Promise<void> {
  return async () => {
    await fc.assert(fc.asyncProperty(graphs, seed, checkGraph), cases(usual))
  }
}

describe('equal to the interpreter', () => {
  test('convolutions one after another', lawOfGraphs(chains, 150))
  test('binary convolutions one after another', lawOfGraphs(binaryChains, 80))
  test('binary convolutions pass bits to each other', () => {
    const graphs = fc.sample(binaryChains, { numRuns: 50, seed: 1 })
    expect(graphs.filter((graph) => planFusion(graph).bits.size > 0).length).toBeGreaterThan(20)
  })
  test('fully connected layers', lawOfGraphs(fullyConnected, 60))
  test('bits of an image as a row', lawOfGraphs(flattened, 30))
  test('quantize', lawOf(quantize, 30))
  test('dequantize', lawOf(dequantize, 40))
  test('threshold', lawOf(threshold, 60))
  test('max_pool2d', lawOf(pool, 30))
})
