/** Ops on float32 tensors against their plainest definitions. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Attrs } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { OPS } from '../../ir/ops/registry.ts'
import { elementCount, type Tensor, type TensorType } from '../../ir/tensor.ts'
import { quantized, size } from './tensors.ts'

const { fround } = Math
const f32 = (shape: readonly number[]): TensorType => ({ dtype: 'f32', shape })
const real = (shape: readonly number[], values: readonly number[]): Tensor => ({
  type: f32(shape),
  data: Float32Array.from({ length: elementCount(shape) }, (_, i) => values[i % values.length] ?? 0),
})
const values = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 30, maxLength: 60 })

function run(op: OpName, inputs: readonly Tensor[], attrs: Attrs = {}) {
  const def = OPS[op]
  const types = inputs.map(({ type }) => type)
  const output = f32(def.inferShape(types, attrs))
  const operands = { inputs: types, outputs: [output], attrs }
  expect(def.constraints.filter(({ holds }) => !holds(operands)).map(({ sentence }) => sentence)).toEqual([])
  return { shape: output.shape, data: def.evaluate(inputs, output, attrs) as Float32Array }
}

const element = ({ type: { shape }, data }: Tensor, index: readonly number[]) =>
  data[index.reduce((sum, i, axis) => sum * (shape[axis] ?? 0) + i, 0)] as number

const window = {
  x: values,
  w: values,
  b: values,
  height: fc.integer({ min: 3, max: 6 }),
  kernel: fc.tuple(size(3), size(3)),
  stride: fc.tuple(size(2), size(2)),
  pads: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
  groups: size(2),
  channels: size(4),
  outputs: size(4),
  activation: fc.constantFrom('none', 'relu', 'relu6', 'relu_n1_to_1'),
}
const clampOf: Readonly<Record<string, (x: number) => number>> = {
  none: (x) => x,
  relu: (x) => Math.max(0, x),
  relu6: (x) => Math.min(6, Math.max(0, x)),
  relu_n1_to_1: (x) => Math.min(1, Math.max(-1, x)),
}

describe('products are summed in float32, by rows, columns and channels of the kernel', () => {
  test('conv2d, in groups', () => {
    fc.assert(
      fc.property(fc.record(window), (c) => {
        const x = real([1, c.height, 5, c.groups * c.channels], c.x)
        const w = real([c.groups * c.outputs, ...c.kernel, c.channels], c.w)
        const b = real([c.groups * c.outputs], c.b)
        const attrs = { stride: c.stride, dilation: [1, 1], pads: c.pads, activation: c.activation }
        const { shape, data } = run('conv2d', [x, w, b], attrs)
        const [, rows = 0, columns = 0, outputs = 0] = shape
        const expected: number[] = []
        for (let oy = 0; oy < rows; oy++)
          for (let ox = 0; ox < columns; ox++)
            for (let o = 0; o < outputs; o++) {
              let sum = 0
              for (let ky = 0; ky < c.kernel[0]; ky++)
                for (let kx = 0; kx < c.kernel[1]; kx++)
                  for (let i = 0; i < c.channels; i++) {
                    const iy = oy * c.stride[0] - c.pads[0] + ky
                    const ix = ox * c.stride[1] - c.pads[1] + kx
                    if (iy < 0 || ix < 0 || iy >= c.height || ix >= 5) continue
                    const channel = Math.floor(o / c.outputs) * c.channels + i
                    sum = fround(sum + fround(element(x, [0, iy, ix, channel]) * element(w, [o, ky, kx, i])))
                  }
              expected.push((clampOf[c.activation] as (x: number) => number)(fround(sum + element(b, [o]))))
            }
        expect(data).toEqual(Float32Array.from(expected))
      }),
    )
  })

  test('depthwise_conv2d is a convolution in as many groups as channels', () => {
    fc.assert(
      fc.property(fc.record(window), (c) => {
        const outputs = c.channels * c.groups
        const x = real([1, c.height, 5, c.channels], c.x)
        const w = real([1, ...c.kernel, outputs], c.w)
        const attrs = { stride: c.stride, dilation: [1, 1], pads: c.pads, activation: c.activation }
        const grouped = real([outputs, ...c.kernel, 1], [0])
        for (let o = 0; o < outputs; o++)
          for (let k = 0; k < c.kernel[0] * c.kernel[1]; k++)
            grouped.data[o * c.kernel[0] * c.kernel[1] + k] = w.data[k * outputs + o] as number
        expect(run('depthwise_conv2d', [x, w], attrs)).toEqual(run('conv2d', [x, grouped], attrs))
      }),
    )
  })

  test('fully_connected is a convolution of one pixel', () => {
    fc.assert(
      fc.property(fc.record(window), (c) => {
        const x = real([1, 1, 1, c.channels], c.x)
        const w = real([c.outputs, 1, 1, c.channels], c.w)
        const b = real([c.outputs], c.b)
        const { data } = run('conv2d', [x, w, b], { stride: [1, 1], activation: c.activation })
        const matrix = { ...w, type: f32([c.outputs, c.channels]) }
        expect(run('fully_connected', [x, matrix, b], { activation: c.activation }).data).toEqual(data)
      }),
    )
  })

  test('transpose_conv2d scatters', () => {
    const x = real([1, 2, 2, 1], [1, 2, 3, 4])
    const w = real([1, 2, 2, 1], [1, 10, 100, 1000])
    const { data } = run('transpose_conv2d', [x, w], { stride: [2, 2], output_size: [4, 4] })
    expect([...data]).toEqual([1, 10, 2, 20, 100, 1000, 200, 2000, 3, 30, 4, 40, 300, 3000, 400, 4000])
  })
})

test('add, sub, mul and div round once, broadcast and limit', () => {
  const a = real([2, 3], [1, 2, 3, 4, 5, 0.1])
  const b = real([3], [3, -7, 0.2])
  const pairs = [...a.data].map((x, i) => [Number(x), Number(b.data[i % 3])] as const)
  const expected = (f: (x: number, y: number) => number) => Float32Array.from(pairs, ([x, y]) => f(x, y))
  expect(run('add', [a, b]).data).toEqual(expected((x, y) => x + y))
  expect(run('sub', [a, b]).data).toEqual(expected((x, y) => x - y))
  expect(run('mul', [a, b]).data).toEqual(expected((x, y) => x * y))
  expect(run('div', [a, b]).data).toEqual(expected((x, y) => x / y))
  expect(run('mul', [a, b], { activation: 'relu6' }).data).toEqual(
    expected((x, y) => Math.min(6, Math.max(0, fround(x * y)))),
  )
})

/** Within a few units in the last place of a float32. */
const near = (x: number) =>
  Number.isFinite(x) ? expect.closeTo(x, 6 - Math.ceil(Math.log10(1 + Math.abs(x)))) : x

test('functions of one element', () => {
  const x = real([7], [-8, -2, -0.5, 0, 0.5, 2, 8])
  const expected = (f: (x: number) => number) => Float32Array.from(x.data as Float32Array, f)
  expect(run('relu', [x]).data).toEqual(expected((v) => Math.max(v, 0)))
  expect(run('relu6', [x]).data).toEqual(expected((v) => Math.min(6, Math.max(v, 0))))
  expect(run('clip', [x], { min: -0.7, max: 3 }).data).toEqual(
    expected((v) => Math.min(3, Math.max(fround(-0.7), v))),
  )
  expect(run('clip', [x]).data).toEqual(x.data)
  expect(run('leaky_relu', [x], { alpha: 0.1 }).data).toEqual(expected((v) => (v < 0 ? v * fround(0.1) : v)))
  const close = (op: OpName, f: (x: number) => number, ...others: readonly Tensor[]) =>
    expect([...run(op, [x, ...others]).data]).toEqual([...x.data].map((v) => near(f(Number(v)))))
  expect(run('prelu', [x, real([1], [0.3])]).data).toEqual(expected((v) => (v < 0 ? v * fround(0.3) : v)))
  expect(run('abs', [x]).data).toEqual(expected(Math.abs))
  expect(run('neg', [x]).data).toEqual(expected((v) => -v))
  expect(run('sign', [x]).data).toEqual(expected(Math.sign))
  expect(run('floor', [x]).data).toEqual(expected(Math.floor))
  expect(run('ceil', [x]).data).toEqual(expected(Math.ceil))
  expect(run('sqrt', [x]).data).toEqual(expected(Math.sqrt))
  expect([...run('round', [x]).data]).toEqual([-8, -2, -0, 0, 0, 2, 8])
  expect(run('minimum', [x, real([1], [1])]).data).toEqual(expected((v) => Math.min(v, 1)))
  expect(run('maximum', [x, real([1], [1])]).data).toEqual(expected((v) => Math.max(v, 1)))
  expect(run('hard_sigmoid', [x], { alpha: 0.25 }).data).toEqual(
    expected((v) => Math.min(1, Math.max(0, fround(v * 0.25) + 0.5))),
  )
  close('pow', (v) => v ** 2, real([1], [2]))
  close('elu', (v) => (v < 0 ? Math.expm1(v) : v))
  close('softplus', (v) => Math.log1p(Math.exp(v)))
  close('exp', Math.exp)
  close('log', Math.log)
  close('logistic', (v) => 1 / (1 + Math.exp(-v)))
  close('tanh', Math.tanh)
  close('hard_swish', (v) => (v * Math.min(6, Math.max(0, v + 3))) / 6)
})

test('softmax gives shares that sum to one, whatever the size of its input', () => {
  const x = real([2, 3], [1, 2, 3, 1000, 0, -1000])
  const { data } = run('softmax', [x])
  const sum = Math.exp(-2) + Math.exp(-1) + 1
  expect([...data]).toEqual(
    [Math.exp(-2) / sum, Math.exp(-1) / sum, 1 / sum, 1, 0, 0].map((v) => expect.closeTo(v, 6)),
  )
})

test('pools and means leave padding out', () => {
  const x = real([1, 2, 2, 1], [1, 2, 3, 6])
  const attrs = { kernel: [2, 2], stride: [1, 1], pads: [1, 1, 0, 0] }
  expect([...run('max_pool2d', [x], attrs).data]).toEqual([1, 2, 3, 6])
  expect([...run('avg_pool2d', [x], attrs).data]).toEqual([1, 1.5, 2, 3])
  expect([...run('avg_pool2d', [x], { ...attrs, activation: 'relu_n1_to_1' }).data]).toEqual([1, 1, 1, 1])
  expect(run('mean', [x], { axes: [1, 2] })).toEqual({ shape: [1, 1], data: Float32Array.of(3) })
})

test('reductions combine the elements of some axes', () => {
  const x = real([2, 3], [1, 2, 3, -4, 0.5, 6])
  expect(run('reduce_sum', [x], { axes: [1] })).toEqual({ shape: [2], data: Float32Array.of(6, 2.5) })
  expect(run('reduce_prod', [x], { axes: [0], keep_dims: true })).toEqual({
    shape: [1, 3],
    data: Float32Array.of(-4, 1, 18),
  })
  expect([...run('reduce_min', [x], { axes: [0, 1] }).data]).toEqual([-4])
  expect([...run('reduce_max', [x], { axes: [1] }).data]).toEqual([3, 6])
})

test('sums start with +0, so that one of -0 alone is +0', () => {
  const x = real([1, 1, 1, 1], [-0])
  expect(run('mean', [x], { axes: [3] }).data).toEqual(Float32Array.of(0))
  expect(run('avg_pool2d', [x], { kernel: [1, 1], stride: [1, 1] }).data).toEqual(Float32Array.of(0))
  expect(run('max_pool2d', [x], { kernel: [1, 1], stride: [1, 1] }).data).toEqual(Float32Array.of(-0))
})

test('resize_bilinear interpolates', () => {
  const x = real([1, 1, 2, 1], [0, 4])
  const { data } = run('resize_bilinear', [x], { size: [1, 4], half_pixel_centers: true })
  expect([...data]).toEqual([0, 1, 3, 4])
})

test('real numbers and quantized elements do not mix', () => {
  const x = real([1, 2], [1])
  const w = quantized('i8', [3, 2], 1, 0)
  const operands = { inputs: [x.type, w], outputs: [f32([1, 3])], attrs: {} }
  const broken = OPS.fully_connected.constraints.find(({ holds }) => !holds(operands))
  expect(broken?.sentence).toMatch(/^Input and output are quantized as whole tensors/)
})
