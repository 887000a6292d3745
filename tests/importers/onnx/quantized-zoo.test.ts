/** Quantized ONNX networks: outputs of the reference, and the same bits from every backend. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadTarget } from '../../../backends/trellis/target.ts'
import { compileWasm } from '../../../backends/wasm/compile.ts'
import { must, unwrap } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import { type Graph, typeOf } from '../../../ir/graph.ts'
import { createInterpreter } from '../../../ir/interpreter.ts'
import { loadModel } from '../../../src/importers/index.ts'
import { compileModel, optimize } from '../../../src/pipeline.ts'
import { readNpy } from '../../../src/tensors/npy.ts'
import { createTrellisRunner } from '../../../src/trellis-runner.ts'
import { wasmExecutable } from '../../../src/wasm-executable.ts'
import { hasZoo, zooPath } from '../zoo.ts'

const QOPERATOR = [
  'models/resnet8_qop_u8s8',
  'models/dscnn_kws_qop_u8s8',
  'models/mbv2_cifar_small_folded_qop_u8s8',
  'models/shufflenet_cifar_qop_u8s8',
]

const QDQ = [
  'models/resnet8_qdq_int8',
  'models/dscnn_kws_qdq_int8',
  'models/vww_96_qdq_int8',
  'models/mbv2_cifar_small_folded_qdq_int8',
  'models/shufflenet_cifar_qdq_int8',
  'own/models/digits_qdq_int8',
  'own/models/digits_sparse_qdq_int8',
]

const load = async (model: string) => unwrap(await loadModel(zooPath(`${model}.onnx`)))

function arrayOf(model: string, what: string): Float32Array | undefined {
  const path = zooPath(`${model.replace('models/', 'reference/')}.${what}.npy`)
  return existsSync(path) ? (unwrap(readNpy(readFileSync(path), path)).data as Float32Array) : undefined
}

/** All samples of a reference, one array each. */
function samplesOf(model: string, what: string, count: number): readonly Float32Array[] {
  const data = must(arrayOf(model, what), what)
  const size = data.length / count
  return Array.from({ length: count }, (_, n) => data.slice(n * size, (n + 1) * size))
}

const SAMPLES = 16

type Run = (inputs: readonly TensorData[]) => readonly TensorData[]

/** The interpreter, Trellis and WebAssembly. */
async function backends(graph: Graph): Promise<Readonly<Record<string, Run>>> {
  const interpreter = createInterpreter(graph)
  const program = unwrap(compileModel(graph, unwrap(loadTarget('trellis-16'))))
  const runner = createTrellisRunner(program)
  const executable = await wasmExecutable(unwrap(compileWasm(optimize(graph))), 'plain')
  return {
    interpreter: (inputs) => interpreter.run(inputs),
    trellis: (inputs) => runner.run(inputs),
    wasm: (inputs) => executable.run(inputs),
  }
}

/** Fails where a backend gives other outputs than those of a file of the reference. */
async function expectOutputs(model: string, what: string, samples: number): Promise<void> {
  const runs = await backends(await load(model))
  const inputs = samplesOf(model, 'inputs', samples)
  const outputs = samplesOf(model, what, samples)
  for (const [backend, run] of Object.entries(runs)) {
    inputs.forEach((input, n) => {
      expect(run([input])[0], `sample ${n} on ${backend}`).toEqual(outputs[n])
    })
  }
}

const TIME_LIMIT = 120_000

describe.skipIf(!hasZoo)('QOperator networks give the outputs of the reference', () => {
  test.each(QOPERATOR)('%s', (model) => expectOutputs(model, 'outputs', SAMPLES), TIME_LIMIT)
})

describe.skipIf(!hasZoo)('QDQ networks give the outputs of ONNX Runtime’s integer kernels', () => {
  test.each(QDQ)(
    '%s',
    (model) => expectOutputs(model, 'outputs.optimized', model.includes('vww') ? 12 : SAMPLES),
    TIME_LIMIT,
  )

  test(
    'own/models/digits_segment_qdq_int8, whose integer outputs are not stored: within a step',
    async () => {
      const model = 'own/models/digits_segment_qdq_int8'
      const runs = await backends(await load(model))
      const inputs = samplesOf(model, 'inputs', 8)
      const outputs = samplesOf(model, 'outputs', 8)
      const step = 0.18360623
      for (const [n, input] of inputs.entries()) {
        const [expected, ...others] = Object.values(runs).map((run) => must(run([input])[0], 'an output'))
        for (const other of others) expect(other).toEqual(expected)
        const differing = outputs[n]?.filter((value, i) => value !== expected?.[i]) ?? []
        expect(differing.length).toBeLessThan(3)
        outputs[n]?.forEach((value, i) => {
          if (Math.abs(value - Number(expected?.[i])) > 1.001 * step)
            throw new Error(`output ${i} of sample ${n}`)
        })
      }
    },
    TIME_LIMIT,
  )

  test.each([...QDQ, 'own/models/digits_segment_qdq_int8'])(
    '%s computes on integers alone',
    async (model) => {
      const graph = await load(model)
      const real = graph.nodes.filter(({ outputs: [y = ''] }) => typeOf(graph, y).dtype === 'f32')
      const layers = real.filter(({ op }) => op !== 'dequantize' && op !== 'transpose' && op !== 'reshape')
      // One network moves its input to another range in real numbers.
      expect(layers.map(({ op }) => op)).toEqual(model.includes('shufflenet') ? ['sub'] : [])
    },
  )
})

interface Labelled {
  readonly data: string
  /** The real number that an element of the data stands for; `channel` is its last axis. */
  readonly real: (element: number, channel: number) => number
}

const { fround } = Math
const CIFAR = [
  [0.4914, 0.2023],
  [0.4822, 0.1994],
  [0.4465, 0.201],
] as const

/** How the reference's data become inputs. */
const LABELLED: Readonly<Record<string, Labelled>> = {
  resnet8: { data: 'cifar10_test', real: (pixel) => pixel },
  dscnn_kws: { data: 'kws_test', real: (q) => fround(0.5847029089927673 * (q - 83)) },
  mbv2: {
    data: 'cifar10_test',
    real: (pixel, channel) => {
      const [mean = 0, deviation = 1] = CIFAR[channel] ?? []
      return fround(fround(fround(pixel / 255) - fround(mean)) / fround(deviation))
    },
  },
  shufflenet: { data: 'cifar10_train_eval', real: (pixel) => fround(pixel / 255) },
  digits: { data: 'mnist_test', real: (pixel) => fround(pixel / 255) },
}

/** [H, W, C] as [C, H, W]. */
function planes(sample: ArrayLike<number>, channels: number, real: Labelled['real']): Float32Array {
  const pixels = sample.length / channels
  return Float32Array.from({ length: sample.length }, (_, i) => {
    const [channel, pixel] = [Math.floor(i / pixels), i % pixels]
    return real(Number(sample[pixel * channels + channel]), channel)
  })
}

describe.skipIf(!hasZoo)('every labelled sample is read as the reference reads it', () => {
  test.each([...QOPERATOR, ...QDQ.filter((model) => !model.includes('vww'))])(
    '%s',
    async (model) => {
      const path = zooPath(`${model.replace('models/', 'reference/')}.json`)
      const { predictionsReference } = JSON.parse(readFileSync(path, 'utf8')) as {
        readonly predictionsReference: readonly number[]
      }
      const name = must(
        Object.keys(LABELLED).find((key) => model.includes(key)),
        'labelled data',
      )
      const { data, real } = must(LABELLED[name], name)
      const file = zooPath(`data/${data}.npy`)
      const array = unwrap(readNpy(readFileSync(file), file))
      const samples = predictionsReference.length
      const size = array.data.length / must(array.shape[0], 'samples')
      const channels = array.shape.at(-1) === 3 ? 3 : 1
      const run = (await backends(await load(model))).wasm
      const predictions = Array.from({ length: samples }, (_, n) => {
        const part = (array.data as Uint8Array).subarray(n * size, (n + 1) * size)
        const [scores] = run?.([planes(part, channels, real)]) ?? []
        return (scores as Float32Array).reduce(
          (best, score, i, all) => (score > (all[best] ?? 0) ? i : best),
          0,
        )
      })
      expect(predictions).toEqual(predictionsReference)
    },
    TIME_LIMIT,
  )
})
