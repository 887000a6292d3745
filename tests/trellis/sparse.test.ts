/** What leaving out zero blocks is worth on trellis-16: the layer of docs/benchmarks.md, and a real network. */
import { describe, expect, test } from 'vitest'
import type { Program } from '../../backends/trellis/program.ts'
import { loadTarget } from '../../backends/trellis/target.ts'
import { verifyProgram } from '../../backends/trellis/verify-program.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import type { Graph } from '../../ir/graph.ts'
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
const BLOCK = 16
const BLOCKS = (CHANNELS / BLOCK) ** 2 * 9

/** A 3x3 convolution of 128 to 128 channels, of whose 16x16 blocks as many are kept as `isKept` says. */
function convolution(side: number, isKept: (column: number, tap: number, row: number) => boolean): Graph {
  const image = { dtype: 'i8' as const, shape: [1, side, side, CHANNELS], quant: perTensor(0.05, 3) }
  const data = Int8Array.from({ length: CHANNELS * 9 * CHANNELS }, (_, i) => {
    const [o, tap, c] = [Math.floor(i / (9 * CHANNELS)), Math.floor(i / CHANNELS) % 9, i % CHANNELS]
    return isKept(Math.floor(o / BLOCK), tap, Math.floor(c / BLOCK)) ? ((i * 37) % 251) - 125 : 0
  })
  const shape = [CHANNELS, 3, 3, CHANNELS]
  const bias = Int32Array.from({ length: CHANNELS }, (_, o) => 997 * (o - 64))
  return {
    name: 'layer',
    inputs: ['x'],
    outputs: ['y'],
    values: new Map([
      ['x', { type: image }],
      ['w', { type: { dtype: 'i8', shape, quant: perTensor(0.01, 0) }, data }],
      ['b', { type: { dtype: 'i32', shape: [CHANNELS] }, data: bias }],
      ['y', { type: { ...image, quant: perTensor(4, -5) } }],
    ]),
    nodes: [
      {
        op: 'conv2d',
        name: 'y',
        inputs: ['x', 'w', 'b'],
        outputs: ['y'],
        attrs: { stride: [1, 1], dilation: [1, 1], pads: [1, 1, 1, 1], activation: 'none' },
      },
    ],
  }
}

function measure(graph: Graph) {
  const program = unwrap(compileModel(graph, TRELLIS_16))
  expect(verifyProgram(program)).toEqual([])
  return { program, result: unwrap(simulate(program)).result }
}

function storedWeights(program: Program): number {
  const { start, end } = must(
    program.regions.find((r) => r.kind === 'weights'),
    'weights',
  )
  return end - start
}

const dense = measure(convolution(32, () => true))

test.each([
  { every: 4, faster: 3.5 },
  { every: 10, faster: 7 },
])('one block of $every kept: at least $faster times fewer cycles', ({ every, faster }) => {
  const order = (column: number, tap: number, row: number) => (column * 9 + tap) * 8 + row
  const sparse = measure(convolution(32, (...at) => (order(...at) * 7) % every === 0))
  const kept = Array.from({ length: BLOCKS }, (_, n) => n).filter((n) => (n * 7) % every === 0).length
  expect(dense.result.cycles / sparse.result.cycles).toBeGreaterThanOrEqual(faster)
  expect(storedWeights(sparse.program)).toBe((storedWeights(dense.program) * kept) / BLOCKS)
  expect(sparse.result.dram.by.weights).toBe(kept * BLOCK * BLOCK)
  expect(sparse.result.layers[0]).toMatchObject({ density: kept / BLOCKS, macs: dense.result.macs })
  // Every weight block that is there streams for all outputs: 16 x 16 MACs a cycle, of which none is wasted.
  expect(sparse.result.mac_utilization).toBeGreaterThan(0.9)
  expect(sparse.result.mac_utilization).toBeLessThanOrEqual(1)
  expect(sparse.result.cycles).toBeGreaterThanOrEqual(sparse.result.lower_bound.cycles)
  expect(sparse.result.energy_uj.nominal).toBeLessThan(dense.result.energy_uj.nominal / 3)
})

test('outputs of a column block without any weights are those of its bias, without the mac unit', () => {
  const graph = convolution(5, (column, tap, row) => column !== 2 && (column + tap + row) % 3 === 0)
  const { program } = measure(graph)
  const post = program.segments.flatMap((s) => s.instructions.filter((i) => i.op === 'post.acc'))
  expect(post.map((i) => i.zeros)).toEqual([0, 0, 1, 0, 0, 0, 0, 0])
  const inputs = randomInputs(graph, 1)
  expect(createTrellisRunner(program).run(inputs)).toEqual(createInterpreter(graph).run(inputs))
})

test('a layer without any weights needs no mac unit at all', () => {
  const graph = convolution(5, () => false)
  const { program, result } = measure(graph)
  expect(program.segments.flatMap((s) => s.instructions.filter((i) => i.op === 'mac.dense'))).toEqual([])
  expect(result.dram.by.weights).toBe(0)
  const inputs = randomInputs(graph, 1)
  expect(createTrellisRunner(program).run(inputs)).toEqual(createInterpreter(graph).run(inputs))
})

describe.skipIf(!hasZoo)('the sparse classifier (skipped without ../shared/zoo)', () => {
  test('takes less than half of the cycles of the dense one, and a third of its weights', async () => {
    const [dense, sparse] = await Promise.all(
      ['digits_int8', 'digits_sparse_int8'].map(async (name) =>
        measure(unwrap(await loadModel(zooPath(`own/models/${name}.tflite`)))),
      ),
    )
    const [a, b] = [must(dense, 'dense'), must(sparse, 'sparse')]
    expect(b.result.cycles).toBeLessThan(a.result.cycles / 2.2)
    expect(b.result.dram.by.weights).toBeLessThan(a.result.dram.by.weights / 3)
  })
})
