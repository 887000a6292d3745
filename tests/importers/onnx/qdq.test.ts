/** The patterns of QDQ files, and what quantized files may not have. */
import { describe, expect, test } from 'vitest'
import { typeOf } from '../../../ir/graph.ts'
import { createInterpreter } from '../../../ir/interpreter.ts'
import { perTensor } from '../../../ir/tensor.ts'
import { importOnnx } from '../../../src/importers/onnx/index.ts'
import { type FileNode, INT8, onnxFile, port, tensor, UINT8 } from '../onnx-file.ts'
import {
  type Case,
  graphOf,
  i8,
  MICROSOFT,
  modelOf,
  names,
  noise,
  nothing,
  one,
  parameters,
  u8,
} from './quantized-network.ts'

describe('between DequantizeLinear and QuantizeLinear', () => {
  const scaleOfWeights = 0.01
  const w = noise(2 * 2 * 9, 7).map((v) => Math.round(v * 100))

  /** The ops of a network with these nodes between `d`, the dequantized input, and `e`, which is quantized. */
  function opsOf(
    nodes: readonly FileNode[],
    outputShape: readonly number[],
    constants: readonly Uint8Array[] = [],
  ) {
    const model = modelOf({
      shape: [1, 2, 4, 4],
      x: i8(0.05, 3),
      y: i8(0.1, -20),
      nodes: [
        { op: 'DequantizeLinear', inputs: ['q', ...names('x')], outputs: ['d'] },
        { op: 'DequantizeLinear', inputs: ['w', ...names('w')], outputs: ['wd'] },
        ...nodes,
        { op: 'QuantizeLinear', inputs: ['e', ...names('y')], outputs: ['r'] },
      ],
      constants: [
        tensor('w', [2, 2, 3, 3], w, INT8),
        ...parameters('w', i8(scaleOfWeights, 0)),
        ...constants,
      ],
      outputShape,
    })
    const graph = graphOf(model)
    return graph.nodes.filter(({ op }) => !['transpose', 'reshape'].includes(op))
  }
  const conv = (output: string) => ({
    op: 'Conv',
    inputs: ['d', 'wd'],
    outputs: [output],
    attributes: { pads: [1, 1, 1, 1] },
  })
  const summary = (nodes: ReturnType<typeof opsOf>) =>
    nodes.map(({ op, attrs }) =>
      [op, ...(attrs.activation && attrs.activation !== 'none' ? [attrs.activation] : [])].join(' '),
    )

  test.each<[string, readonly FileNode[], readonly string[]]>([
    ['a convolution', [conv('e')], ['quantize', 'conv2d', 'dequantize']],
    [
      'with a ReLU',
      [conv('c'), { op: 'Relu', inputs: ['c'], outputs: ['e'] }],
      ['quantize', 'conv2d relu', 'dequantize'],
    ],
    [
      'with a ReLU6',
      [conv('c'), { op: 'Clip', inputs: ['c', 'zero', 'six'], outputs: ['e'] }],
      ['quantize', 'conv2d relu6', 'dequantize'],
    ],
    [
      'a sum with itself',
      [{ op: 'Add', inputs: ['d', 'd'], outputs: ['e'] }],
      ['quantize', 'add', 'dequantize'],
    ],
    [
      'hard swish',
      [{ op: 'HardSwish', inputs: ['d'], outputs: ['e'] }],
      ['quantize', 'hard_swish', 'dequantize'],
    ],
    [
      'a pool that keeps the quantization, then a convolution',
      [
        { op: 'MaxPool', inputs: ['d'], outputs: ['p'], attributes: { kernel_shape: [1, 1] } },
        { ...conv('e'), inputs: ['p', 'wd'] },
      ],
      ['quantize', 'max_pool2d', 'conv2d', 'dequantize'],
    ],
    [
      'a concatenation of what has another scale',
      [{ op: 'Concat', inputs: ['d', 'd'], outputs: ['e'], attributes: { axis: 1 } }],
      ['quantize', 'quantize', 'quantize', 'concat', 'dequantize'],
    ],
  ])('%s is done on bytes', (_, nodes, expected) => {
    const found = opsOf(nodes, [1, 2, 4, 4], [tensor('zero', [], [0]), tensor('six', [], [6])])
    expect(summary(found)).toEqual(expected)
    expect(
      found.slice(1, -1).every(({ op, attrs }) => attrs.arithmetic === 'onnx' || /pool|concat/.test(op)),
    ).toBe(true)
  })

  test('a bound that no activation has is not the layer’s own', () => {
    const found = opsOf(
      [conv('c'), { op: 'Clip', inputs: ['c', 'low', 'high'], outputs: ['e'] }],
      [1, 2, 4, 4],
      [tensor('low', [], [-1]), tensor('high', [], [2])],
    )
    expect(summary(found)).toEqual(['quantize', 'conv2d', 'threshold', 'dequantize'])
  })

  test('a result that others read as real numbers is not rounded for them', () => {
    const found = opsOf(
      [
        conv('c'),
        { op: 'Mul', inputs: ['c', 'c'], outputs: ['m'] },
        { op: 'Add', inputs: ['c', 'm'], outputs: ['e'] },
      ],
      [1, 2, 4, 4],
    )
    expect(found.filter(({ op }) => op === 'quantize').length).toBe(2)
    expect(summary(found)).toContain('mul')
  })

  test('quantizers that do the same are one', () => {
    const found = opsOf(
      [
        conv('c'),
        { op: 'QuantizeLinear', inputs: ['c', ...names('x')], outputs: ['c1'] },
        { op: 'QuantizeLinear', inputs: ['c', ...names('x')], outputs: ['c2'] },
        { op: 'DequantizeLinear', inputs: ['c1', ...names('x')], outputs: ['d1'] },
        { op: 'DequantizeLinear', inputs: ['c2', ...names('x')], outputs: ['d2'] },
        { op: 'Add', inputs: ['d1', 'd2'], outputs: ['e'] },
      ],
      [1, 2, 4, 4],
    )
    expect(summary(found)).toEqual(['quantize', 'conv2d', 'add', 'dequantize'])
  })

  test('weights that are quantized in the file are those integers', () => {
    const reals = w.map((v) => Math.fround(v * Math.fround(scaleOfWeights)) + 0.0001)
    const found = opsOf(
      [
        { op: 'QuantizeLinear', inputs: ['v', ...names('w')], outputs: ['vq'] },
        { op: 'DequantizeLinear', inputs: ['vq', ...names('w')], outputs: ['vd'] },
        { ...conv('e'), inputs: ['d', 'vd'] },
      ],
      [1, 2, 4, 4],
      [tensor('v', [2, 2, 3, 3], reals)],
    )
    expect(summary(found)).toEqual(['quantize', 'conv2d', 'dequantize'])
  })
})

describe('refusals', () => {
  const refusal = (given: Case) => {
    const result = importOnnx(modelOf(given), 'q.onnx', nothing)
    return result.ok
      ? 'imported'
      : result.diagnostics.map(({ code, message }) => `${code}: ${message}`).join()
  }
  const base: Case = { shape: [1, 4], x: u8(0.5, 3), y: u8(1, 0), nodes: [], outputShape: [1, 4] }
  const sigmoid = (inputs: readonly string[]) => one('QLinearSigmoid', inputs, {}, MICROSOFT)

  test.each<[string, Case, RegExp]>([
    [
      'another zero point than the one that an operand has',
      { ...base, nodes: sigmoid(['q', ...names('y'), ...names('y')]) },
      /^onnx\/unsupported-type: QLinearSigmoid: it reads its input 0/,
    ],
    [
      'a scale of 0',
      { ...base, y: u8(0, 0), nodes: sigmoid(['q', ...names('x'), ...names('y')]) },
      /^onnx\/bad-attribute: .* scale 0 is not positive/,
    ],
    [
      'weights of a convolution around another number than their middle',
      {
        ...base,
        shape: [1, 1, 2, 2],
        nodes: one('QLinearConv', ['q', ...names('x'), 'w', 'w_s', 'w_z', ...names('y')]),
        constants: [tensor('w', [1, 1, 1, 1], [200], UINT8), ...parameters('w', u8(0.1, 127))],
        outputShape: [1, 1, 2, 2],
      },
      /^onnx\/unsupported-attribute: QLinearConv: its weights have zero point 127, expected 128/,
    ],
    [
      'several scales of a computed value',
      {
        ...base,
        nodes: [
          { op: 'QuantizeLinear', inputs: ['in', 'many', 'zeros'], outputs: ['m'] },
          ...sigmoid(['m', ...names('x'), ...names('y')]),
        ],
        constants: [tensor('many', [4], [1, 2, 3, 4]), tensor('zeros', [4], [0, 0, 0, 0], UINT8)],
      },
      /^onnx\/unsupported-attribute: .* several scales/,
    ],
  ])('%s', (_, given, expected) => {
    expect(refusal(given)).toMatch(expected)
  })
})

test('bytes without sign at the ends of a network are int8, 128 lower', () => {
  const ends = (nodes: readonly FileNode[], input: number, output: number) =>
    graphOf(
      onnxFile({
        nodes,
        inputs: [port('in', [1, 4], input)],
        outputs: [port('out', [1, 4], output)],
        initializers: parameters('x', u8(0.5, 3)),
      }),
    )
  const quantize = { op: 'QuantizeLinear', inputs: ['in', ...names('x')], outputs: ['out'] }
  const to = ends([quantize], 1, UINT8)
  expect(typeOf(to, 'out')).toEqual({ dtype: 'i8', shape: [1, 4], quant: perTensor(0.5, -125) })
  expect([...(createInterpreter(to).run([Float32Array.of(0, 1, -1.5, 200)])[0] ?? [])]).toEqual([
    -125, -123, -128, 127,
  ])
  const from = ends([{ ...quantize, op: 'DequantizeLinear' }], UINT8, 1)
  expect(typeOf(from, 'in')).toEqual({ dtype: 'i8', shape: [1, 4], quant: perTensor(0.5, -125) })
  expect([...(createInterpreter(from).run([Int8Array.of(-125, -123, -128, 127)])[0] ?? [])]).toEqual([
    0, 1, -1.5, 126,
  ])
})
