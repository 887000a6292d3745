/** Each fault that the verifier knows, planted into a small valid graph. */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import type { Graph, Node, Value } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { verify } from '../../ir/verifier.ts'
import { importTflite } from '../../src/importers/tflite/index.ts'
import { hasZoo, INT8_MODELS, zooPath } from '../importers/zoo.ts'
import { perChannel, quantized } from '../ops/tensors.ts'

const conv: Node = {
  op: 'conv2d',
  name: 'conv',
  inputs: ['x', 'w', 'b'],
  outputs: ['y'],
  attrs: { stride: [1, 1], activation: 'relu' },
  span: { path: 'operator 3' },
}
const relu: Node = { op: 'relu', name: 'relu', inputs: ['y'], outputs: ['z'], attrs: {} }

const VALUES: Readonly<Record<string, Value>> = {
  x: { type: quantized('i8', [1, 4, 4, 3], 0.5, 1) },
  w: { type: perChannel('i8', [2, 3, 3, 3], [0.1, 0.2], 0), data: new Int8Array(54) },
  b: { type: { dtype: 'i32', shape: [2] }, data: new Int32Array(2) },
  y: { type: quantized('i8', [1, 2, 2, 2], 0.25, -3) },
  z: { type: quantized('i8', [1, 2, 2, 2], 0.25, -3) },
}

function graph(
  change: {
    values?: Readonly<Record<string, Value | undefined>>
    nodes?: readonly Node[]
    outputs?: readonly string[]
  } = {},
): Graph {
  const values = Object.entries({ ...VALUES, ...change.values }).flatMap(([id, value]) =>
    value === undefined ? [] : [[id, value] as const],
  )
  return {
    name: 'test',
    inputs: ['x'],
    outputs: change.outputs ?? ['z'],
    values: new Map(values),
    nodes: change.nodes ?? [conv, relu],
  }
}

const withAttrs = (attrs: Node['attrs']) =>
  graph({ nodes: [{ ...conv, attrs: { ...conv.attrs, ...attrs } }, relu] })
const withValue = (id: string, value: Value | undefined) => graph({ values: { [id]: value } })
const convType = (id: string) => VALUES[id]?.type ?? quantized('i8', [], 1, 0)

test('a valid graph has no faults, and runs', () => {
  expect(verify(graph())).toEqual([])
  expect(createInterpreter(graph()).run([new Int8Array(48)])).toEqual([new Int8Array(8).fill(-3)])
})

test.skipIf(!hasZoo)('the networks of the zoo have none', () => {
  for (const model of INT8_MODELS) {
    expect(verify(unwrap(importTflite(readFileSync(zooPath(`${model}.tflite`)), model)))).toEqual([])
  }
})

describe('finds', () => {
  test.each<[string, Graph, string, RegExp]>([
    [
      'an unknown op',
      graph({ nodes: [{ ...conv, op: 'conv2' as OpName }, relu] }),
      'ir/unknown-op',
      /^conv2 conv: this is not an op/,
    ],
    [
      'an operand too few',
      graph({ nodes: [{ ...conv, inputs: ['x'] }, relu] }),
      'ir/arity',
      /1 operands, expected 2 to 3/,
    ],
    [
      'an operand too many',
      graph({ nodes: [conv, { ...relu, inputs: ['y', 'y'] }] }),
      'ir/arity',
      /2 operands, expected 1 \(x\)/,
    ],
    [
      'a second result',
      graph({ nodes: [conv, { ...relu, outputs: ['z', 'z2'] }], values: { z2: VALUES.z } }),
      'ir/arity',
      /2 results, expected 1/,
    ],
    [
      'an attribute unknown',
      withAttrs({ strides: [1, 1] }),
      'ir/unknown-attribute',
      /attribute strides is not known/,
    ],
    [
      'an attribute of another kind',
      withAttrs({ stride: 1 }),
      'ir/attribute',
      /attribute stride is 1, expected a list of integers/,
    ],
    [
      'a fraction for an integer',
      withAttrs({ stride: [1, 0.5] }),
      'ir/attribute',
      /expected a list of integers/,
    ],
    [
      'a string that is not allowed',
      withAttrs({ activation: 'gelu' }),
      'ir/attribute',
      /expected one of none, relu, relu6, relu_n1_to_1/,
    ],
    [
      'an attribute missing',
      graph({ nodes: [{ ...conv, attrs: {} }, relu] }),
      'ir/attribute',
      /attribute stride is missing/,
    ],
    ['a pair of three', withAttrs({ stride: [1, 1, 1] }), 'ir/shape', /expected two positive integers/],
    ['pads of two', withAttrs({ pads: [1, 1] }), 'ir/shape', /expected four integers/],
    [
      'a window larger than the image',
      withAttrs({ dilation: [2, 2] }),
      'ir/shape',
      /a window of 5 does not fit into 4 elements/,
    ],
    [
      'another result shape',
      withAttrs({ pads: [1, 1, 1, 1] }),
      'ir/shape',
      /has shape \[1,2,2,2\], expected \[1,4,4,2\]/,
    ],
    [
      'a rank that does not fit',
      withValue('x', { type: quantized('i8', [4, 4, 3], 0.5, 1) }),
      'ir/shape',
      /^conv2d conv: x has 3 dimensions, expected 4/,
    ],
    [
      'a size of zero',
      withValue('x', { type: quantized('i8', [0, 4, 4, 3], 0.5, 1) }),
      'ir/shape',
      /sizes of at least 1/,
    ],
    [
      'a bias of another size',
      withValue('b', { type: { dtype: 'i32', shape: [3] }, data: new Int32Array(3) }),
      'ir/shape',
      /the bias has 3 elements, expected 2/,
    ],
    [
      'constant data too short',
      withValue('w', { type: convType('w'), data: new Int8Array(3) }),
      'ir/data',
      /holds Int8Array\(3\), expected Int8Array\(54\)/,
    ],
    [
      'constant data of another type',
      withValue('b', { type: convType('b'), data: new Int16Array(2) }),
      'ir/data',
      /holds Int16Array\(2\), expected Int32Array\(2\)/,
    ],
    [
      'a missing quantization',
      withValue('y', { type: { dtype: 'i8', shape: [1, 2, 2, 2] } }),
      'ir/constraint',
      /quantized as whole tensors/,
    ],
    [
      'scales of another number',
      withValue('w', { type: perChannel('i8', [2, 3, 3, 3], [0.1, 0.2, 0.3], 0), data: new Int8Array(54) }),
      'ir/quantization',
      /3 scales and 3 zero points, expected 2, one for each index of axis 0/,
    ],
    [
      'a negative scale',
      withValue('x', { type: quantized('i8', [1, 4, 4, 3], -1, 0) }),
      'ir/quantization',
      /has scale -1/,
    ],
    [
      'a zero point out of range',
      withValue('x', { type: quantized('i8', [1, 4, 4, 3], 1, 200) }),
      'ir/quantization',
      /has zero point 200, expected -128 .. 127/,
    ],
    [
      'an axis out of range',
      withValue('w', { type: perChannel('i8', [2, 3, 3, 3], [0.1, 0.2], 4), data: new Int8Array(54) }),
      'ir/quantization',
      /along axis 4, but has 4 dimensions/,
    ],
    [
      'weights quantized along another axis',
      withValue('w', { type: perChannel('i8', [2, 3, 3, 3], [0.1, 0.2, 0.3], 1), data: new Int8Array(54) }),
      'ir/constraint',
      /one for each output channel \(axis 0\)/,
    ],
    [
      'a bias of another type',
      withValue('b', { type: { dtype: 'i16', shape: [2] }, data: new Int16Array(2) }),
      'ir/constraint',
      /The bias is i32/,
    ],
    [
      'nodes out of order',
      graph({ nodes: [relu, conv] }),
      'ir/order',
      /^relu relu: operand y is computed later/,
    ],
    [
      'an operand from nowhere',
      graph({ nodes: [conv, { ...relu, inputs: ['q'] }] }),
      'ir/undefined-value',
      /nothing defines operand q/,
    ],
    ['an output from nowhere', graph({ outputs: ['q'] }), 'ir/undefined-value', /nothing defines output q/],
    [
      'a value from nowhere',
      graph({ values: { q: VALUES.x } }),
      'ir/undefined-value',
      /nothing defines value q/,
    ],
    ['a result without a type', withValue('z', undefined), 'ir/undefined-value', /result z has no type/],
    [
      'two definitions',
      graph({ nodes: [conv, { ...relu, outputs: ['y'] }], outputs: ['y'], values: { z: undefined } }),
      'ir/redefinition',
      /result y is already defined/,
    ],
    [
      'a constant that is computed',
      withValue('y', { type: convType('y'), data: new Int8Array(8) }),
      'ir/redefinition',
      /^conv2d conv: result y is already defined/,
    ],
    [
      'two nodes of one name',
      graph({ nodes: [conv, { ...relu, name: 'conv' }] }),
      'ir/duplicate-node',
      /^relu conv: another node/,
    ],
  ])('%s', (_, faulty, code, message) => {
    const found = verify(faulty)
    expect(found.map((d) => d.code)).toContain(code)
    expect(found.find((d) => d.code === code)?.message).toMatch(message)
  })

  test('where it is, and what was meant', () => {
    const [first] = verify(withAttrs({ strid: [1, 1] }))
    expect(first).toMatchObject({
      span: { path: 'operator 3' },
      hint: 'did you mean stride?',
      severity: 'error',
    })
    const [unknown] = verify(graph({ nodes: [{ ...conv, op: 'conv2' as OpName }, relu] }))
    expect(unknown?.hint).toBe('did you mean conv2d?')
    const [broken] = verify(withValue('b', { type: { dtype: 'i16', shape: [2] }, data: new Int16Array(2) }))
    expect(broken?.notes).toContain('b: i16 [2], not quantized')
    expect(broken?.notes).toContain('w: i8 [2,3,3,3], quantized along axis 0')
  })
})

test('inputs that do not fit', () => {
  const { run } = createInterpreter(graph())
  expect(() => run([])).toThrow(/ir\/input: 0 inputs given, test has 1/)
  expect(() => run([new Int8Array(3)])).toThrow(/ir\/input: input x has 3 elements, expected 48/)
})
