/** `espalier bench`: what it reports. How fast anything is no test can say; what must add up can. */
import { beforeAll, describe, expect, test } from 'vitest'
import { VARIANTS } from '../../backends/wasm/artifact.ts'
import { WORKING_SETS } from '../../backends/wasm/bandwidth.ts'
import { exactVariants } from '../../backends/wasm/runtime/runtime.js'
import { unwrap } from '../../ir/diagnostic.ts'
import { type Benchmark, benchGraph } from '../../src/bench.ts'
import { benchmarkText } from '../../src/cli/benchmark-report.ts'
import { styleOf } from '../../src/cli/style.ts'
import { loadModel } from '../../src/importers/index.ts'
import { inspectGraph } from '../../src/inspect.ts'
import { quantile, Stopwatch } from '../../src/stopwatch.ts'
import { call } from './call.ts'

const MODEL = 'examples/digits/digits_int8.tflite'
const RUNS = 5

describe('the report', () => {
  let benchmark: Benchmark
  let steps = 0
  beforeAll(async () => {
    const graph = unwrap(await loadModel(MODEL))
    benchmark = unwrap(await benchGraph(graph, { runs: RUNS, step: () => steps++ }))
  }, 120_000)

  test('has the promised keys', () => {
    expect(Object.keys(benchmark)).toEqual([
      'model',
      'node',
      'v8',
      'arch',
      'cpu',
      'runs',
      'macs',
      'bandwidth',
      'variants',
      'not_run',
    ])
    expect(benchmark).toMatchObject({
      model: 'digits_int8',
      node: process.versions.node,
      runs: RUNS,
      macs: 4017248,
    })
    expect(steps).toBe(RUNS)
    expect(benchmark.variants.map(({ variant }) => variant)).toEqual(exactVariants())
    expect(benchmark.not_run.map(({ variant }) => variant)).toEqual(
      VARIANTS.filter((variant) => !exactVariants().includes(variant)),
    )
    for (const { total, layers_sum, layers } of benchmark.variants) {
      const times = ['median_us', 'min_us', 'p95_us']
      expect(Object.keys(layers_sum)).toEqual(times)
      expect(Object.keys(total)).toEqual([...times, 'macs', 'gmacs', 'share_of_peak'])
      expect(Object.keys(layers[0] ?? {}).sort()).toEqual(
        [
          ...Object.keys(total),
          ...['name', 'op', 'kernels', 'share_of_time', 'bytes', 'macs_per_byte', 'roof_gmacs'],
        ].sort(),
      )
    }
  })

  test('adds up', async () => {
    const model = inspectGraph(unwrap(await loadModel(MODEL)), 'tflite')
    for (const { peak_gmacs, sparse_crossover, total, layers } of benchmark.variants) {
      expect(peak_gmacs).toBeGreaterThan(1)
      // A machine that does other things meanwhile may move it, but a small share of the work is less work on any.
      expect(sparse_crossover).toBeGreaterThan(0.2)
      expect(sparse_crossover).toBeLessThanOrEqual(1)
      expect(layers.reduce((sum, layer) => sum + layer.macs, 0)).toBe(model.macs)
      expect(layers.reduce((sum, layer) => sum + layer.share_of_time, 0)).toBeCloseTo(1)
      expect(new Set(layers.map(({ name, op }) => `${op} ${name}`)).size).toBe(layers.length)
      for (const { name, op, macs } of model.layers) {
        expect(layers).toContainEqual(expect.objectContaining({ name, op, macs }))
      }
      for (const { median_us, min_us, p95_us, macs, gmacs, share_of_peak } of [total, ...layers]) {
        expect(min_us).toBeLessThanOrEqual(median_us)
        expect(median_us).toBeLessThanOrEqual(p95_us)
        if (macs > 0) expect(gmacs).toBeCloseTo(macs / median_us / 1000)
        expect(share_of_peak).toBeCloseTo(gmacs / peak_gmacs)
      }
    }
  })

  test('has a roof above each layer, of the peak or of the memory that holds its bytes', () => {
    expect(benchmark.bandwidth.map((each) => each.working_set_bytes)).toEqual([...WORKING_SETS])
    for (const { working_set_bytes, gbytes_per_s, median_us } of benchmark.bandwidth) {
      expect(gbytes_per_s).toBeCloseTo(working_set_bytes / median_us / 1000)
      expect(gbytes_per_s).toBeGreaterThan(0.1)
    }
    for (const { peak_gmacs, layers } of benchmark.variants) {
      for (const { macs, bytes, macs_per_byte, roof_gmacs } of layers) {
        expect(macs_per_byte).toBeCloseTo(macs / bytes)
        const read = benchmark.bandwidth.find((each) => bytes <= each.working_set_bytes)
        expect(roof_gmacs).toBe(Math.min(peak_gmacs, macs_per_byte * (read?.gbytes_per_s ?? 0)))
      }
    }
  })

  test('counts the bytes of a layer: tensors with their borders, weights as wide as they are read', () => {
    // 28x28 pixels with a border become 14x14 of 32 channels, which the next layer wants a border around.
    const [weights, input, output] = [9 * 32, 28 * 28, 14 * 14 * 32]
    for (const { variant, layers } of benchmark.variants) {
      const stem = layers.find(({ name }) => name.includes('stem'))
      const least = input + output + weights * (variant === 'plain' ? 2 : 1)
      expect(stem?.bytes).toBeGreaterThan(least)
      expect(stem?.bytes).toBeLessThan(2 * least)
      const [copied] = layers
      expect(copied?.bytes).toBeGreaterThanOrEqual(2 * input)
    }
  })

  test('fits 100 columns on a terminal', () => {
    const text = benchmarkText(benchmark, styleOf(0))
    for (const line of text.split('\n')) expect(line.trimEnd().length).toBeLessThanOrEqual(100)
    expect(text).toContain('4,017,248 MACs')
    expect(text).toMatch(/^reads GB\/s: [\d.]+ in 16 KiB, .*, [\d.]+ in 64 MiB$/m)
    expect(text).toMatch(/^plain: [\d.,]+ µs$/m)
    expect(text).toMatch(/^block-sparse weights are faster below a density of \d+\.\d %$/m)
    for (const { variant } of benchmark.not_run) expect(text).toContain(`${variant} not run: it needs `)
  })
})

test('the command prints one JSON object', async () => {
  const { code, out, err } = await call('bench', MODEL, '--runs', '1', '--json')
  expect([code, err]).toEqual([0, ''])
  expect(JSON.parse(out)).toMatchObject({ model: 'digits_int8', runs: 1 })
}, 120_000)

test('a report that cannot be written is refused before anything is timed', async () => {
  const { code, err } = await call('bench', 'missing.tflite', '--report', 'no/where/r.html')
  expect([code, err]).toEqual([1, expect.stringContaining('output/no-folder')])
})

test('quantiles are interpolated', () => {
  expect([0, 0.5, 0.75, 1].map((share) => quantile([4, 1, 3, 2], share))).toEqual([1, 2.5, 3.25, 4])
  expect(quantile([7], 0.95)).toBe(7)
})

test('a stopwatch tells microseconds of one call', () => {
  const stopwatch = new Stopwatch(() => {
    const end = performance.now() + 0.2
    while (performance.now() < end);
  })
  stopwatch.warmUp(10)
  for (let i = 0; i < 5; i++) stopwatch.sample()
  expect(stopwatch.samples).toHaveLength(5)
  expect(quantile(stopwatch.samples, 0)).toBeGreaterThanOrEqual(200)
  expect(quantile(stopwatch.samples, 0)).toBeLessThan(1000)
})
