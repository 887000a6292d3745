/** Weights that are inputs of the graph, or bounds that are: the same results on every backend. */
import { expect, test } from 'vitest'
import { loadTarget } from '../../../backends/trellis/target.ts'
import { unwrap } from '../../../ir/diagnostic.ts'
import { importOnnx } from '../../../src/importers/onnx/index.ts'
import { verifyGraph } from '../../../src/verify.ts'
import { trellisContender, wasmContenders } from '../../../src/verify-backends.ts'
import { type AttributeValue, onnxFile, port } from '../onnx-file.ts'

type Case = readonly [
  op: string,
  attributes: Readonly<Record<string, AttributeValue>>,
  shapes: readonly (readonly number[])[],
]

test.each<Case>([
  ['Conv', {}, [[1, 2, 5, 5], [3, 2, 3, 3], [3]]],
  [
    'Conv',
    { group: 2 },
    [
      [1, 2, 5, 5],
      [2, 1, 3, 3],
    ],
  ],
  [
    'Conv',
    { pads: [1, 1] },
    [
      [1, 2, 7],
      [3, 2, 3],
    ],
  ],
  [
    'ConvTranspose',
    { strides: [2, 2] },
    [
      [1, 2, 5, 5],
      [2, 3, 3, 3],
    ],
  ],
  [
    'MatMul',
    {},
    [
      [4, 5],
      [5, 3],
    ],
  ],
  ['Gemm', { transA: 1, transB: 1, alpha: { float: 0.5 } }, [[5, 4], [3, 5], [3]]],
  ['Clip', {}, [[5, 4], [], []]],
])('%s %j of %j', async (op, attributes, shapes) => {
  const names = shapes.map((_, n) => `x${n}`)
  const bytes = onnxFile({
    nodes: [{ op, inputs: names, outputs: ['y'], attributes }],
    inputs: shapes.map((shape, n) => port(`x${n}`, shape)),
    outputs: [port('y', [])],
  })
  const graph = unwrap(importOnnx(bytes, 'computed.onnx', () => ({ ok: false, diagnostics: [] })))
  const contenders = [trellisContender(unwrap(loadTarget(undefined))), ...wasmContenders()]
  const { backends } = await verifyGraph(graph, contenders, { runs: 2, seed: 1, step: () => {} })
  const results = backends.map(({ result }) => result)
  expect(results.filter((result) => result !== 'not_run').length).toBeGreaterThanOrEqual(2)
  expect(new Set(results.filter((result) => result !== 'not_run'))).toEqual(new Set(['equal']))
})
