/** Real networks in WebAssembly: every reference output bit for bit, in every variant that this engine executes exactly. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileWasm } from '../../backends/wasm/compile.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import type { TensorData } from '../../ir/dtype.ts'
import { typeOf } from '../../ir/graph.ts'
import { elementCount } from '../../ir/tensor.ts'
import { loadModel } from '../../src/importers/index.ts'
import { optimize } from '../../src/pipeline.ts'
import { readNpy } from '../../src/tensors/npy.ts'
import { readNpz } from '../../src/tensors/npz.ts'
import { wasmExecutable } from '../../src/wasm-executable.ts'
import { hasZoo, INT8_MODELS, zooPath } from '../importers/zoo.ts'
import { checkOnWasm, HERE } from './wasm-law.ts'

/** What these tests read of a reference file. */
interface Reference {
  readonly inputs: readonly { readonly name: string }[]
  readonly outputs: readonly { readonly name: string }[]
  readonly inputsFile: string
  readonly outputsFile: string
}

/** Bytes beyond the model's file that all modules and the weights may take together. */
const LARGEST_SURPLUS = 100 * 1024

describe.skipIf(!hasZoo)('in WebAssembly as in TensorFlow Lite (skipped without ../shared/zoo)', () => {
  test.each(INT8_MODELS)('%s', async (model) => {
    const file = zooPath(`${model}.tflite`)
    const graph = optimize(unwrap(await loadModel(file)))
    const artifact = unwrap(compileWasm(graph))
    const bytes = Object.values(artifact.modules).reduce((sum, module) => sum + module.length, 0)
    expect(bytes + artifact.weights.length).toBeLessThan(readFileSync(file).length + LARGEST_SURPLUS)

    const { inputs, outputs } = referenceOf(model)
    const elements = elementCount(typeOf(graph, must(graph.inputs[0], 'input')).shape)
    const samples = must(inputs[0], 'input').length / elements
    for (const variant of HERE) {
      const executable = await wasmExecutable(artifact, variant)
      for (let sample = 0; sample < samples; sample++) {
        const actual = executable.run(inputs.map((data) => slice(data, sample, samples)))
        actual.forEach((data, n) => {
          const expected = slice(must(outputs[n], 'output'), sample, samples)
          // A comparison of the arrays themselves takes longer than the network.
          const isEqual = Buffer.from(data.buffer).equals(Buffer.from(expected.buffer))
          if (!isEqual) expect(data, `sample ${sample} of variant ${variant}`).toEqual(expected)
        })
      }
    }
  })
})

/** Trained with quantizers of 1 to 6 bits. */
const QONNX_MODELS = [
  'models/qonnx_cnv_mnist_1w1a',
  'models/qonnx_cnv_mnist_4w4a',
  'models/qonnx_jettagging_6b',
  'models/qonnx_tfc_1w1a',
  'models/qonnx_tfc_1w2a',
  'models/qonnx_tfc_2w2a',
  'models/qonnx_unsw_nb15_w2a2',
  'own/models/digits_1w1a',
  'own/models/digits_4w4a',
]

describe.skipIf(!hasZoo)('in WebAssembly as in the interpreter (skipped without ../shared/zoo)', () => {
  test.each(QONNX_MODELS)('%s', async (model) => {
    const graph = optimize(unwrap(await loadModel(zooPath(`${model}.onnx`))))
    const path = zooPath(`${model.replace('models/', 'reference/')}.inputs.npy`)
    const { data, shape } = unwrap(readNpy(readFileSync(path), path))
    const samples = must(shape[0], 'samples')
    const inputs = Array.from({ length: Math.min(4, samples) }, (_, n) => [
      Float32Array.from(slice(data as TensorData, n, samples) as Float32Array),
    ])
    await checkOnWasm(graph, 0, inputs)
  })
})

function referenceOf(model: string) {
  const folder = model.replace('models/', 'reference/').replace(/[^/]*$/, '')
  const name = model.replace(/^.*\//, '')
  const reference = JSON.parse(readFileSync(zooPath(`${folder}${name}.json`), 'utf8')) as Reference
  const read = (file: string, ports: Reference['inputs']) => {
    const path = zooPath(`${folder}${file}`)
    if (path.endsWith('.npy')) return [unwrap(readNpy(readFileSync(path), path)).data as TensorData]
    const arrays = unwrap(readNpz(readFileSync(path), path))
    return ports.map((port) => must(arrays.get(port.name), port.name).data as TensorData)
  }
  return {
    inputs: read(reference.inputsFile, reference.inputs),
    outputs: read(reference.outputsFile, reference.outputs),
  }
}

function slice(data: TensorData, sample: number, samples: number): TensorData {
  const size = data.length / samples
  return data.slice(sample * size, (sample + 1) * size)
}
