/** Real ONNX networks: outputs as the reference gives them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { must, unwrap } from '../../ir/diagnostic.ts'
import type { Graph } from '../../ir/graph.ts'
import { typeOf } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { loadModel } from '../../src/importers/index.ts'
import { optimize } from '../../src/pipeline.ts'
import { readNpy } from '../../src/tensors/npy.ts'
import { hasZoo, zooPath } from './zoo.ts'

const FLOAT = [
  'models/dscnn_kws_fp32',
  'models/mbv2_cifar_small_float',
  'models/mbv2_cifar_small_folded_float',
  'models/resnet8_fp32',
  'models/shufflenet_cifar_float',
  'models/vww_96_fp32',
  'models/vww_small_float',
  'own/models/digits_float',
  'own/models/digits_segment_float',
]
const QONNX = [
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

const load = async (model: string) => unwrap(await loadModel(zooPath(`${model}.onnx`)))

function samplesOf(model: string) {
  const read = (what: string) => {
    const path = zooPath(`${model.replace('models/', 'reference/')}.${what}.npy`)
    return existsSync(path) ? unwrap(readNpy(readFileSync(path), path)) : undefined
  }
  const inputs = must(read('inputs'), 'inputs')
  const outputs = must(read('outputs'), 'outputs')
  const count = must(inputs.shape[0], 'samples')
  const part = (data: ArrayLike<number>, n: number) => {
    const size = data.length / count
    return Float32Array.from({ length: size }, (_, i) => data[n * size + i] as number)
  }
  return Array.from({ length: count }, (_, n) => ({
    input: part(inputs.data as Float32Array, n),
    output: part(outputs.data as Float32Array, n),
  }))
}

/** The largest difference of an output, over the largest output of its sample. */
function worstDifference(graph: Graph, model: string): number {
  const interpreter = createInterpreter(graph)
  let worst = 0
  for (const { input, output } of samplesOf(model)) {
    const [result] = interpreter.run([input])
    const largest = output.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6)
    output.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(Number(result?.[i]) - value) / largest)
    })
  }
  return worst
}

describe.skipIf(!hasZoo)('within 1e-4 of the reference', () => {
  test.each([...FLOAT, ...QONNX])('%s', async (model) => {
    expect(worstDifference(await load(model), model)).toBeLessThan(1e-4)
  })
})

describe.skipIf(!hasZoo)('all 1000 digits are read as the reference reads them', () => {
  test.each(QONNX.filter((model) => /mnist|tfc|digits/.test(model)))(
    '%s',
    async (model) => {
      const path = zooPath(`${model.replace('models/', 'reference/')}.json`)
      const reference = JSON.parse(readFileSync(path, 'utf8')) as {
        readonly preprocessing: string
        readonly predictionsReference: readonly number[]
      }
      const digits = zooPath('data/mnist_test.npy')
      const pixels = unwrap(readNpy(readFileSync(digits), digits)).data as Uint8Array
      const scale = reference.preprocessing.includes('/255') ? 255 : 1
      const interpreter = createInterpreter(await load(model))
      const predictions = reference.predictionsReference.map((_, n) => {
        const digit = pixels.subarray(n * 784, (n + 1) * 784)
        const [scores] = interpreter.run([Float32Array.from(digit, (pixel) => pixel / scale)])
        return (scores as Float32Array).reduce(
          (best, score, i, all) => (score > (all[best] ?? 0) ? i : best),
          0,
        )
      })
      expect(predictions).toEqual(reference.predictionsReference)
    },
    180_000,
  )
})

describe.skipIf(!hasZoo)('layouts', () => {
  const every = ['models', 'own/models'].flatMap((folder) =>
    hasZoo
      ? readdirSync(zooPath(folder)).flatMap((file) =>
          /onnx$/.test(file) ? [`${folder}/${file.slice(0, -5)}`] : [],
        )
      : [],
  )

  test.each(every)('%s: images are transposed before the first layer or behind the last', async (model) => {
    const { nodes } = optimize(await load(model))
    const layers = nodes.flatMap(({ op }, n) => (/conv2d|fully_connected/.test(op) ? [n] : []))
    const inside = nodes.slice(layers[0], layers.at(-1)).filter(({ op }) => op === 'transpose')
    // Channel shuffles do move channels, and nothing else: [pixels, groups, channels of a group].
    const shuffles = inside.filter(({ attrs }) => `${attrs.perm}` === '0,2,1')
    expect(inside).toEqual(shuffles)
    expect(shuffles.length).toBe(model.includes('shufflenet') ? 6 : 0)
  })

  test('inputs and outputs are those of the file', async () => {
    const graph = await load('own/models/digits_segment_float')
    expect(graph.inputs.map((id) => [id, typeOf(graph, id).shape])).toEqual([['input', [1, 1, 64, 64]]])
    expect(graph.outputs.map((id) => [id, typeOf(graph, id).shape])).toEqual([['logits', [1, 11, 32, 32]]])
  })
})

describe.skipIf(!hasZoo)('low-bit layers compute on integers', () => {
  test.each(QONNX)('%s', async (model) => {
    const graph = await load(model)
    const layers = graph.nodes.filter(({ op }) => op === 'conv2d' || op === 'fully_connected')
    const real = layers.filter(({ inputs: [x = ''] }) => typeOf(graph, x).dtype === 'f32')
    // Two networks feed their real inputs to their first layer without a quantizer.
    expect(real.length).toBe(/unsw|jettagging/.test(model) ? 1 : 0)
    expect(graph.nodes.filter(({ op }) => op === 'quantize').length).toBe(1)
    const weights = new Set(layers.map(({ inputs: [, w = ''] }) => typeOf(graph, w).dtype))
    if (model.includes('1w')) expect(weights).toContain('b1')
    if (model.includes('4w')) expect(weights).toContain('i4')
    if (model.includes('2w') || model.includes('w2a2')) expect(weights).toContain('i2')
  })
})
