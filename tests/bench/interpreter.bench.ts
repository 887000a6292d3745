/** Speed of the reference interpreter on real networks, in MMAC/s: `npx vitest bench --run tests/bench`. */
import { readFileSync } from 'node:fs'
import { bench, describe } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { allocate } from '../../ir/dtype.ts'
import { typeOf } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { OPS } from '../../ir/ops/registry.ts'
import { elementCount } from '../../ir/tensor.ts'
import { importTflite } from '../../src/importers/tflite/index.ts'
import { hasZoo, INT8_MODELS, zooPath } from '../importers/zoo.ts'

describe.skipIf(!hasZoo)('one run', () => {
  for (const model of INT8_MODELS) {
    const graph = unwrap(importTflite(readFileSync(zooPath(`${model}.tflite`)), model))
    const interpreter = createInterpreter(graph)
    const inputs = graph.inputs.map((id) => {
      const { dtype, shape } = typeOf(graph, id)
      return allocate(dtype, elementCount(shape))
    })
    const types = (ids: readonly string[]) => ids.map((id) => typeOf(graph, id))
    const macs = graph.nodes.reduce(
      (sum, { op, inputs, outputs, attrs }) =>
        sum + OPS[op].macs({ inputs: types(inputs), outputs: types(outputs), attrs }),
      0,
    )
    bench(
      `${model}, ${(macs / 1e6).toFixed(3)} MMAC`,
      () => {
        interpreter.run(inputs)
      },
      { time: 1000 },
    )
  }
})
