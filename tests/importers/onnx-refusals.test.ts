/** What an ONNX file can have wrong: each ends in a diagnostic that says what, where and what to do. */
import { describe, expect, test } from 'vitest'
import type { Result } from '../../ir/diagnostic.ts'
import { importOnnx } from '../../src/importers/onnx/index.ts'
import { type FileNode, type FileParts, INT64, message, onnxFile, port, tensor } from './onnx-file.ts'

const nothing = (): Result<Uint8Array> => ({
  ok: false,
  diagnostics: [{ code: 'file/not-found', severity: 'error', message: 'no such file' }],
})

function refusal(bytes: Uint8Array, beside = nothing) {
  const result = importOnnx(bytes, 'm.onnx', beside)
  if (result.ok) return 'imported'
  for (const { hint, span } of result.diagnostics)
    expect([typeof hint, span?.file]).toEqual(['string', 'm.onnx'])
  return result.diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n')
}

const x = port('x', [1, 2, 4, 4])
const y = port('y', [])
const relu = { op: 'Relu', inputs: ['x'], outputs: ['y'] }
const file = (parts: Partial<FileParts>) => onnxFile({ nodes: [relu], inputs: [x], outputs: [y], ...parts })
const oneNode = (node: Partial<FileNode>, initializers: readonly Uint8Array[] = [], opset = 17) =>
  file({ nodes: [{ ...relu, ...node }], initializers, opset })

test('a file without faults is imported', () => {
  expect(refusal(file({}))).toBe('imported')
})

test.each<[string, Uint8Array, string, RegExp]>([
  ['no graph', message([1, 8], [8, message([2, 17])]), 'onnx/no-graph', /./],
  [
    'a constant sum of one',
    oneNode({ op: 'Mul', inputs: ['c'] }, [tensor('c', [2], [1, 2])]),
    'onnx/bad-node',
    /Mul: it has 1 inputs/,
  ],
  [
    'copies without end',
    oneNode({ op: 'Expand', inputs: ['x', 's'] }, [tensor('s', [2], [2 ** 31, 2 ** 31], INT64)]),
    'onnx/bad-shape',
    /Expand/,
  ],
  [
    'a result beyond 2 GiB',
    oneNode({ op: 'Pad', inputs: ['x', 'p'] }, [tensor('p', [8], [0, 0, 2 ** 31, 0, 0, 0, 0, 0], INT64)]),
    'onnx/bad-tensor',
    /2 GiB/,
  ],
  [
    'tensors of different ranks in one',
    oneNode({ op: 'Concat', inputs: ['x', 'c'], attributes: { axis: 0 } }, [tensor('c', [2], [1, 2])]),
    'onnx/bad-shape',
    /Concat: shapes/,
  ],
  ['no outputs', file({ outputs: [] }), 'onnx/no-graph', /no outputs/],
  ['two inputs of one name', file({ inputs: [x, x] }), 'onnx/redefinition', /two inputs called "x"/],
  ['two outputs of one name', file({ outputs: [y, y] }), 'onnx/redefinition', /two outputs called "y"/],
  [
    'an attribute of another kind',
    oneNode({ op: 'Concat', inputs: ['x', 'x'], attributes: { axis: { float: 1 } } }),
    'onnx/bad-attribute',
    /Concat: attribute axis is of kind 1, expected 2/,
  ],
  [
    'a transpose of axes that are not there',
    oneNode({ op: 'Transpose', inputs: ['c'], attributes: { perm: [0, 2] } }, [tensor('c', [1, 2], [1, 2])]),
    'onnx/bad-attribute',
    /Transpose: perm/,
  ],
  [
    'parts that are not the whole',
    oneNode({ op: 'Split', inputs: ['x', 's'], outputs: ['y', 'z'], attributes: { axis: 1 } }, [
      tensor('s', [2], [1, 2], INT64),
    ]),
    'onnx/bad-shape',
    /Split: parts of \[1,2\]/,
  ],
  [
    'a constant beyond all sizes',
    oneNode({ op: 'ConstantOfShape', inputs: ['s'] }, [tensor('s', [2], [2 ** 20, 2 ** 20], INT64)]),
    'onnx/bad-shape',
    /ConstantOfShape/,
  ],
  [
    'a constant of a negative size',
    oneNode({ op: 'ConstantOfShape', inputs: ['s'] }, [tensor('s', [1], [-1], INT64)]),
    'onnx/bad-shape',
    /ConstantOfShape/,
  ],
  [
    'a range without a step',
    oneNode({ op: 'Range', inputs: ['a', 'b', 'c'] }, [
      tensor('a', [], [0]),
      tensor('b', [], [9]),
      tensor('c', [], [0]),
    ]),
    'onnx/bad-shape',
    /Range/,
  ],
  [
    'a slice without a step',
    oneNode({ op: 'Slice', inputs: ['c', 'a', 'b', 'a', 'a'] }, [
      tensor('c', [2], [1, 2]),
      tensor('a', [1], [0], INT64),
      tensor('b', [1], [2], INT64),
    ]),
    'onnx/bad-attribute',
    /Slice: a step is 0/,
  ],
  [
    'constants that do not join',
    oneNode({ op: 'Concat', inputs: ['c', 'd'], attributes: { axis: 0 } }, [
      tensor('c', [1, 2], [1, 2]),
      tensor('d', [1, 3], [1, 2, 3]),
    ]),
    'onnx/bad-shape',
    /Concat: shapes/,
  ],
  ['an old operator set', file({ opset: 6 }), 'onnx/opset', /.* version 6/],
  ['a cut file', file({}).subarray(0, -9), 'onnx/corrupt', /./],
  ['a field of another kind', message([1, 8], [7, 3]), 'onnx/corrupt', /.* GraphProto has wire type 0/],
  [
    'an unknown operator, counted',
    file({
      nodes: [
        { ...relu, op: 'NonMaxSuppression', outputs: ['a'] },
        { ...relu, op: 'NonMaxSuppression', inputs: ['a'] },
      ],
    }),
    'onnx/unsupported-operator',
    /.*NonMaxSuppression \(2 times\)/,
  ],
  [
    'an unknown domain',
    oneNode({ domain: 'my.company' }),
    'onnx/unsupported-operator',
    /.*my\.company\/Relu/,
  ],
  [
    'a cycle',
    file({
      nodes: [
        { op: 'Add', inputs: ['x', 'y'], outputs: ['a'] },
        { ...relu, inputs: ['a'] },
      ],
    }),
    'onnx/cycle',
    /./,
  ],
  ['an input that nothing gives', oneNode({ inputs: ['z'] }), 'onnx/undefined-input', /nothing gives "z"/],
  [
    'an output that nothing gives',
    file({ outputs: [port('z', [])] }),
    'onnx/undefined-input',
    /nothing gives "z"/,
  ],
  ['two definitions', file({ nodes: [relu, relu] }), 'onnx/redefinition', /./],
  ['a definition of an input', oneNode({ outputs: ['x'] }), 'onnx/redefinition', /./],
  ['an open size', file({ inputs: [port('x', [1, 2, 'height', 4])] }), 'onnx/dynamic-shape', /.* axis 2/],
  [
    'an input without a shape',
    file({ inputs: [message([1, 'x'], [2, message([1, message([1, 1])])])] }),
    'onnx/dynamic-shape',
    /.* no shape/,
  ],
  ['an input of texts', file({ inputs: [port('x', [1], 8)] }), 'onnx/unsupported-type', /.* string/],
  [
    'an input of integers of 64 bits',
    file({ inputs: [port('x', [1], INT64)] }),
    'onnx/unsupported-type',
    /./,
  ],
  ['a shape beyond 2 GiB', file({ inputs: [port('x', [65536, 65536])] }), 'onnx/bad-tensor', /.* 2 GiB/],
  [
    'a tensor beyond 2 GiB',
    oneNode({ op: 'Add', inputs: ['x', 'c'] }, [message([1, 2 ** 20], [1, 2 ** 20], [2, 1], [8, 'c'])]),
    'onnx/bad-tensor',
    /.* 2 GiB/,
  ],
  [
    'too few elements',
    oneNode({ op: 'Add', inputs: ['x', 'c'] }, [message([1, 4], [2, 1], [8, 'c'], [9, new Uint8Array(8)])]),
    'onnx/bad-tensor',
    /.* 8 bytes, 4 f32 are 16/,
  ],
  [
    'shapes that do not broadcast',
    oneNode({ op: 'Add', inputs: ['x', 'c'] }, [tensor('c', [3], [1, 2, 3])]),
    'onnx/bad-shape',
    /.* broadcast/,
  ],
  [
    'a kernel larger than its image',
    oneNode({ op: 'MaxPool', attributes: { kernel_shape: [9, 9] } }),
    'onnx/bad-shape',
    /.* does not fit/,
  ],
  [
    'a shape that is computed',
    oneNode({ op: 'Reshape', inputs: ['x', 'x'] }),
    'onnx/not-constant',
    /Reshape: its shape/,
  ],
  [
    'an attribute that no rule knows',
    oneNode({ attributes: { slope: 2 } }),
    'onnx/unsupported-attribute',
    /Relu: attribute slope/,
  ],
  [
    'a kernel of another shape than the weights',
    oneNode({ op: 'Conv', inputs: ['x', 'w'], attributes: { kernel_shape: [3, 3] } }, [
      tensor('w', [1, 2, 1, 1], [1, 1]),
    ]),
    'onnx/bad-shape',
    /Conv: kernel_shape/,
  ],
  [
    'groups that do not fit',
    oneNode({ op: 'Conv', inputs: ['x', 'w'] }, [tensor('w', [1, 3, 1, 1], [1, 1, 1])]),
    'onnx/bad-shape',
    /Conv/,
  ],
  [
    'an axis that does not exist',
    oneNode({ op: 'Concat', inputs: ['x', 'x'], attributes: { axis: 7 } }),
    'onnx/bad-attribute',
    /Concat: axis 7/,
  ],
  ['a missing input', oneNode({ op: 'Add', inputs: ['x'] }), 'onnx/bad-node', /Add: its input 1 is missing/],
  [
    'a mode that is not supported',
    oneNode({ op: 'Pad', inputs: ['x', 'p'], attributes: { mode: 'wrap' } }, [
      tensor('p', [8], [0, 0, 1, 1, 0, 0, 1, 1], INT64),
    ]),
    'onnx/unsupported-attribute',
    /Pad/,
  ],
  [
    'an image of five dimensions',
    file({ nodes: [{ ...relu, op: 'GlobalAveragePool' }], inputs: [port('x', [1, 2, 3, 4, 5])] }),
    'onnx/unsupported-rank',
    /./,
  ],
])('%s', (_, bytes, code, expected) => {
  expect(refusal(bytes)).toMatch(expected)
  expect(refusal(bytes).split(':')[0]).toBe(code)
})

describe('data beside the file', () => {
  const external = (entries: Readonly<Record<string, string>>) =>
    oneNode({ op: 'Add', inputs: ['x', 'c'] }, [
      message(
        [1, 4],
        [2, 1],
        [8, 'c'],
        ...Object.entries(entries).map(([key, value]) => [13, message([1, key], [2, value])] as const),
        [14, 1],
      ),
    ])
  const beside = (): Result<Uint8Array> => ({ ok: true, value: new Uint8Array(24) })

  test('is read', () => {
    expect(refusal(external({ location: 'w.bin', offset: '8', length: '16' }), beside)).toBe('imported')
  })

  test('is read once for all tensors', () => {
    const piece = (name: string, offset: string) =>
      message(
        [1, 4],
        [2, 1],
        [8, name],
        [13, message([1, 'location'], [2, 'w.bin'])],
        [13, message([1, 'offset'], [2, offset])],
        [13, message([1, 'length'], [2, '16'])],
        [14, 1],
      )
    const bytes = file({
      nodes: [
        { op: 'Add', inputs: ['x', 'c'], outputs: ['a'] },
        { op: 'Add', inputs: ['a', 'd'], outputs: ['y'] },
      ],
      initializers: [piece('c', '0'), piece('d', '8')],
    })
    let reads = 0
    const counting = () => {
      reads++
      return beside()
    }
    expect(refusal(bytes, counting)).toBe('imported')
    expect(reads).toBe(1)
  })

  test.each(['../w.bin', '/etc/passwd', 'd:w.bin', '..', ''])(
    'does not leave its folder by %j',
    (location) => {
      expect(refusal(external({ location }), beside)).toContain('onnx/external-path: ')
    },
  )

  test.each([
    { location: 'w.bin', offset: '16', length: '16' },
    { location: 'w.bin', offset: '-4' },
    { location: 'w.bin', offset: 'many' },
  ])('has the bytes that are asked of it: %j', (entries) => {
    expect(refusal(external(entries), beside)).toContain('onnx/external-size: ')
  })

  test('that is missing is named', () => {
    const result = importOnnx(external({ location: 'w.bin' }), 'm.onnx', nothing)
    expect(result.ok ? [] : result.diagnostics.map(({ code }) => code)).toEqual(['file/not-found'])
  })
})

describe('the batch', () => {
  const open = file({ inputs: [port('x', ['batch', 2, 'batch', 4])] })
  const shapeOf = (bytes: Uint8Array, batch?: number) => {
    const result = importOnnx(bytes, 'm.onnx', nothing, batch === undefined ? {} : { batch })
    return result.ok ? result.value.values.get('x')?.type.shape : result.diagnostics.map(({ code }) => code)
  }

  test('that is open is 1, or as asked, under its name everywhere', () => {
    expect(shapeOf(open)).toEqual([1, 2, 1, 4])
    expect(shapeOf(open, 3)).toEqual([3, 2, 3, 4])
  })

  test('that is fixed stays', () => {
    expect(shapeOf(file({}), 3)).toEqual(['model/fixed-batch'])
  })
})

test('an initializer that nothing reads may be of any kind', () => {
  const texts = message([1, 1], [2, 8], [8, 'unread'], [6, new Uint8Array(3)])
  expect(refusal(file({ initializers: [texts] }))).toBe('imported')
})
