/** Layers with int8 weights and float32 activations: the definition, every backend, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { importTflite } from '../../src/importers/tflite/index.ts'
import { OPTIONS } from '../../src/importers/tflite/schema.ts'
import { call } from '../cli/call.ts'
import { cases } from '../laws/long-run.ts'
import { checkOnWasm } from '../wasm/wasm-law.ts'
import { type HybridSketch, hybridExample, hybridFile, hybridLayers, hybridResult } from './hybrid-layer.ts'
import { type OperatorSketch, type TensorSketch, tfliteFile } from './tflite-file.ts'

test('outputs are those of the definition, bit for bit', () => {
  fc.assert(
    fc.property(hybridLayers, ({ layer, x }) => {
      const expected = hybridResult(layer, x)
      fc.pre(expected !== undefined)
      const graph = unwrap(importTflite(hybridFile(layer), 'layer.tflite'))
      const [y] = createInterpreter(graph).run([x])
      // Of the two zeros either may come out of a maximum.
      expect(Array.from((y as Float32Array) ?? [], (v) => v + 0)).toEqual(expected?.map((v) => v + 0))
    }),
    cases(200),
  )
})

test('WebAssembly equals the interpreter', async () => {
  await fc.assert(
    fc.asyncProperty(hybridLayers, async ({ layer, x }) => {
      await checkOnWasm(unwrap(importTflite(hybridFile(layer), 'layer.tflite')), 1, [[x]])
    }),
    cases(12),
  )
})

describe.each([false, true])('an input, with a scale for each channel: %s,', (isPerChannel) => {
  const layer = hybridExample({ isPerChannel, activation: 0 })
  const run = (value: number) => {
    const graph = unwrap(importTflite(hybridFile(layer), 'layer.tflite'))
    return createInterpreter(graph).run([new Float32Array(48).fill(value)])[0] as Float32Array
  }

  test('of zeros leaves the bias', () => {
    expect(Array.from(run(0).subarray(0, 5))).toEqual([-1, 0, 1, 2, 3])
  })

  test.each([2 ** -149, 2 ** -127, 2 ** -122, -(2 ** 120)])('of %s has a finite scale', (value) => {
    expect(run(value).every(Number.isFinite)).toBe(true)
  })
})

describe('sums of differences from a zero point', () => {
  /** A row of `depth` inputs near 0, whose zero point is far from it, and as many weights. */
  function wide(depth: number, weight: (k: number) => number) {
    const layer: HybridSketch = {
      ...hybridExample({ operator: 'FULLY_CONNECTED', asymmetric: true, activation: 0 }),
      shape: [1, 1, depth, 1],
      outputs: 1,
      weights: Int8Array.from({ length: depth }, (_, k) => weight(k)),
      bias: new Float32Array(1),
    }
    return { layer, x: Float32Array.from({ length: depth }, (_, k) => [-4, 0.125][k] ?? -0.0625) }
  }

  test.each([1501, 1502, 1503, 1504, 1505])(
    'are exact beyond 2^24, and rounded once: %i weights',
    (depth) => {
      const { layer, x } = wide(depth, (k) => 127 - (k % 2))
      const [y] = createInterpreter(unwrap(importTflite(hybridFile(layer), 'f'))).run([x])
      expect(Array.from(y as Float32Array)).toEqual(hybridResult(layer, x))
    },
  )

  test('that two parts cannot hold are refused', () => {
    const result = importTflite(hybridFile(wide(9000, () => 127).layer), 'f.tflite')
    expect(result.ok ? [] : result.diagnostics).toMatchObject([
      { code: 'tflite/large-sums', span: { path: 'subgraph 0 / operator 0 (FULLY_CONNECTED)' } },
    ])
  })
})

describe('every backend', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hybrid-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each<[name: string, change: Partial<HybridSketch>]>([
    ['symmetric convolution', {}],
    ['asymmetric convolution', { isPerChannel: true }],
    ['depthwise convolution', { operator: 'DEPTHWISE_CONV_2D', isPerChannel: true }],
    ['symmetric product', { operator: 'FULLY_CONNECTED' }],
    ['asymmetric product', { operator: 'FULLY_CONNECTED', asymmetric: true }],
  ])('equals the reference, and Trellis multiplies: %s', async (name, change) => {
    const file = join(folder, `${name}.tflite`)
    writeFileSync(file, hybridFile(hybridExample(change)))
    const { code, out } = await call('verify', file, '--json')
    expect([code, JSON.parse(out).backends[0]]).toMatchObject([0, { backend: 'trellis', result: 'equal' }])
    const { layers } = JSON.parse((await call('simulate', file, '--json')).out)
    expect(layers).toHaveLength(1)
  })
})

describe('is refused', () => {
  const bytes = (
    change: (tensors: TensorSketch[]) => TensorSketch[],
    operator: Partial<OperatorSketch> = {},
  ) => {
    const tensors: TensorSketch[] = [
      { type: 'FLOAT32', name: 'x', shape: [1, 2] },
      { type: 'INT8', name: 'w', shape: [2, 2], scale: 0.5, zeroPoint: 0, data: Uint8Array.of(1, 2, 3, 4) },
      { type: 'FLOAT32', name: 'y', shape: [1, 2] },
    ]
    const product: OperatorSketch = {
      name: 'FULLY_CONNECTED',
      inputs: [0, 1, -1],
      outputs: [2],
      options: [OPTIONS.fullyConnected, {}],
    }
    return tfliteFile({
      tensors: change(tensors),
      operators: [{ ...product, ...operator }],
      inputs: [0],
      outputs: [2],
    })
  }
  const withWeights = (change: Partial<TensorSketch>) =>
    bytes(([x, w, y]) => [x, { ...w, ...change }, y] as TensorSketch[])
  const refusal = (file: Uint8Array) => {
    const result = importTflite(file, 'f.tflite')
    return result.ok ? undefined : result.diagnostics[0]
  }

  test('nothing else of the sketch', () => {
    expect(refusal(withWeights({}))).toBeUndefined()
  })

  test.each<[code: string, change: Partial<TensorSketch>, message: RegExp]>([
    ['bad-scale', { scale: [] }, /no scale/],
    ['bad-zero-point', { zeroPoint: 3 }, /zero point/],
    ['bad-axis', { scale: [1, 2], axis: 1 }, /axis 1/],
  ])('%s: weights with %j', (code, change, message) => {
    expect(refusal(withWeights(change))).toMatchObject({
      code: `tflite/${code}`,
      message: expect.stringMatching(message),
      span: { path: 'subgraph 0 / operator 0 (FULLY_CONNECTED)' },
    })
  })

  test.each([
    ['rows', { shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) }],
    ['a matrix', { shape: [4] }],
  ])('bad-shape: weights that are not for %s', (_, change) => {
    expect(refusal(withWeights(change))).toMatchObject({
      code: 'tflite/bad-shape',
      span: { file: 'f.tflite', path: 'subgraph 0 / operator 0 (FULLY_CONNECTED)' },
    })
  })

  test('ir/shape: an output of another shape', () => {
    const file = bytes(([x, w, y]) => [x, w, { ...y, shape: [2, 1] }] as TensorSketch[])
    expect(refusal(file)).toMatchObject({ code: 'ir/shape', span: { file: 'f.tflite' } })
  })

  test('dynamic-operand: weights that an operator computes', () => {
    const { data: _, ...computed } = {
      type: 'INT8',
      name: 'w',
      shape: [2, 2],
      scale: 0.5,
      zeroPoint: 0,
      data: 0,
    }
    const tensors = [{ type: 'FLOAT32', shape: [1, 2] }, computed, { type: 'FLOAT32', shape: [1, 2] }]
    const operator: OperatorSketch = { name: 'FULLY_CONNECTED', inputs: [0, 1], outputs: [2] }
    const file = tfliteFile({ tensors, operators: [operator], inputs: [0, 1], outputs: [2] })
    expect(refusal(file)).toMatchObject({ code: 'tflite/dynamic-operand' })
  })

  test('unsupported-type: an operator that has no such kernel', () => {
    const operator = { name: 'ADD', inputs: [0, 1], options: [OPTIONS.add, {}] } as const
    const diagnostic = refusal(bytes((tensors) => tensors, operator))
    expect(diagnostic).toMatchObject({
      code: 'tflite/unsupported-type',
      notes: ['ADD with FLOAT32 and INT8: 1 (operator 0)'],
      hint: expect.stringContaining('convert the model in float, or quantize it fully'),
    })
  })
})
