/** The laws of the passes on real networks and their real inputs. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { must, unwrap } from '../../ir/diagnostic.ts'
import type { TensorData } from '../../ir/dtype.ts'
import { type Graph, typeOf } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { elementCount } from '../../ir/tensor.ts'
import { loadModel } from '../../src/importers/index.ts'
import { OPTIMIZATIONS, optimize } from '../../src/pipeline.ts'
import { readNpy } from '../../src/tensors/npy.ts'
import { hasZoo, INT8_MODELS, zooPath } from '../importers/zoo.ts'
import { timed } from '../text/timed.ts'
import { randomInputs } from './network-builder.ts'

const MOBILENET = 'models/mobilenet_v2_int8_224'

describe.skipIf(!hasZoo)('after each pass there is the same result of', () => {
  test.each(['models/resnet8_int8', 'models/dscnn_kws_int8', 'own/models/digits_segment_int8'])(
    '%s',
    async (model) => {
      const graph = await load(model)
      const inputs = [firstInput(model, graph)]
      const expected = createInterpreter(graph).run(inputs)
      let current = graph
      for (const { pass } of OPTIMIZATIONS) {
        current = pass.run(current, { warn: () => {} })
        expect(createInterpreter(current).run(inputs), pass.name).toEqual(expected)
      }
    },
  )

  test.each(INT8_MODELS.filter((model) => model !== MOBILENET))('all of them on %s', async (model) => {
    const graph = await load(model)
    const optimized = optimize(graph)
    const inputs = randomInputs(graph, 1)
    expect(createInterpreter(optimized).run(inputs)).toEqual(createInterpreter(graph).run(inputs))
    expect(optimized.nodes.length).toBeLessThanOrEqual(graph.nodes.length)
  })
})

test.skipIf(!hasZoo)('MobileNet loses its pads, keeps its result, and takes little time', async () => {
  const graph = await load(MOBILENET)
  const { result: optimized, cpuMs } = timed(() => optimize(graph))
  expect(cpuMs).toBeLessThan(500)
  expect(graph.nodes.filter(({ op }) => op === 'pad')).toHaveLength(18)
  expect(optimized.nodes.filter(({ op }) => op === 'pad')).toEqual([])
  expect(optimized.nodes).toHaveLength(graph.nodes.length - 18)
  const inputs = [firstInput(MOBILENET, graph)]
  expect(createInterpreter(optimized).run(inputs)).toEqual(createInterpreter(graph).run(inputs))
})

async function load(model: string): Promise<Graph> {
  return unwrap(await loadModel(zooPath(`${model}.tflite`)))
}

/** The first sample of the inputs that the reference outputs were made from. */
function firstInput(model: string, graph: Graph): TensorData {
  const path = zooPath(`${model.replace('models/', 'reference/')}.inputs.npy`)
  const data = unwrap(readNpy(readFileSync(path), path)).data as TensorData
  return data.slice(0, elementCount(typeOf(graph, must(graph.inputs[0], 'input')).shape))
}
