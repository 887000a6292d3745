/** How fast a model is as WebAssembly in this process: in all, layer by layer, and beside what the machine can do at best. */
import { cpus } from 'node:os'
import { VARIANTS, type Variant, type WasmArtifact } from '../backends/wasm/artifact.ts'
import { bandwidthModule, fillBandwidthMemory, readExport, WORKING_SETS } from '../backends/wasm/bandwidth.ts'
import {
  fillPeakMemory,
  IDLE_EXPORT,
  PEAK_EXPORTS,
  PEAK_MACS,
  peakModule,
  SPARSE_EXPORTS,
} from '../backends/wasm/peak.ts'
import { exactVariants } from '../backends/wasm/runtime/runtime.js'
import type { ModuleExports } from '../backends/wasm/runtime/types.ts'
import { attemptAsync, must, type Result, unwrap } from '../ir/diagnostic.ts'
import type { Graph } from '../ir/graph.ts'
import { compileModelToWasm } from './pipeline.ts'
import { quantile, Stopwatch } from './stopwatch.ts'
import { instantiateArtifact, VARIANT_NEEDS } from './wasm-executable.ts'

/** The keys are those of `espalier bench --json`. Times are microseconds. */
export interface Benchmark {
  readonly model: string
  readonly node: string
  readonly v8: string
  readonly arch: string
  readonly cpu: string
  /** Samples of each time. */
  readonly runs: number
  /** Multiply-accumulates of an inference. */
  readonly macs: number
  /**
   * How fast a loop of vector loads read, from the smallest working set to one that no cache is expected to hold: the
   * memory's roofs above layers whose bytes fit into the working set.
   */
  readonly bandwidth: readonly Bandwidth[]
  /** The fastest first. */
  readonly variants: readonly VariantBenchmark[]
  readonly not_run: readonly { readonly variant: Variant; readonly reason: string }[]
}

export interface Bandwidth extends Timing {
  /** Read over and over; a time is that of reading them once. */
  readonly working_set_bytes: number
  /** 10^9 bytes a second, by the median. */
  readonly gbytes_per_s: number
}

export interface VariantBenchmark {
  readonly variant: Variant
  /** What the machine did at best in the same minute, in 10^9 multiply-accumulates a second, by the median. */
  readonly peak_gmacs: number
  /**
   * The share of blocks that are not zero below which block-sparse weights were faster than dense ones in the product
   * that the peak was measured with; at most 1.
   */
  readonly sparse_crossover: number
  /** A whole inference, in the module that bundles have. */
  readonly total: Throughput
  /** All layers, each timed by itself with its data in the caches. */
  readonly layers_sum: Timing
  readonly layers: readonly LayerBenchmark[]
}

export interface Timing {
  readonly median_us: number
  readonly min_us: number
  /** 95 % of the samples are faster. */
  readonly p95_us: number
}

export interface Throughput extends Timing {
  readonly macs: number
  /** By the median; 0 where nothing is multiplied. */
  readonly gmacs: number
  /** gmacs / peak_gmacs */
  readonly share_of_peak: number
}

/** A layer of the model, with the moves of data that it needs, or a model's input or output. */
export interface LayerBenchmark extends Throughput {
  readonly name: string
  readonly op: string
  readonly share_of_time: number
  /** Of all that its kernels read and write, tensors with their borders, weights and other constants, each counted once. */
  readonly bytes: number
  /** macs / bytes */
  readonly macs_per_byte: number
  /**
   * What the peak and reading its bytes once allow, in 10^9 multiply-accumulates a second: the lower one of `peak_gmacs`
   * and `macs_per_byte` times the bandwidth over the smallest working set that its bytes fit into.
   */
  readonly roof_gmacs: number
  /** The kernels that make it, in their order. */
  readonly kernels: readonly string[]
}

export interface BenchOptions {
  /** Samples of each time, taken in turn, so that what else the machine does meets all alike. */
  readonly runs: number
  /** Called after each. */
  readonly step?: () => void
}

/** Times the verified graph on every variant that this engine executes exactly. Diagnostics: `wasm/...`. */
export function benchGraph(
  graph: Graph,
  { runs, step = () => {} }: BenchOptions,
): Promise<Result<Benchmark>> {
  return attemptAsync(async () => {
    const whole = unwrap(await compileModelToWasm(graph))
    // To be called by themselves, layers must be functions of their own, which costs a little.
    const apart = unwrap(await compileModelToWasm(graph, { exportsLayers: true }))
    const benches: Bench[] = []
    for (const variant of exactVariants()) benches.push(await prepare(variant, whole, apart))
    const reads = await prepareReads()
    for (let run = 0; run < runs; run++) {
      for (const bench of benches) {
        const { idle, peak, sparse, total, steps } = bench
        // The reads have emptied the caches.
        peak.refill()
        for (const watch of [idle, peak, sparse.all, sparse.half, total, ...steps]) watch.sample()
      }
      for (const watch of reads.values()) watch.sample()
      step()
    }
    const bandwidth = [...reads].map(([bytes, watch]) => bandwidthOf(bytes, watch))
    return {
      model: graph.name,
      node: process.versions.node,
      v8: process.versions.v8,
      arch: process.arch,
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      runs,
      macs: macsOf(whole),
      bandwidth,
      variants: benches.map((bench) => summarize(bench, apart, bandwidth)),
      not_run: VARIANTS.filter((variant) => !exactVariants().includes(variant)).map((variant) => ({
        variant,
        reason: `it needs ${VARIANT_NEEDS[variant]}`,
      })),
    }
  })
}

/** The stopwatches of a variant, warmed up. */
interface Bench {
  readonly variant: Variant
  readonly idle: Stopwatch
  readonly peak: Stopwatch
  readonly sparse: { readonly all: Stopwatch; readonly half: Stopwatch }
  readonly total: Stopwatch
  /** One for each of the artifact's layers. */
  readonly steps: readonly Stopwatch[]
}

const WARM_UP_MS = 150
/** The kernels are warm by then, from whole runs. */
const WARM_UP_LAYER_MS = 40

async function prepare(variant: Variant, whole: WasmArtifact, apart: WasmArtifact): Promise<Bench> {
  const machine = await instantiatePeak(variant)
  const idle = watch(machine, IDLE_EXPORT)
  const model = await instantiateArtifact(whole, variant)
  const total = watch(model.exports, 'run')
  const layered = await instantiateArtifact(apart, variant)
  watch(layered.exports, 'run')
  const steps = apart.layers.map((_, n) => watch(layered.exports, `layer_${n}`, WARM_UP_LAYER_MS))
  const peak = fastest(PEAK_EXPORTS.map((name) => watch(machine, name)))
  const sparse = { all: watch(machine, SPARSE_EXPORTS.all), half: watch(machine, SPARSE_EXPORTS.half) }
  return { variant, idle, peak, sparse, total, steps }
}

async function instantiatePeak(variant: Variant): Promise<ModuleExports> {
  const { instance } = await WebAssembly.instantiate(peakModule(variant).slice())
  const exports = instance.exports as ModuleExports
  fillPeakMemory(exports.memory)
  return exports
}

/** By bytes of the working set. */
async function prepareReads(): Promise<ReadonlyMap<number, Stopwatch>> {
  const { instance } = await WebAssembly.instantiate(bandwidthModule().slice())
  const exports = instance.exports as ModuleExports
  fillBandwidthMemory(exports.memory)
  return new Map(WORKING_SETS.map((bytes) => [bytes, watch(exports, readExport(bytes))]))
}

function bandwidthOf(bytes: number, { samples }: Stopwatch): Bandwidth {
  const timing = timingOf(samples)
  return { working_set_bytes: bytes, gbytes_per_s: bytes / timing.median_us / 1000, ...timing }
}

function watch(exports: ModuleExports, name: string, warmUpMs = WARM_UP_MS): Stopwatch {
  const stopwatch = new Stopwatch(must(exports[name], `the export ${name}`) as () => void)
  stopwatch.warmUp(warmUpMs)
  return stopwatch
}

/** Samples that tell the fastest of several. */
const TRIALS = 7

function fastest(watches: readonly Stopwatch[]): Stopwatch {
  for (let trial = 0; trial < TRIALS; trial++) for (const stopwatch of watches) stopwatch.sample()
  const [first] = watches.toSorted((a, b) => quantile(a.samples, 0.5) - quantile(b.samples, 0.5))
  const best = must(first, 'a tile')
  best.samples.length = 0
  return best
}

function macsOf({ layers }: WasmArtifact): number {
  return layers.reduce((sum, { macs }) => sum + macs, 0)
}

function summarize(
  { variant, idle, peak, sparse, total, steps }: Bench,
  artifact: WasmArtifact,
  bandwidth: readonly Bandwidth[],
): VariantBenchmark {
  const peakGmacs = gmacsOf(PEAK_MACS, quantile(peak.samples, 0.5))
  const throughput = (samples: readonly number[], macs: number): Throughput => {
    const timing = timingOf(samples)
    const gmacs = gmacsOf(macs, timing.median_us)
    return { ...timing, macs, gmacs, share_of_peak: gmacs / peakGmacs }
  }
  const call = quantile(idle.samples, 0.5)
  const layers = groupSteps(artifact).map(({ name, op, of }) => {
    // A module calls its layers at less than what it costs from outside.
    const own = of.map((n) => must(steps[n], 'step').samples.map((time) => Math.max(0, time - call)))
    const macs = of.reduce((sum, n) => sum + (artifact.layers[n]?.macs ?? 0), 0)
    const samples = sums(own)
    const bytes = bytesOf(of, artifact, variant)
    const macsPerByte = bytes === 0 ? 0 : macs / bytes
    const read = bandwidth.find(({ working_set_bytes }) => bytes <= working_set_bytes) ?? bandwidth.at(-1)
    return {
      name,
      op,
      samples,
      ...throughput(samples, macs),
      bytes,
      macs_per_byte: macsPerByte,
      roof_gmacs: Math.min(peakGmacs, macsPerByte * must(read, 'a bandwidth').gbytes_per_s),
      kernels: of.map((n) => artifact.layers[n]?.kernel ?? ''),
    }
  })
  const all = layers.reduce((sum, layer) => sum + layer.median_us, 0)
  return {
    variant,
    peak_gmacs: peakGmacs,
    sparse_crossover: crossover(peak, sparse),
    total: throughput(total.samples, macsOf(artifact)),
    layers_sum: timingOf(sums(layers.map(({ samples }) => samples))),
    layers: layers.map(({ samples, ...layer }) => ({ ...layer, share_of_time: layer.median_us / all })),
  }
}

/**
 * Sparse weights take a time that grows with their density as a straight line, which meets that of dense ones here. By
 * the fastest samples: a disturbed one of three would move the quotient far.
 */
function crossover(dense: Stopwatch, { all, half }: Bench['sparse']): number {
  const [denseTime, allTime, halfTime] = [dense, all, half].map(({ samples }) => quantile(samples, 0))
  const slope = 2 * (must(allTime, 'time') - must(halfTime, 'time'))
  return Math.min(1, Math.max(0, 1 - (must(allTime, 'time') - must(denseTime, 'time')) / slope))
}

/** The artifact's layers that stand for one of the model's, by their places. */
function groupSteps({ layers }: WasmArtifact): readonly { name: string; op: string; of: number[] }[] {
  const groups = new Map<string, { name: string; op: string; of: number[] }>()
  layers.forEach(({ name, op }, n) => {
    const key = JSON.stringify([name, op])
    const group = groups.get(key) ?? { name, op, of: [] }
    group.of.push(n)
    groups.set(key, group)
  })
  return [...groups.values()]
}

/** Of all operands of the artifact's layers `of`. */
function bytesOf(of: readonly number[], { layers }: WasmArtifact, variant: Variant): number {
  const bytes = new Map(
    of.flatMap((n) => layers[n]?.operands ?? []).map(({ name, bytes }) => [name, bytes[variant]]),
  )
  return [...bytes.values()].reduce((sum, n) => sum + n, 0)
}

/** Sample by sample. */
function sums(lists: readonly (readonly number[])[]): readonly number[] {
  return (lists[0] ?? []).map((_, run) => lists.reduce((sum, samples) => sum + (samples[run] ?? 0), 0))
}

function timingOf(samples: readonly number[]): Timing {
  return { median_us: quantile(samples, 0.5), min_us: quantile(samples, 0), p95_us: quantile(samples, 0.95) }
}

/** 10^9 multiply-accumulates a second. */
function gmacsOf(macs: number, microseconds: number): number {
  return macs === 0 ? 0 : macs / microseconds / 1000
}
