import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import type { Graph } from '../../ir/graph.ts'
import { parse, print } from '../../ir/text/index.ts'
import { importTflite } from '../../src/importers/tflite/index.ts'
import { FLOAT_MODELS, hasZoo, INT8_MODELS, zooPath } from '../importers/zoo.ts'
import { expectSameGraph } from './same-graph.ts'
import { timed } from './timed.ts'

const MODELS = [...INT8_MODELS, ...FLOAT_MODELS]

describe.skipIf(!hasZoo)('the models of the zoo', () => {
  test.each(MODELS)('%s: parse(print) is the same graph, in under a second', (model) => {
    const graph: Graph = unwrap(importTflite(readFileSync(zooPath(`${model}.tflite`)), `${model}.tflite`))
    const { text, sidecar, sidecarName } = print(graph)
    const { result, cpuMs } = timed(() =>
      parse(text, 'model.esp', (name) => {
        expect(name).toBe(sidecarName)
        return { ok: true, value: sidecar }
      }),
    )
    expect(cpuMs).toBeLessThan(1000)
    const parsed = unwrap(result)
    expectSameGraph(parsed, graph)
    const again = print(parsed)
    expect(again.text).toBe(text)
    expect(Buffer.compare(again.sidecar, sidecar)).toBe(0)
  })
})
