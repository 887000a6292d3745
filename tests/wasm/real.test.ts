/** Ops and networks on float32 tensors: modules give the interpreter's bits, also of infinities and not-a-numbers. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileWasm } from '../../backends/wasm/compile.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import { type Graph, type Node, typeOf, type Value } from '../../ir/graph.ts'
import { type ElementwiseName, REAL_FUNCTIONS } from '../../ir/ops/real/functions.ts'
import { elementCount } from '../../ir/tensor.ts'
import { loadModel } from '../../src/importers/index.ts'
import { optimize } from '../../src/pipeline.ts'
import { readNpy } from '../../src/tensors/npy.ts'
import { FLOAT_MODELS, hasZoo, zooPath } from '../importers/zoo.ts'
import { cases } from '../laws/long-run.ts'
import { randomRealNetwork } from '../laws/random-real-network.ts'
import { lawOf, type OneOp, type Operand, randomElements } from './one-op.ts'
import { checkOnWasm } from './wasm-law.ts'

test('random float networks equal the interpreter bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(randomRealNetwork(), fc.nat(), fc.boolean(), async (graph, seed, isOptimized) => {
      await checkOnWasm(isOptimized ? optimize(graph) : graph, seed)
    }),
    cases(100),
  )
})

const real = (shape: readonly number[]): Operand => ({ type: { dtype: 'f32', shape } })
const output = { dtype: 'f32' } as const

/** Operands beside the first: constants or computed, as the seed says. */
const perhapsConstant = (operand: Operand, seed: number): Operand =>
  seed % 2 === 0 ? operand : { ...operand, data: randomElements(operand.type, seed) }

const BINARIES: readonly ElementwiseName[] = [
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'minimum',
  'maximum',
  'prelu',
]
const ATTRS: { readonly [N in ElementwiseName]?: OneOp['attrs'] } = {
  leaky_relu: { alpha: 0.1 },
  clip: { max: 1 },
}

describe('each function of single elements, of any float32', () => {
  test.each(Object.keys(REAL_FUNCTIONS) as ElementwiseName[])('%s', async (op) => {
    // Not only whole vectors, and an element for each or one for all.
    const shapes = fc.record({ width: fc.constantFrom(40, 41, 43), one: fc.constantFrom('a', 'b', 'none') })
    const arbitrary = shapes.map(({ width, one }) => {
      const operands = [real(one === 'a' ? [1] : [3, width]), real(one === 'b' ? [1] : [width])]
      return {
        op,
        operands: BINARIES.includes(op) ? operands : [real([3, width])],
        attrs: ATTRS[op] ?? {},
        output,
      }
    })
    await lawOf(arbitrary, 9)()
  })
})

const convolution: fc.Arbitrary<OneOp> = fc
  .record({
    channels: fc.integer({ min: 1, max: 9 }),
    outputs: fc.integer({ min: 1, max: 37 }),
    kernel: fc.constantFrom([1, 1], [3, 3], [1, 5]),
    pad: fc.nat(2),
    stride: fc.constantFrom([1, 1], [2, 1], [3, 2]),
    dilation: fc.constantFrom([1, 1], [2, 2]),
    op: fc.constantFrom('conv2d' as const, 'depthwise_conv2d' as const),
    width: fc.integer({ min: 9, max: 30 }),
    bias: fc.boolean(),
    seed: fc.nat(1 << 20),
  })
  .map((r) => {
    const isDepthwise = r.op === 'depthwise_conv2d'
    const outputs = isDepthwise ? r.channels * (1 + (r.outputs % 3)) : r.outputs
    const w = real(isDepthwise ? [1, ...r.kernel, outputs] : [outputs, ...r.kernel, r.channels])
    const others = [w, ...(r.bias ? [real([outputs])] : [])].map((each) => perhapsConstant(each, r.seed))
    const attrs = { stride: r.stride, dilation: r.dilation, pads: [r.pad, 1, 0, r.pad] }
    return { op: r.op, operands: [real([1, 9, r.width, r.channels]), ...others], attrs, output }
  })

test('convolutions, also with computed weights', lawOf(convolution, 60))

const product: fc.Arbitrary<OneOp> = fc
  .record({
    rows: fc.constantFrom(1, 3, 4, 9),
    depth: fc.integer({ min: 1, max: 40 }),
    outputs: fc.integer({ min: 1, max: 70 }),
    seed: fc.nat(1 << 20),
  })
  .map(({ rows, depth, outputs, seed }) => ({
    op: 'fully_connected',
    operands: [real([rows, depth]), perhapsConstant(real([outputs, depth]), seed)],
    attrs: { activation: 'relu6' },
    output,
  }))

test('matrix products, also with computed weights', lawOf(product, 40))

test('a matrix that two layers multiply with stands in the weights file once', async () => {
  const w = { type: { dtype: 'f32', shape: [64, 64] }, data: new Float32Array(64 * 64).fill(0.01) } as const
  const row = { type: { dtype: 'f32', shape: [1, 64] } } as const
  const layer = (x: string, y: string): Node => ({
    op: 'fully_connected',
    name: y,
    inputs: [x, 'w'],
    outputs: [y],
    attrs: {},
  })
  const graph: Graph = {
    name: 'twice',
    inputs: ['x'],
    outputs: ['z'],
    values: new Map<string, Value>([
      ['w', w],
      ['x', row],
      ['y', row],
      ['z', row],
    ]),
    nodes: [layer('x', 'y'), layer('y', 'z')],
  }
  expect(unwrap(compileWasm(graph)).weights.length).toBe(w.data.byteLength)
  await checkOnWasm(graph, 1)
})

describe.skipIf(!hasZoo)('networks of the zoo', () => {
  test.each(FLOAT_MODELS)('%s', async (model) => {
    const graph = optimize(unwrap(await loadModel(zooPath(`${model}.tflite`))))
    const path = zooPath(`${model.replace('models/', 'reference/')}.inputs.npy`)
    const { data } = unwrap(readNpy(readFileSync(path), path))
    const elements = elementCount(typeOf(graph, must(graph.inputs[0], 'input')).shape)
    const samples = [0, 1].map((n) => [(data as Float32Array).slice(n * elements, (n + 1) * elements)])
    await checkOnWasm(graph, 1, samples)
  })
})
