/** What is computed while a file is read: an output that is constant tells its value. */
import { expect, test } from 'vitest'
import { unwrap } from '../../../ir/diagnostic.ts'
import { createInterpreter } from '../../../ir/interpreter.ts'
import { importOnnx } from '../../../src/importers/onnx/index.ts'
import { type AttributeValue, INT64, onnxFile, port, tensor } from '../onnx-file.ts'

function computed(
  op: string,
  inputs: readonly Uint8Array[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
) {
  const names = inputs.map((_, n) => `c${n}`)
  const bytes = onnxFile({
    nodes: [
      { op, inputs: names, outputs: ['result'], attributes },
      // Added to an input, so that the graph computes something.
      { op: 'Add', inputs: ['x', 'result'], outputs: ['y'] },
    ],
    inputs: [port('x', [])],
    outputs: [port('y', [])],
    initializers: [...inputs],
  })
  const graph = unwrap(importOnnx(bytes, 'constants.onnx', () => ({ ok: false, diagnostics: [] })))
  const [y] = createInterpreter(graph).run([Float32Array.of(0)])
  return [...(y as Float32Array)]
}

const real = (name: string, values: readonly number[], shape = [values.length]) => tensor(name, shape, values)
const ints = (name: string, values: readonly number[]) => tensor(name, [values.length], values, INT64)

test.each<[string, readonly Uint8Array[], Readonly<Record<string, AttributeValue>>, readonly number[]]>([
  ['Min', [real('c0', [3, 1]), real('c1', [2, 2]), real('c2', [9, 0])], {}, [2, 0]],
  ['Max', [real('c0', [3, 1])], {}, [3, 1]],
  ['Div', [ints('c0', [7, -7]), ints('c1', [2])], {}, [3, -3]],
  ['Gather', [real('c0', [1, 2, 3]), ints('c1', [-1, 0])], {}, [3, 1]],
  [
    'Slice',
    [real('c0', [1, 2, 3]), ints('c1', [-1]), ints('c2', [-9]), ints('c3', [0]), ints('c4', [-1])],
    {},
    [3, 2, 1],
  ],
  ['Range', [tensor('c0', [], [5]), tensor('c1', [], [0]), tensor('c2', [], [-2])], {}, [5, 3, 1]],
  ['ConstantOfShape', [ints('c0', [3])], { value: tensor('v', [1], [4]) }, [4, 4, 4]],
  ['Expand', [real('c0', [1, 2], [2, 1]), ints('c1', [2, 2])], {}, [1, 1, 2, 2]],
  ['Transpose', [real('c0', [1, 2, 3, 4], [2, 2])], {}, [1, 3, 2, 4]],
  ['Where', [ints('c0', [1, 0]), real('c1', [1, 2]), real('c2', [3, 4])], {}, [1, 4]],
  ['Concat', [real('c0', [1, 2], [2, 1]), real('c1', [3, 4], [2, 1])], { axis: 1 }, [1, 3, 2, 4]],
])('%s', (op, inputs, attributes, expected) => {
  expect(computed(op, inputs, attributes)).toEqual(expected)
})
