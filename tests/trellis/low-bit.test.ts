/** Operands of 4, 2 and 1 bits on trellis-16: what they are worth, and the networks of the zoo that have them. */
import { describe, expect, test } from 'vitest'
import { loadTarget } from '../../backends/trellis/target.ts'
import { verifyProgram } from '../../backends/trellis/verify-program.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import type { DType } from '../../ir/dtype.ts'
import type { Graph, Node, Value } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { perTensor } from '../../ir/tensor.ts'
import { loadModel } from '../../src/importers/index.ts'
import { compileModel } from '../../src/pipeline.ts'
import { simulate } from '../../src/simulate.ts'
import { createTrellisRunner } from '../../src/trellis-runner.ts'
import { hasZoo, zooPath } from '../importers/zoo.ts'
import { randomInputs } from '../laws/network-builder.ts'

const TRELLIS_16 = unwrap(loadTarget('trellis-16'))
const CHANNELS = 128
const SIDE = 32

/** A 3x3 convolution to 32x32 whose sums go through thresholds to the type of its input; bits are not padded. */
function convolution(
  type: DType,
  weightType: DType,
  steps: number,
  isKept = (_block: number) => true,
): Graph {
  const pad = type === 'b1' ? 0 : 1
  const image = (dtype: DType, side: number): Value => ({
    type: { dtype, shape: [1, side, side, CHANNELS], quant: perTensor(0.1, 0) },
  })
  const weights = Int8Array.from({ length: CHANNELS * 9 * CHANNELS }, (_, i) => {
    const noise = Math.imul(i + 1, 2654435761) >>> 8
    if (!isKept(Math.floor(i / 32) % 36)) return 0
    return { b1: noise & 1 ? 1 : -1, i2: (noise % 4) - 2, i4: (noise % 16) - 8 }[
      weightType as 'b1' | 'i2' | 'i4'
    ]
  })
  const rows = Int32Array.from(
    { length: CHANNELS * steps },
    (_, i) => 60 * ((i % steps) - (steps >> 1)) + (i % 7),
  )
  const node = (
    op: 'conv2d' | 'threshold',
    inputs: string[],
    output: string,
    attrs: Node['attrs'],
  ): Node => ({
    ...{ op, name: output, inputs, outputs: [output], attrs },
  })
  const shape = [CHANNELS, 3, 3, CHANNELS]
  return {
    name: 'layer',
    inputs: ['x'],
    outputs: ['y'],
    values: new Map<string, Value>([
      ['x', image(type, SIDE + 2 - 2 * pad)],
      ['w', { type: { dtype: weightType, shape, quant: perTensor(0.01, 0) }, data: weights }],
      ['s', image('i32', SIDE)],
      ['t', { type: { dtype: 'i32', shape: [CHANNELS, steps] }, data: rows }],
      ['y', image(type, SIDE)],
    ]),
    nodes: [
      node('conv2d', ['x', 'w'], 's', { stride: [1, 1], dilation: [1, 1], pads: [pad, pad, pad, pad] }),
      node('threshold', ['s', 't'], 'y', { min: type === 'b1' ? -1 : 0 }),
    ],
  }
}

function measure(graph: Graph) {
  const program = unwrap(compileModel(graph, TRELLIS_16))
  expect(verifyProgram(program)).toEqual([])
  const weights = must(
    program.regions.find((r) => r.kind === 'weights'),
    'weights',
  )
  return { program, stored: weights.end - weights.start, result: unwrap(simulate(program)).result }
}

/** MACs of the layer at 16 x 16 a cycle: what int8 takes at the least. */
const INT8_CYCLES = 594_781
const WEIGHTS = CHANNELS * 9 * CHANNELS

test.each<{ type: DType; weights: DType; bits: number; stored: number; faster: number }>([
  { type: 'u4', weights: 'i4', bits: 4, stored: 4, faster: 1.9 },
  { type: 'u2', weights: 'i2', bits: 2, stored: 2, faster: 3.7 },
  { type: 'b1', weights: 'b1', bits: 1, stored: 1, faster: 7 },
  { type: 'u4', weights: 'b1', bits: 4, stored: 1, faster: 1.9 },
])(
  '$type x $weights: at least $faster times fewer cycles than int8',
  ({ type, weights, bits, stored, faster }) => {
    const layer = measure(convolution(type, weights, type === 'b1' ? 1 : 2 ** bits - 1))
    expect(layer.program.steps).toEqual([{ run: 0 }])
    expect(INT8_CYCLES / layer.result.cycles).toBeGreaterThanOrEqual(faster)
    expect(layer.result.cycles).toBeGreaterThanOrEqual(layer.result.lower_bound.cycles)
    expect(layer.result.lower_bound.cycles).toBeGreaterThanOrEqual((WEIGHTS * SIDE * SIDE * bits) / 8 / 256)
    expect(layer.result.mac_utilization).toBeGreaterThan(0.95)
    expect(layer.stored).toBe((WEIGHTS * stored) / 8)
    expect(layer.program.inputs[0]?.bits).toBe(bits)
    expect(layer.program.layers[0]?.precision).toBe(`${type}x${weights}`)
  },
)

test('blocks of 4-bit weights that are 0 are left out', () => {
  const dense = measure(convolution('u4', 'i4', 15))
  const sparse = measure(convolution('u4', 'i4', 15, (block) => block % 4 === 0))
  expect(sparse.stored).toBe(dense.stored / 4)
  expect(dense.result.cycles / sparse.result.cycles).toBeGreaterThan(3.5)
  expect(sparse.result.layers[0]?.density).toBe(0.25)
})

describe.skipIf(!hasZoo)('the low-bit classifiers (skipped without ../shared/zoo)', () => {
  test.each([
    { name: 'digits_1w1a', precisions: ['i8', 'b1xb1', 'b1xb1', 'b1xb1', 'b1xi8'] },
    { name: 'digits_4w4a', precisions: ['i8', 'u4xi4', 'u4xi4', 'u4xi4', 'u4xi8'] },
  ])('$name: all convolutions on the machine, outputs exact', async ({ name, precisions }) => {
    const graph = unwrap(await loadModel(zooPath(`own/models/${name}.onnx`)))
    const { program, result } = measure(graph)
    const host = program.steps.flatMap((s) => ('host' in s ? [s.host.op] : []))
    expect(host).toEqual(['mul', 'sub', 'quantize', 'dequantize', 'add'])
    expect(program.layers.filter((l) => l.macs > 0).map((l) => l.precision)).toEqual(precisions)
    // The first layer multiplies bytes, whatever its results are.
    expect(result.layers[0]?.lower_bound_cycles).toBe(Math.ceil((12 * 12 * 64 * 25) / 256))
    const inputs = randomInputs(graph, 7).map((x) => (x as Float32Array).map((v) => Math.abs(v) / 8))
    expect(createTrellisRunner(program).run(inputs)).toEqual(createInterpreter(graph).run(inputs))
  })
})
