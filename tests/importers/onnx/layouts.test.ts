/** However axes are moved, split and joined, an imported graph computes what the file says. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { must, unwrap } from '../../../ir/diagnostic.ts'
import { typeOf } from '../../../ir/graph.ts'
import { createInterpreter } from '../../../ir/interpreter.ts'
import { importOnnx } from '../../../src/importers/onnx/index.ts'
import { optimize } from '../../../src/pipeline.ts'
import { onnxFile, port } from '../onnx-file.ts'
import { randomFile } from './random-file.ts'

/** Choices out of a list of numbers, which fast-check can shorten; 0 where it ends. */
function chooser(numbers: readonly number[]) {
  let next = 0
  return (limit: number) => (numbers[next++] ?? 0) % limit
}

const noSidecar = () => ({ ok: false as const, diagnostics: [] })

test('random files of moving operators', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(
      fc.array(fc.nat(1 << 20), { minLength: 600, maxLength: 600 }),
      fc.nat(11),
      (numbers, steps) => {
        const file = randomFile(chooser(numbers), steps + 1)
        for (const op of file.operators) seen.add(op)
        const graph = unwrap(importOnnx(file.bytes, 'random.onnx', noSidecar))
        for (const candidate of [graph, optimize(graph)]) {
          expect(candidate.inputs.map((id) => typeOf(candidate, id).shape)).toEqual([file.input.shape])
          const results = createInterpreter(candidate).run([Float32Array.from(file.input.data)])
          file.outputs.forEach((expected, n) => {
            expect(typeOf(candidate, must(candidate.outputs[n], 'output')).shape).toEqual(expected.shape)
            const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
            const worst = expected.data.reduce(
              (most, value, i) => Math.max(most, Math.abs(value - Number(results[n]?.[i]))),
              0,
            )
            expect(worst / largest).toBeLessThan(1e-5)
          })
        }
      },
    ),
    { numRuns: 400 },
  )
  expect(seen.size).toBeGreaterThanOrEqual(15)
})

test('two outputs that are one value with its axes in two orders', () => {
  const bytes = onnxFile({
    nodes: [
      { op: 'Relu', inputs: ['x'], outputs: ['a'] },
      { op: 'Transpose', inputs: ['a'], outputs: ['b'], attributes: { perm: [2, 0, 1] } },
      { op: 'Transpose', inputs: ['b'], outputs: ['c'], attributes: { perm: [2, 0, 1] } },
    ],
    inputs: [port('x', [2, 3, 4])],
    outputs: [port('b', []), port('c', [])],
  })
  const graph = unwrap(importOnnx(bytes, 'two.onnx', noSidecar))
  expect(graph.outputs.map((id) => [id, typeOf(graph, id).shape])).toEqual([
    ['b', [4, 2, 3]],
    ['c', [3, 4, 2]],
  ])
  const [b, c] = createInterpreter(graph).run([Float32Array.from({ length: 24 }, (_, i) => i)])
  expect([...(b as Float32Array)].slice(0, 6)).toEqual([0, 4, 8, 12, 16, 20])
  expect([...(c as Float32Array)].slice(0, 8)).toEqual([0, 12, 1, 13, 2, 14, 3, 15])
})
