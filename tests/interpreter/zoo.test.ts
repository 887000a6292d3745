/** Real networks: every reference output, and every intermediate tensor of the first sample, bit for bit. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { must, unwrap } from '../../ir/diagnostic.ts'
import type { TensorData } from '../../ir/dtype.ts'
import { typeOf } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { elementCount } from '../../ir/tensor.ts'
import { importTfliteDetailed } from '../../src/importers/tflite/index.ts'
import { readNpy } from '../../src/tensors/npy.ts'
import { readNpz } from '../../src/tensors/npz.ts'
import { FLOAT_MODELS, hasZoo, INT8_MODELS, zooPath } from '../importers/zoo.ts'

/** What these tests read of a reference file. */
interface Reference {
  readonly inputs: readonly { readonly name: string }[]
  readonly outputs: readonly { readonly name: string }[]
  readonly inputsFile: string
  readonly outputsFile: string
  readonly layersSample0: readonly {
    readonly index: number
    readonly name: string
    readonly sha256: string
  }[]
}

/** MobileNet takes a second a sample. */
const MAX_SAMPLES: Readonly<Record<string, number>> = { 'models/mobilenet_v2_int8_224': 2 }

/** Sums of rounded products take the interpreter about 10 ns each. */
const MAX_FLOAT_SAMPLES = 10

describe.skipIf(!hasZoo)('the reference interpreter equals TensorFlow Lite on', () => {
  test.each(INT8_MODELS)('%s', (model) => {
    const { graph, valueOfTensor } = unwrap(
      importTfliteDetailed(readFileSync(zooPath(`${model}.tflite`)), model),
    )
    const { reference, inputs, expected } = referenceOf(model)
    const interpreter = createInterpreter(graph)
    const samples =
      must(inputs[0], 'input').length / elementCount(typeOf(graph, must(graph.inputs[0], 'x')).shape)
    const count = Math.min(samples, MAX_SAMPLES[model] ?? samples)
    for (let sample = 0; sample < count; sample++) {
      const fed = inputs.map((data) => slice(data, sample, samples))
      const hashes = new Map(graph.inputs.map((id, n) => [id, sha256(must(fed[n], id))]))
      const outputs = interpreter.run(
        fed,
        sample === 0 ? (id, tensor) => hashes.set(id, sha256(tensor.data)) : undefined,
      )
      if (sample === 0) {
        // Tensors without a name are the runtime's own scratch memory.
        const layers = reference.layersSample0.filter(({ name }) => name !== '')
        expect(layers.length).toBeGreaterThan(graph.nodes.length)
        const computed = layers.map((layer) => {
          const id = must(valueOfTensor.get(layer.index), layer.name)
          return { ...layer, sha256: hashes.get(id) }
        })
        expect(computed).toEqual(layers)
      }
      outputs.forEach((output, n) => {
        expect(sha256(output)).toBe(sha256(slice(must(expected[n], 'output'), sample, samples)))
      })
    }
  })
})

describe.skipIf(!hasZoo)('float networks are as near to TensorFlow Lite as the order of sums allows', () => {
  test.each(FLOAT_MODELS)('%s', (model) => {
    const { graph } = unwrap(importTfliteDetailed(readFileSync(zooPath(`${model}.tflite`)), model))
    const { inputs, expected } = referenceOf(model)
    const interpreter = createInterpreter(graph)
    const samples =
      must(inputs[0], 'input').length / elementCount(typeOf(graph, must(graph.inputs[0], 'x')).shape)
    for (let sample = 0; sample < Math.min(samples, MAX_FLOAT_SAMPLES); sample++) {
      interpreter.run(inputs.map((data) => slice(data, sample, samples))).forEach((output, n) => {
        const wanted = Array.from(slice(must(expected[n], 'output'), sample, samples), Number)
        const scale = Math.max(...wanted.map(Math.abs))
        wanted.forEach((value, i) => {
          expect(Math.abs(Number(output[i]) - value)).toBeLessThanOrEqual(1e-4 * scale)
        })
      })
    }
  })
})

describe.skipIf(!hasZoo)(
  'float layers with int8 weights quantize their input as TensorFlow Lite does:',
  () => {
    test('every tensor of dscnn_kws_float before its softmax, bit for bit', () => {
      const model = 'models/dscnn_kws_float'
      const { graph, valueOfTensor } = unwrap(
        importTfliteDetailed(readFileSync(zooPath(`${model}.tflite`)), model),
      )
      const { reference, inputs } = referenceOf(model)
      const hashes = new Map<string, string>()
      createInterpreter(graph).run([slice(must(inputs[0], 'input'), 0, 16)], (id, tensor) =>
        hashes.set(id, sha256(tensor.data)),
      )
      const layers = reference.layersSample0.filter(({ name }) => name !== '').slice(1, -1)
      expect(layers).toHaveLength(12)
      for (const { index, name, sha256: expected } of layers) {
        expect(hashes.get(must(valueOfTensor.get(index), name)), name).toBe(expected)
      }
      // Not only what comes out of a layer: the runtime's int8 input of the first convolution is among its scratch tensors.
      expect(reference.layersSample0.map((layer) => layer.sha256)).toContain(
        hashes.get(
          must(
            [...hashes.keys()].find((id) => id.endsWith(' integers')),
            'the first integers',
          ),
        ),
      )
    })
  },
)

function referenceOf(model: string) {
  const folder = model.replace('models/', 'reference/').replace(/[^/]*$/, '')
  const name = model.replace(/^.*\//, '')
  const reference = JSON.parse(readFileSync(zooPath(`${folder}${name}.json`), 'utf8')) as Reference
  const read = (file: string, ports: Reference['inputs']) => readPorts(zooPath(`${folder}${file}`), ports)
  return {
    reference,
    inputs: read(reference.inputsFile, reference.inputs),
    expected: read(reference.outputsFile, reference.outputs),
  }
}

function readPorts(path: string, ports: Reference['inputs']): readonly TensorData[] {
  if (!existsSync(path)) throw new Error(`${path} is missing`)
  const bytes = readFileSync(path)
  if (path.endsWith('.npy')) return [unwrap(readNpy(bytes, path)).data as TensorData]
  const arrays = unwrap(readNpz(bytes, path))
  return ports.map(({ name }) => must(arrays.get(name), name).data as TensorData)
}

function slice(data: TensorData, sample: number, samples: number): TensorData {
  const size = data.length / samples
  return data.slice(sample * size, (sample + 1) * size)
}

function sha256(data: TensorData): string {
  return createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex')
}
