import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { must, unwrap } from '../../ir/diagnostic.ts'
import { typeOf } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { importTflite, importTfliteDetailed } from '../../src/importers/tflite/index.ts'
import { OPERATOR_RULES } from '../../src/importers/tflite/operators.ts'
import { inspectGraph } from '../../src/inspect.ts'
import { readNpy } from '../../src/tensors/npy.ts'
import { hasZoo, INT8_MODELS, zooPath } from './zoo.ts'

interface Catalogued {
  readonly ops: Readonly<Record<string, number>>
  readonly params: number
  readonly inputs: readonly ZooTensor[]
  readonly outputs: readonly ZooTensor[]
}
interface ZooTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly type: string
  readonly scale?: number
  readonly zeroPoint?: number
}

const DTYPE_NAMES: Readonly<Record<string, string>> = { i8: 'INT8', f32: 'FLOAT32' }

function reference(model: string) {
  return JSON.parse(readFileSync(zooPath(`${model.replace('models/', 'reference/')}.json`), 'utf8'))
}

function load(model: string) {
  return unwrap(importTfliteDetailed(readFileSync(zooPath(`${model}.tflite`)), `${model}.tflite`))
}

describe.skipIf(!hasZoo)('every int8 model of the zoo', () => {
  test.each(INT8_MODELS)(
    '%s has the operators, inputs, outputs and parameters its catalogue tells',
    (model) => {
      const { graph } = load(model)
      const entry: Catalogued = reference(model).graph
      const counts: Partial<Record<OpName, number>> = {}
      for (const [operator, count] of Object.entries(entry.ops)) {
        counts[must(OPERATOR_RULES[operator], operator).op] = count
      }
      const imported: Partial<Record<OpName, number>> = {}
      for (const node of graph.nodes) imported[node.op] = (imported[node.op] ?? 0) + 1
      expect(imported).toEqual(counts)

      const ports = (ids: readonly string[]) =>
        ids.map((name) => {
          const { dtype, shape, quant } = typeOf(graph, name)
          return {
            name,
            shape: [...shape],
            type: DTYPE_NAMES[dtype],
            ...(quant && { scale: quant.scale[0], zeroPoint: quant.zeroPoint[0] }),
          }
        })
      expect(ports(graph.inputs)).toEqual(entry.inputs)
      expect(ports(graph.outputs)).toEqual(entry.outputs)

      let parameters = 0
      for (const value of graph.values.values()) parameters += value.data?.length ?? 0
      // Catalogues differ in whether biases and constants that are attributes here (axes, paddings) count.
      expect(Math.abs(parameters - entry.params)).toBeLessThanOrEqual(0.02 * entry.params + 8)
    },
  )

  test.each(INT8_MODELS)('%s keeps the names and shapes of the reference tensors', (model) => {
    const { graph, valueOfTensor } = load(model)
    for (const { index, name, shape } of reference(model).layersSample0 ?? []) {
      // The runtime's own scratch tensors have no name.
      if (name === '') continue
      const id = must(valueOfTensor.get(index), `tensor ${index}`)
      expect(id.replace(/_\d+$/, '')).toBe(name.replace(/_\d+$/, ''))
      expect(typeOf(graph, id).shape).toEqual(shape)
    }
  })
})

describe.skipIf(!hasZoo)('a recurrent network of 28 steps', () => {
  const MODEL = 'models/mnist_lstm_float'

  test('reads all 1000 digits as the reference reads them', () => {
    const { predictionsReference } = reference(MODEL)
    const file = zooPath('data/mnist_test.npy')
    const pixels = unwrap(readNpy(readFileSync(file), file)).data as Uint8Array
    const interpreter = createInterpreter(load(MODEL).graph)
    const predictions = predictionsReference.map((_: number, n: number) => {
      const digit = pixels.subarray(n * 784, (n + 1) * 784)
      const [scores] = interpreter.run([Float32Array.from(digit, (pixel) => pixel / 255)])
      const values = Array.from(scores as Float32Array)
      return values.indexOf(Math.max(...values))
    })
    expect(predictions).toEqual(predictionsReference)
  }, 60_000)

  test('has the parameters of its file, whatever number of nodes reads them', () => {
    const { graph } = load(MODEL)
    const { params }: Catalogued = reference(MODEL).graph
    const states = 20
    // The catalogue counts the axes of a shape.
    expect(inspectGraph(graph, 'tflite').parameters).toBe(params + states)
    expect(graph.nodes.length).toBeLessThan(28 * 18)
  })
})

describe.skipIf(!hasZoo)('models that are refused', () => {
  function refusal(model: string) {
    const result = importTflite(readFileSync(zooPath(`models/${model}.tflite`)), `${model}.tflite`)
    if (result.ok) throw new Error(`${model} was imported`)
    return result.diagnostics
  }

  test('custom operators are all named, with count and place', () => {
    const [operators] = refusal('audio_preprocessor_int8')
    expect(operators).toMatchObject({
      code: 'tflite/unsupported-operator',
      span: {
        file: 'audio_preprocessor_int8.tflite',
        path: 'subgraph 0 / operator 0 (CUSTOM "SignalWindow")',
      },
    })
    expect(operators?.notes).toContain('CAST: 4 (operator 5, 8, 14, 21)')
    const { models } = JSON.parse(readFileSync(zooPath('zoo.json'), 'utf8'))
    const { ops } = models.find((m: { file: string }) => m.file === 'models/audio_preprocessor_int8.tflite')
    const unsupported = Object.keys(ops)
      .filter((name) => !(name in OPERATOR_RULES))
      .map((name) => name.replace(/CUSTOM:(.*)/, 'CUSTOM "$1"'))
    expect(operators?.notes?.map((note) => note.replace(/: \d+ \(.*/, ''))).toEqual(
      expect.arrayContaining(unsupported),
    )
  })

  test.each(['mnist_lstm_int8', 'dtln_noise_suppression'])(
    '%s: quantized recurrent operators are refused',
    (model) => {
      const [types] = refusal(model)
      expect(types?.code).toBe('tflite/unsupported-type')
      expect(types?.notes?.[0]).toMatch(/^UNIDIRECTIONAL_SEQUENCE_LSTM with INT8.*: [12] \(operator/)
      expect(types?.hint).toContain('docs/tflite.md')
    },
  )
})
