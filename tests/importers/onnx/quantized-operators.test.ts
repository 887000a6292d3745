/** Each quantized operator against real arithmetic between a quantizer and another. */
import { describe, test } from 'vitest'
import { type AttributeValue, INT8, INT32, tensor, UINT8 } from '../onnx-file.ts'
import {
  type Case,
  convolve,
  expectReals,
  i8,
  MICROSOFT,
  names,
  noise,
  one,
  parameters,
  type Quantization,
  quantizedReals,
  u8,
} from './quantized-network.ts'

describe('an operator on bytes computes what its reals say', () => {
  const integers = (n: number, seed: number) => noise(n, seed).map((v) => Math.round(v * 100))

  test.each([
    ['with signed weights, a scale for each channel', u8(0.05, 120), INT8, 0, 1],
    ['with unsigned weights around 128', i8(0.05, -3), UINT8, 128, 1],
    ['in groups', u8(0.05, 0), INT8, 0, 2],
    ['of each channel by itself', u8(0.05, 7), INT8, 0, 4],
  ] as const)('QLinearConv %s', (_, x, weightType, zero, groups) => {
    const [channels, size, kernel, outputs] = [4, 5, 3, 4]
    const depth = channels / groups
    const w = integers(outputs * depth * kernel ** 2, 3)
    const bias = [100, -2000, 30, 4]
    const scales = [0.01, 0.02, 0.005, 0.013].map(Math.fround)
    const scaleOf = (o: number) => scales[o] ?? 1
    const given: Case = {
      shape: [1, channels, size, size],
      x,
      y: { ...x, scale: 0.2, zero: 3 },
      nodes: one('QLinearConv', ['q', ...names('x'), 'w', 'w_s', 'w_z', ...names('y'), 'b'], {
        pads: [1, 1, 1, 1],
        group: groups,
      }),
      constants: [
        tensor(
          'w',
          [outputs, depth, kernel, kernel],
          w.map((v) => v + zero),
          weightType,
        ),
        tensor('w_s', [outputs], scales),
        tensor(
          'w_z',
          [outputs],
          scales.map(() => zero),
          weightType,
        ),
        tensor('b', [outputs], bias, INT32),
      ],
      outputShape: [1, outputs, size, size],
    }
    const perOutput = w.length / outputs
    const realWeights = w.map((v, i) => v * scaleOf(Math.floor(i / perOutput)))
    const realBias = bias.map((b, o) => b * x.scale * scaleOf(o))
    expectReals(given, 5, (reals) => convolve(reals, realWeights, realBias, [channels, size, kernel, groups]))
  })

  const matrix = integers(12, 5)
  const product = (x: readonly number[], scales: readonly number[], bias: readonly number[] = []) =>
    Array.from({ length: (x.length / 4) * 3 }, (_, i) => {
      const [row, o] = [Math.floor(i / 3), i % 3]
      let sum = 0
      for (let k = 0; k < 4; k++) sum += (x[4 * row + k] ?? 0) * (matrix[3 * k + o] ?? 0)
      return sum * (scales[o] ?? 1) + (bias[o] ?? 0)
    })
  const columnScales = [0.01, 0.03, 0.02].map(Math.fround)

  test('QLinearMatMul with a scale for each column', () => {
    const given: Case = {
      shape: [2, 4],
      x: u8(0.0517, 100),
      y: u8(0.1, 90),
      nodes: one('QLinearMatMul', ['q', ...names('x'), 'w', 'w_s', 'w_z', ...names('y')]),
      constants: [
        tensor('w', [4, 3], matrix, INT8),
        tensor('w_s', [3], columnScales),
        tensor('w_z', [3], [0, 0, 0], INT8),
      ],
      outputShape: [2, 3],
    }
    expectReals(given, 5, (x) => product(x, columnScales))
  })

  test.each([
    ['scaled', u8(0.1, 90)],
    ['real', undefined],
  ])('QGemm, its result %s', (_, y) => {
    const x = u8(0.0517, 100)
    const bias = [50, -70, 900]
    const given: Case = {
      shape: [2, 4],
      x,
      ...(y && { y }),
      nodes: one(
        'QGemm',
        ['q', ...names('x'), 'w', 'w_s', 'w_z', 'b', ...(y ? names('y') : [])],
        { transB: 1 },
        MICROSOFT,
      ),
      constants: [
        tensor(
          'w',
          [3, 4],
          Array.from({ length: 12 }, (__, i) => matrix[3 * (i % 4) + Math.floor(i / 4)] ?? 0),
          INT8,
        ),
        tensor('w_s', [3], columnScales),
        tensor('w_z', [3], [0, 0, 0], INT8),
        tensor('b', [3], bias, INT32),
      ],
      outputShape: [2, 3],
    }
    const realBias = bias.map((b, o) => b * Math.fround(x.scale) * (columnScales[o] ?? 1))
    expectReals(given, 5, (reals) => product(reals, columnScales, realBias))
  })

  test('MatMulInteger and Cast', () => {
    const x = u8(0.0517, 100)
    const given: Case = {
      shape: [2, 4],
      x,
      nodes: [
        { op: 'MatMulInteger', inputs: ['q', 'w', 'x_z'], outputs: ['sums'] },
        ...one('Cast', ['sums'], { to: 1 }),
      ],
      constants: [tensor('w', [4, 3], matrix, INT8)],
      outputShape: [2, 3],
    }
    expectReals(given, 5, (reals) => product(reals, [1, 1, 1]).map((v) => Math.round(v / x.scale)))
  })

  test('ConvInteger and Cast', () => {
    const x = i8(0.05, 4)
    const w = integers(2 * 2 * 9, 9)
    const given: Case = {
      shape: [1, 2, 4, 4],
      x,
      nodes: [
        {
          op: 'ConvInteger',
          inputs: ['q', 'w', 'x_z'],
          outputs: ['sums'],
          attributes: { pads: [1, 1, 1, 1] },
        },
        ...one('Cast', ['sums'], { to: 1 }),
      ],
      constants: [tensor('w', [2, 2, 3, 3], w, INT8)],
      outputShape: [1, 2, 4, 4],
    }
    expectReals(given, 5, (reals) =>
      convolve(reals, w, [0, 0], [2, 4, 3, 1]).map((v) => Math.round(v / x.scale)),
    )
  })

  test.each(['QLinearAdd', 'QLinearMul'])('%s of a value and a constant', (op) => {
    const c = [10, 200, 77]
    const given: Case = {
      shape: [1, 3, 4, 4],
      x: u8(0.0517, 100),
      y: u8(0.1, 120),
      nodes: one(op, ['q', ...names('x'), 'c', ...names('c'), ...names('y')], {}, MICROSOFT),
      constants: [tensor('c', [3, 1, 1], c, UINT8), ...parameters('c', u8(0.02, 60))],
      outputShape: [1, 3, 4, 4],
    }
    const reals = c.map((q) => (q - 60) * 0.02)
    expectReals(given, 5, (x) =>
      x.map((v, i) =>
        op === 'QLinearAdd' ? v + (reals[Math.floor(i / 16)] ?? 0) : v * (reals[Math.floor(i / 16)] ?? 0),
      ),
    )
  })

  const unary = (
    op: string,
    y: Quantization,
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): Case => ({
    shape: [2, 8],
    x: u8(0.0517, 100),
    y,
    nodes: one(op, ['q', ...names('x'), ...names('y')], attributes, MICROSOFT),
    outputShape: [2, 8],
  })

  test('QLinearSigmoid', () => {
    expectReals(unary('QLinearSigmoid', u8(1 / 250, 3)), 5, (x) => x.map((v) => 1 / (1 + Math.exp(-v))))
  })

  test('QLinearLeakyRelu', () => {
    const attributes = { alpha: { float: 0.25 } }
    expectReals(unary('QLinearLeakyRelu', u8(0.04, 30), attributes), 5, (x) =>
      x.map((v) => (v < 0 ? v / 4 : v)),
    )
  })

  test('QLinearSoftmax', () => {
    expectReals(unary('QLinearSoftmax', u8(1 / 256, 0), { opset: 13, axis: -1 }), 5, (x) =>
      [0, 8].flatMap((from) => {
        const row = x.slice(from, from + 8).map(Math.exp)
        const sum = row.reduce((a, b) => a + b, 0)
        return row.map((v) => v / sum)
      }),
    )
  })

  test('QLinearGlobalAveragePool', () => {
    const given: Case = {
      ...unary('QLinearGlobalAveragePool', u8(0.02, 100)),
      shape: [1, 2, 4, 4],
      outputShape: [1, 2, 1, 1],
    }
    const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length
    expectReals(given, 5, (x) => [mean(x.slice(0, 16)), mean(x.slice(16))])
  })

  test.each([0, 1])('QLinearAveragePool, padding counted: %i', (counted) => {
    const attributes = {
      kernel_shape: [3, 3],
      strides: [2, 2],
      pads: [1, 1, 1, 1],
      count_include_pad: counted,
    }
    const given: Case = {
      ...unary('QLinearAveragePool', u8(0.03, 90), attributes),
      shape: [1, 1, 4, 4],
      outputShape: [1, 1, 2, 2],
    }
    expectReals(given, 5, (x) => {
      const sums = convolve(x, Array(9).fill(1), [0], [1, 4, 3, 1])
      const inside = convolve(Array(16).fill(1), Array(9).fill(1), [0], [1, 4, 3, 1])
      return [0, 2, 8, 10].map((i) => (sums[i] ?? 0) / (counted ? 9 : (inside[i] ?? 1)))
    })
  })

  test('QLinearConcat brings its operands to one scale', () => {
    const given: Case = {
      shape: [1, 4],
      x: u8(0.0517, 100),
      y: u8(0.1, 90),
      nodes: [
        { op: 'DequantizeLinear', inputs: ['q', ...names('x')], outputs: ['real'] },
        { op: 'QuantizeLinear', inputs: ['real', ...names('z')], outputs: ['other'] },
        ...one(
          'QLinearConcat',
          [...names('y'), 'q', ...names('x'), 'other', ...names('z')],
          { axis: 1 },
          MICROSOFT,
        ),
      ],
      constants: parameters('z', u8(0.193, 50)),
      outputShape: [1, 8],
    }
    expectReals(given, 5, (x) => [...x, ...quantizedReals(x, u8(0.193, 50))])
  })
})
