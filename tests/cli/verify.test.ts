/** `espalier verify`, and the comparison behind it on backends with planted faults. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { VARIANTS } from '../../backends/wasm/artifact.ts'
import { exactVariants } from '../../backends/wasm/runtime/runtime.js'
import { must, type Result, unwrap } from '../../ir/diagnostic.ts'
import type { Graph } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { perTensor, type TensorType } from '../../ir/tensor.ts'
import { complaints, exitCodeOf } from '../../src/cli/commands/verify.ts'
import { differingPlaces } from '../../src/differing-places.ts'
import { loadModel } from '../../src/importers/index.ts'
import { randomInputs } from '../../src/random-inputs.ts'
import type { Executable } from '../../src/run.ts'
import { inputPorts, outputPorts } from '../../src/tensors/port.ts'
import { type Contender, type Verdict, verifyGraph } from '../../src/verify.ts'
import { hasNode24, NODE_24 } from '../wasm/bundle/node-24.ts'
import { call } from './call.ts'

const MODEL = 'examples/digits/digits_int8.tflite'
const OPTIONS = { runs: 6, seed: 7 }

describe('the command', () => {
  test('--json has the promised keys, and every backend is equal', async () => {
    const { code, out, err } = await call('verify', MODEL, '--runs', '2', '--seed', '5', '--json')
    expect([code, err]).toEqual([0, ''])
    const { backends, ...rest } = JSON.parse(out)
    expect(rest).toEqual({ model: 'digits_int8', runs: 2, seed: 5, elements: 10 })
    expect(backends).toEqual([
      { backend: 'trellis', target: 'trellis-16', result: 'equal' },
      ...VARIANTS.toReversed().map((variant) =>
        exactVariants().includes(variant)
          ? { backend: 'wasm', variant, result: 'equal' }
          : { backend: 'wasm', variant, result: 'not_run', reason: expect.stringMatching(/^it needs /) },
      ),
    ])
  })

  test('the table names each backend, and fits 100 columns', async () => {
    const { code, out } = await call('verify', MODEL, '--runs', '1', '--target', 'trellis-8')
    expect(code).toBe(0)
    expect(out).toMatch(/^digits_int8 beside the reference: 1 run of seed 1, 10 elements each$/m)
    expect(out).toMatch(/^trellis +trellis-8 +equal *$/m)
    expect(out).toMatch(/^wasm +plain +equal *$/m)
    for (const line of out.split('\n')) expect(line.trimEnd().length).toBeLessThanOrEqual(100)
  })

  test('a target that is too small for the model keeps WebAssembly from nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'verify-'))
    const target = join(folder, 'tiny.yaml')
    const { out: yaml } = await call('targets', 'trellis-8')
    writeFileSync(target, yaml.replace(/activation_kib: \d+/, 'activation_kib: 1'))
    const { code, out, err } = await call('verify', MODEL, '--runs', '1', '--target', target, '--json')
    rmSync(folder, { recursive: true })
    expect(code).toBe(1)
    expect(err).toMatch(/^error\[trellis\/memory-too-small\] /)
    const { backends } = JSON.parse(out)
    expect(backends[0]).toMatchObject({
      backend: 'trellis',
      result: 'refused',
      diagnostics: [{ code: 'trellis/memory-too-small', hint: expect.any(String) }],
    })
    expect(backends).toContainEqual({ backend: 'wasm', variant: 'plain', result: 'equal' })
  })

  test('help tells the exit codes', async () => {
    expect((await call('verify', '--help')).out).toMatch(/Exit codes: 0 .* 3 .* 1 /s)
  })

  test.skipIf(!hasNode24)('relaxed SIMD is compared where Node has it', () => {
    const args = ['dist/src/cli/main.js', 'verify', MODEL, '--runs', '2', '--json']
    const { status, stdout } = spawnSync(NODE_24, args, { encoding: 'utf8' })
    expect(status).toBe(0)
    const equal = JSON.parse(stdout).backends.filter((verdict: Verdict) => verdict.result === 'equal')
    expect(equal.map(({ variant }: Verdict) => variant)).toContainEqual(expect.stringMatching(/^relaxed_/))
  })
})

describe('backends that differ', async () => {
  const graph = unwrap(await loadModel(MODEL))

  test('a fault is found, with its place and the layer that makes it', async () => {
    const node = must(graph.nodes[4], 'node')
    const { backends } = await verifyGraph(graph, [planted('faulty', node.name)], OPTIONS)
    expect(backends).toMatchObject([
      {
        backend: 'faulty',
        result: 'different',
        difference: { output: graph.outputs[0], elements: 10, layer: node.name },
      },
    ])
    const difference = must(
      backends[0] && 'difference' in backends[0] ? backends[0].difference : undefined,
      'it',
    )
    expect(difference.run).toBeLessThan(OPTIONS.runs)
    expect(difference.got).not.toBe(difference.reference)
    expect(difference.differing).toBeGreaterThan(0)
    expect(difference.index).toHaveLength(2)
  })

  test('a fault that shows only in the whole model is put to its last layer', async () => {
    const first = must(graph.nodes[0], 'node').name
    const isWhole = (part: Graph) => part.nodes.length === graph.nodes.length
    const open = async (part: Graph) => interpreterOf(isWhole(part) ? shifted(part, first) : part)
    const { backends } = await verifyGraph(graph, [{ backend: 'faulty', open }], OPTIONS)
    expect(backends).toMatchObject([{ difference: { layer: graph.nodes.at(-1)?.name } }])
  })

  test('where the backend refuses parts of the model no layer is named', async () => {
    const { open } = planted('faulty', must(graph.nodes[0], 'node').name)
    const refuse = async (part: Graph) =>
      part === graph ? open(part) : { ok: false as const, diagnostics: [] }
    const { backends } = await verifyGraph(graph, [{ backend: 'faulty', open: refuse }], OPTIONS)
    expect(backends[0]).toMatchObject({ result: 'different', difference: { elements: 10 } })
    expect(backends[0]).not.toHaveProperty('difference.layer')
  })

  test('one that differs and one that refuses keep no other from being compared', async () => {
    const refusal = { code: 'wasm/unsupported', severity: 'error' as const, message: 'not that' }
    const contenders: readonly Contender[] = [
      { backend: 'refusing', open: async () => ({ ok: false, diagnostics: [refusal] }) },
      planted('faulty', must(graph.nodes[0], 'node').name),
      { backend: 'absent', cannotRun: 'it needs more' },
      { backend: 'sound', open: async (part) => interpreterOf(part) },
    ]
    const verification = await verifyGraph(graph, contenders, OPTIONS)
    const results = verification.backends.map(({ result }) => result)
    expect(results).toEqual(['refused', 'different', 'not_run', 'equal'])
    expect(complaints(verification, MODEL)).toMatchObject([
      refusal,
      {
        code: 'check/different',
        message: expect.stringContaining('of 10 elements'),
        notes: [
          expect.stringMatching(/^in run \d of seed 7, at \[0, \d\]: -?\d+ instead of -?\d+$/),
          expect.stringContaining('first layer'),
        ],
        hint: expect.stringMatching(/--seed 7 and --runs \d/),
      },
    ])
  })

  test.each([
    [0, ['equal', 'not_run']],
    [1, ['equal', 'refused']],
    [3, ['refused', 'different']],
  ] as const)('exit code %i for %j', (code, results) => {
    expect(exitCodeOf(results.map((result) => ({ backend: 'b', result }) as Verdict))).toBe(code)
  })
})

test('zeros of either sign differ, and one NaN is as good as another', () => {
  const [a, b] = [Float32Array.of(0, Number.NaN, 1, 2), Float32Array.of(-0, Number.NaN, 1, 3)]
  expect(differingPlaces(a, b)).toEqual([0, 3])
  expect(differingPlaces(BigInt64Array.of(1n, 2n), BigInt64Array.of(1n, 2n))).toEqual([])
  expect(differingPlaces(Int8Array.of(1), Int8Array.of(1, 2))).toEqual([1])
})

describe('random inputs', async () => {
  const graph = unwrap(await loadModel(MODEL))
  const first = (seed: number) => randomInputs(graph, seed)()

  test('are the same for a seed, and others for another', () => {
    expect(first(3)).toEqual(first(3))
    expect(first(3)).not.toEqual(first(4))
    // What they are is a promise to whoever reports a difference.
    expect(first(1)[0]?.slice(0, 8)).toEqual(Int8Array.of(126, 96, -63, -99, -6, 53, -82, -109))
  })

  test('cover the type at first, and a part of it later', () => {
    const next = randomInputs(graph, 1)
    const ranges = Array.from({ length: 5 }, () => {
      const [data] = next() as readonly [Int8Array]
      return Math.max(...data) - Math.min(...data)
    })
    expect(ranges[0]).toBeGreaterThan(250)
    expect(Math.min(...ranges)).toBeLessThan(200)
  })

  test('are one of two for binary inputs, and never NaN where they are real', () => {
    const quant = perTensor(0.5, 10)
    const values: readonly (readonly [string, TensorType])[] = [
      ['bits', { dtype: 'b1', shape: [1, 64] }],
      ['real', { dtype: 'f32', shape: [1, 4096] }],
      ['q', { dtype: 'i8', shape: [1, 4096], quant }],
      ['free', { dtype: 'f32', shape: [1, 64] }],
      ['wide', { dtype: 'i64', shape: [1, 64] }],
    ]
    const node = { op: 'quantize', name: 'q', inputs: ['real'], outputs: ['q'], attrs: {} } as const
    const [bits, real, free, wide] = randomInputs(
      {
        name: 'types',
        inputs: ['bits', 'real', 'free', 'wide'],
        outputs: ['q'],
        values: new Map(values.map(([id, type]) => [id, { type }])),
        nodes: [node],
      },
      9,
    )()
    expect(new Set(bits as Int8Array)).toEqual(new Set([-1, 1]))
    expect(wide).toBeInstanceOf(BigInt64Array)
    for (const data of [real, free]) expect([...(data as Float32Array)].every(Number.isFinite)).toBe(true)
    const steps = [...(real as Float32Array)].map((x) => x / 0.5)
    // -138 to 117 steps are what the integers cover; some lie beyond, some between two of them, some far away.
    expect(steps.some((x) => x < -138 && x > -200)).toBe(true)
    expect(steps.some((x) => x > 117 && x < 200)).toBe(true)
    expect(steps.filter((x) => Math.abs(x % 1) === 0.5).length).toBeGreaterThan(20)
    expect(steps.some((x) => x > 1e38)).toBe(true)
  })
})

function planted(backend: string, node: string) {
  return { backend, open: async (graph: Graph) => interpreterOf(shifted(graph, node)) }
}

/** The graph with another bias in one of its layers, if it is among them. */
function shifted(graph: Graph, name: string): Graph {
  const node = graph.nodes.find((n) => n.name === name)
  const bias = node?.inputs[2]
  const value = bias === undefined ? undefined : graph.values.get(bias)
  if (bias === undefined || value?.data === undefined) return graph
  const data = (value.data as Int32Array).map((b) => b + 5000)
  return { ...graph, values: new Map(graph.values).set(bias, { ...value, data }) }
}

function interpreterOf(graph: Graph): Result<Executable> {
  const { run } = createInterpreter(graph)
  return {
    ok: true,
    value: { name: graph.name, inputs: inputPorts(graph), outputs: outputPorts(graph), run },
  }
}
