import { describe, expect, test } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import type { Node } from '../../ir/graph.ts'
import { importTflite } from '../../src/importers/tflite/index.ts'
import { BUILTIN_OPERATORS } from '../../src/importers/tflite/names.ts'
import { OPTIONS } from '../../src/importers/tflite/schema.ts'
import { type OperatorSketch, type TensorSketch, tfliteFile } from './tflite-file.ts'

const activation = (...shape: number[]): TensorSketch => ({ type: 'INT8', shape, scale: 0.5, zeroPoint: -3 })
const weights = (...shape: number[]): TensorSketch => ({
  type: 'INT8',
  shape,
  scale: 0.25,
  zeroPoint: 0,
  data: new Uint8Array(shape.reduce((a, b) => a * b, 1)).fill(1),
})
const ints = (...values: number[]): TensorSketch => ({
  type: 'INT32',
  shape: [values.length],
  data: new Uint8Array(Int32Array.from(values).buffer),
})

type Options = NonNullable<OperatorSketch['options']>

/** The node that one operator on these inputs becomes; the first is the model's input. */
function node(name: string, inputs: readonly TensorSketch[], output: TensorSketch, options?: Options): Node {
  const tensors = [...inputs, output]
  const operator = {
    name,
    inputs: inputs.map((_, i) => i),
    outputs: [inputs.length],
    ...(options && { options }),
  }
  const variable = inputs.flatMap((tensor, i) => (tensor.data ? [] : [i]))
  const bytes = tfliteFile({ tensors, operators: [operator], inputs: variable, outputs: [inputs.length] })
  const [only] = unwrap(importTflite(bytes, 'sketch.tflite')).nodes
  if (!only) throw new Error('no node')
  return only
}

test('operators have the numbers of the schema', () => {
  const numbers = { ADD: 0, CUSTOM: 32, STRIDED_SLICE: 45, TRANSPOSE_CONV: 67, LEAKY_RELU: 98, QUANTIZE: 114 }
  const later = {
    HARD_SWISH: 117,
    PLACEHOLDER_FOR_GREATER_OP_CODES: 127,
    HASHTABLE: 136,
    GELU: 150,
    RIGHT_SHIFT: 161,
  }
  for (const [name, number] of Object.entries({ ...numbers, ...later }))
    expect(BUILTIN_OPERATORS[number]).toBe(name)
})

const SAME = 0
const VALID = 1
const RELU = 1
const RELU_N1_TO_1 = 2
const RELU6 = 3

describe('windows', () => {
  /** [input extent, kernel, stride, dilation, padding, pads before and after, output extent] as TensorFlow gives them. */
  test.each([
    [32, 3, 1, 1, SAME, [1, 1], 32],
    [32, 3, 2, 1, SAME, [0, 1], 16],
    [33, 3, 2, 1, SAME, [1, 1], 17],
    [49, 10, 2, 1, SAME, [4, 5], 25],
    [10, 4, 2, 1, SAME, [1, 1], 5],
    [16, 3, 1, 2, SAME, [2, 2], 16],
    [16, 2, 1, 3, SAME, [1, 2], 16],
    [4, 1, 3, 1, SAME, [0, 0], 2],
    [5, 1, 2, 1, SAME, [0, 0], 3],
    [32, 3, 2, 1, VALID, [0, 0], 15],
    [16, 3, 1, 2, VALID, [0, 0], 12],
  ])(
    'extent %i, kernel %i, stride %i, dilation %i, padding %i: pads %j, output %i',
    (extent, kernel, stride, dilation, padding, pads, output) => {
      const options = {
        padding,
        strideW: 1,
        strideH: stride,
        activation: RELU6,
        dilationW: 1,
        dilationH: dilation,
      }
      const { op, attrs } = node(
        'CONV_2D',
        [activation(2, extent, 1, 4), weights(8, kernel, 1, 4)],
        activation(2, output, 1, 8),
        [OPTIONS.conv2d, options],
      )
      expect(op).toBe('conv2d')
      expect(attrs).toEqual({
        stride: [stride, 1],
        dilation: [dilation, 1],
        pads: [pads[0], 0, pads[1], 0],
        activation: 'relu6',
      })
    },
  )

  test('an absent dilation is 1; a missing bias is left out', () => {
    const options = { padding: VALID, strideW: 2, strideH: 1, activation: RELU }
    const { attrs, inputs } = node(
      'DEPTHWISE_CONV_2D',
      [activation(1, 5, 5, 2), weights(1, 3, 3, 4)],
      activation(1, 3, 2, 4),
      [OPTIONS.depthwiseConv2d, options],
    )
    expect(attrs).toEqual({ stride: [1, 2], dilation: [1, 1], pads: [0, 0, 0, 0], activation: 'relu' })
    expect(inputs).toHaveLength(2)
  })

  test('16-bit activations have 64-bit biases', () => {
    const x: TensorSketch = { type: 'INT16', shape: [1, 4], scale: 0.5, zeroPoint: 0 }
    const bias: TensorSketch = {
      type: 'INT64',
      shape: [2],
      scale: 0.125,
      zeroPoint: 0,
      data: new Uint8Array(BigInt64Array.of(2n ** 40n, -1n).buffer),
    }
    const tensors = [x, weights(2, 4), bias, { ...x, shape: [1, 2] }]
    const operator: OperatorSketch = {
      name: 'FULLY_CONNECTED',
      inputs: [0, 1, 2],
      outputs: [3],
      options: [OPTIONS.fullyConnected, { activation: 0, keepDims: true }],
    }
    const bytes = tfliteFile({ tensors, operators: [operator], inputs: [0], outputs: [3] })
    const graph = unwrap(importTflite(bytes, 'sketch.tflite'))
    expect(graph.values.get('t2')?.data).toEqual(BigInt64Array.of(2n ** 40n, -1n))
    expect(graph.nodes[0]?.attrs).toEqual({ activation: 'none', keep_dims: true })
  })

  test('constants that are not aligned in memory are copied', () => {
    const tensors = [activation(1, 4), weights(2, 4), ints(5, 6), activation(1, 2)]
    const operator: OperatorSketch = {
      name: 'FULLY_CONNECTED',
      inputs: [0, 1, 2],
      outputs: [3],
      options: [OPTIONS.fullyConnected, {}],
    }
    const bytes = tfliteFile({ tensors, operators: [operator], inputs: [0], outputs: [3] })
    const shifted = Buffer.concat([Uint8Array.of(0), bytes]).subarray(1)
    const graph = unwrap(importTflite(shifted, 'sketch.tflite'))
    expect(graph.values.get('t2')?.data).toEqual(Int32Array.of(5, 6))
  })

  test('pooling', () => {
    const options = {
      padding: SAME,
      strideW: 2,
      strideH: 2,
      filterW: 3,
      filterH: 2,
      activation: RELU_N1_TO_1,
    }
    const { op, attrs } = node('MAX_POOL_2D', [activation(1, 6, 6, 3)], activation(1, 3, 3, 3), [
      OPTIONS.pool2d,
      options,
    ])
    expect(op).toBe('max_pool2d')
    expect(attrs).toEqual({ kernel: [2, 3], stride: [2, 2], pads: [0, 0, 0, 1], activation: 'relu_n1_to_1' })
  })

  test('a transposed convolution: operands reordered, padding that of the convolution it transposes', () => {
    const options = { padding: SAME, strideW: 2, strideH: 2 }
    const inputs = [ints(1, 7, 8, 5), weights(5, 3, 3, 4), activation(1, 4, 4, 4)]
    const {
      op,
      attrs,
      inputs: operands,
    } = node('TRANSPOSE_CONV', inputs, activation(1, 7, 8, 5), [OPTIONS.transposeConv, options])
    expect(op).toBe('transpose_conv2d')
    expect(operands).toEqual(['t2', 't1'])
    expect(attrs).toEqual({ stride: [2, 2], pads: [1, 0, 1, 1], output_size: [7, 8], activation: 'none' })
  })
})

describe('attributes from constant operands', () => {
  test('paddings, with the value that means zero', () => {
    const { attrs, inputs } = node(
      'PAD',
      [activation(2, 3), { ...ints(0, 0, 1, 2), shape: [2, 2] }],
      activation(2, 6),
    )
    expect(attrs).toEqual({ paddings: [0, 0, 1, 2], value: -3 })
    expect(inputs).toEqual(['t0'])
  })

  test('paddings with a value of their own', () => {
    const value: TensorSketch = { ...activation(), shape: [1], data: Uint8Array.of(0xf9) }
    const { op, attrs } = node(
      'PADV2',
      [activation(2, 3), { ...ints(1, 0, 0, 0), shape: [2, 2] }, value],
      activation(3, 3),
    )
    expect(op).toBe('pad')
    expect(attrs).toEqual({ paddings: [1, 0, 0, 0], value: -7 })
  })

  test('axes of a mean, counted from the end or given twice', () => {
    const { attrs } = node('MEAN', [activation(1, 4, 4, 8), ints(-2, 1, 2)], activation(1, 8), [
      OPTIONS.reducer,
      { keepDims: false },
    ])
    expect(attrs).toEqual({ axes: [1, 2], keep_dims: false })
  })

  test('a new shape: with one extent left open, from the options, as a scalar of old files, or absent', () => {
    const reshape = (inputs: readonly TensorSketch[], output: TensorSketch, newShape?: readonly number[]) =>
      node('RESHAPE', inputs, output, newShape && [OPTIONS.reshape, { newShape }]).attrs
    expect(reshape([activation(2, 6), ints(3, -1)], activation(3, 4))).toEqual({ shape: [3, 4] })
    expect(reshape([activation(2, 6)], activation(12), [12])).toEqual({ shape: [12] })
    expect(reshape([activation(1)], activation(), [0])).toEqual({ shape: [] })
    expect(reshape([activation(2, 6)], activation(4, 3))).toEqual({ shape: [4, 3] })
  })

  test('permutation, size and axis', () => {
    expect(node('TRANSPOSE', [activation(1, 2, 3), ints(2, 0, 1)], activation(3, 1, 2)).attrs).toEqual({
      perm: [2, 0, 1],
    })
    const resized = node('RESIZE_BILINEAR', [activation(1, 2, 3, 4), ints(4, 5)], activation(1, 4, 5, 4), [
      OPTIONS.resizeBilinear,
      { halfPixelCenters: true },
    ])
    expect(resized.attrs).toEqual({ size: [4, 5], align_corners: false, half_pixel_centers: true })
    const concat = node('CONCATENATION', [activation(1, 2), activation(1, 2)], activation(1, 4), [
      OPTIONS.concatenation,
      { axis: -1 },
    ])
    expect(concat.attrs).toEqual({ axis: 1, activation: 'none' })
  })
})

describe('parameters', () => {
  test('a slope and a temperature keep their float32 value', () => {
    const alpha = node('LEAKY_RELU', [activation(4)], activation(4), [OPTIONS.leakyRelu, { alpha: 0.1 }])
      .attrs.alpha
    expect(alpha).toBe(Math.fround(0.1))
    const output = { ...activation(1, 4), scale: 1 / 256, zeroPoint: -128 }
    expect(node('SOFTMAX', [activation(1, 4)], output, [OPTIONS.softmax, { beta: 1 }]).attrs).toEqual({
      beta: 1,
    })
  })

  test.each(['ADD', 'SUB', 'MUL'])('%s keeps its fused activation', (name) => {
    const options = { ADD: OPTIONS.add, SUB: OPTIONS.sub, MUL: OPTIONS.mul }[name] ?? OPTIONS.add
    const { op, attrs } = node(name, [activation(2, 4), activation(1, 4)], activation(2, 4), [
      options,
      { activation: RELU },
    ])
    expect(op).toBe(name.toLowerCase())
    expect(attrs).toEqual({ activation: 'relu' })
  })

  test.each(['LOGISTIC', 'TANH', 'RELU', 'RELU6', 'HARD_SWISH'])('%s needs no attributes', (name) => {
    const fixed = { LOGISTIC: { scale: 1 / 256, zeroPoint: -128 }, TANH: { scale: 1 / 128, zeroPoint: 0 } }[
      name
    ]
    const { op, attrs } = node(name, [activation(4)], { ...activation(4), ...fixed })
    expect([op, attrs]).toEqual([name.toLowerCase(), {}])
  })

  test('quantize and dequantize', () => {
    const real: TensorSketch = { type: 'FLOAT32', shape: [4] }
    expect(node('QUANTIZE', [real], activation(4)).op).toBe('quantize')
    expect(node('DEQUANTIZE', [activation(4)], real).op).toBe('dequantize')
  })
})
