import { expect, test } from 'vitest'
import { attempt, unwrap } from '../../ir/diagnostic.ts'
import { openExecutable } from '../../src/executable.ts'

const MODEL = 'examples/digits/digits_int8.tflite'

test.each(['reference', 'trellis', 'wasm'] as const)('%s has the ports of the model', async (backend) => {
  const { name, inputs, outputs } = unwrap(await openExecutable(MODEL, backend))
  expect(name).toBe('digits_int8')
  expect(inputs.map((port) => [port.name, port.type.dtype, port.type.shape])).toEqual([
    ['serving_default_input:0', 'i8', [1, 28, 28, 1]],
  ])
  expect(outputs.map((port) => [port.name, port.type.dtype, port.type.shape])).toEqual([
    ['StatefulPartitionedCall_1:0', 'i8', [1, 10]],
  ])
})

test.each([
  ['too few', []],
  ['of another size', [new Int8Array(783)]],
])('inputs that are %s are refused', async (_, inputs) => {
  const { run } = unwrap(await openExecutable(MODEL, 'reference'))
  const refused = attempt(() => run(inputs))
  expect(refused.ok ? [] : refused.diagnostics).toMatchObject([{ code: 'ir/input' }])
})
