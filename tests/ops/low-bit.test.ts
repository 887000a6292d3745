/** Ops below 8 bits, and sums without scaling, against their plainest definitions. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { convRequant, fullyConnectedRequant } from '../../ir/arith/requant.ts'
import { allocate, DTYPE_RANGE, type DType } from '../../ir/dtype.ts'
import type { Attrs } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { OPS } from '../../ir/ops/registry.ts'
import type { Tensor, TensorType } from '../../ir/tensor.ts'
import { naiveConv2d, naiveDepthwiseConv2d, naiveFullyConnected } from './naive.ts'
import { fill, quantized, seed, size, tensor } from './tensors.ts'

const ACTIVATIONS: readonly DType[] = ['i8', 'i4', 'u4', 'i2', 'u2', 'b1']
const WEIGHTS: readonly DType[] = ['i8', 'i4', 'i2', 'b1']

function brokenConstraints(op: OpName, inputs: readonly Tensor[], output: TensorType, attrs: Attrs) {
  const operands = { inputs: inputs.map(({ type }) => type), outputs: [output], attrs }
  return OPS[op].constraints.filter(({ holds }) => !holds(operands)).map(({ sentence }) => sentence)
}

function run(op: OpName, inputs: readonly Tensor[], output: Omit<TensorType, 'shape'>, attrs: Attrs) {
  const shape = OPS[op].inferShape(
    inputs.map(({ type }) => type),
    attrs,
  )
  const type = { ...output, shape }
  expect(brokenConstraints(op, inputs, type, attrs)).toEqual([])
  return { type, result: Array.from(OPS[op].evaluate(inputs, type, attrs) as Int8Array) }
}

const widths = {
  x: fc.constantFrom(...ACTIVATIONS),
  w: fc.constantFrom(...WEIGHTS),
  y: fc.constantFrom<DType>('i32', 'i8', 'i4', 'u4', 'i2', 'u2'),
}
const window = {
  ...widths,
  height: fc.integer({ min: 3, max: 6 }),
  kernel: fc.tuple(size(3), size(3)),
  stride: fc.tuple(size(2), size(2)),
  pads: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
  channels: size(6),
  outputs: size(6),
  hasBias: fc.boolean(),
  zeroPoint: fc.nat(3),
  seed,
}

/** A zero point that the type has. */
function typeOf(dtype: DType, shape: readonly number[], zeroPoint: number): TensorType {
  const [, max] = DTYPE_RANGE[dtype] ?? [0, 0]
  return quantized(dtype, shape, 0.05, dtype === 'b1' ? 0 : Math.min(zeroPoint, max))
}

const outputOf = (dtype: DType): Omit<TensorType, 'shape'> =>
  dtype === 'i32' ? { dtype } : typeOf(dtype, [], 1)

describe('in every pair of widths, scaled or as sums', () => {
  test('conv2d', () => {
    fc.assert(
      fc.property(fc.record(window), (c) => {
        const x = fill(typeOf(c.x, [1, c.height, 5, c.channels], c.zeroPoint), c.seed)
        const w = fill(typeOf(c.w, [c.outputs, ...c.kernel, c.channels], 0), c.seed + 1)
        const bias = c.hasBias ? [fill({ dtype: 'i32', shape: [c.outputs] }, c.seed + 2)] : []
        const pads = c.x === 'b1' ? [0, 0, 0, 0] : c.pads
        const attrs = { stride: c.stride, dilation: [1, 1], pads, activation: 'none' } as const
        const { type, result } = run('conv2d', [x, w, ...bias], outputOf(c.y), attrs)
        const requant = convRequant(x.type, w.type, type, 'none', bias[0]?.type)
        expect(result).toEqual(naiveConv2d(x, w, bias[0], type, attrs, requant))
      }),
      { numRuns: 200 },
    )
  })

  test('depthwise_conv2d', () => {
    fc.assert(
      fc.property(fc.record(window), (c) => {
        const x = fill(typeOf(c.x, [1, c.height, 5, c.channels], c.zeroPoint), c.seed)
        const w = fill(typeOf(c.w, [1, ...c.kernel, c.channels], 0), c.seed + 1)
        const bias = c.hasBias ? [fill({ dtype: 'i32', shape: [c.channels] }, c.seed + 2)] : []
        const pads = c.x === 'b1' ? [0, 0, 0, 0] : c.pads
        const attrs = { stride: c.stride, dilation: [1, 1], pads, activation: 'none' } as const
        const { type, result } = run('depthwise_conv2d', [x, w, ...bias], outputOf(c.y), attrs)
        const requant = convRequant(x.type, w.type, type, 'none', bias[0]?.type)
        expect(result).toEqual(naiveDepthwiseConv2d(x, w, bias[0], type, attrs, requant))
      }),
      { numRuns: 200 },
    )
  })

  test('fully_connected', () => {
    fc.assert(
      fc.property(fc.record({ ...window, depth: size(70) }), (c) => {
        const x = fill(typeOf(c.x, [2, c.depth], c.zeroPoint), c.seed)
        const w = fill(typeOf(c.w, [c.outputs, c.depth], 0), c.seed + 1)
        const bias = c.hasBias ? [fill({ dtype: 'i32', shape: [c.outputs] }, c.seed + 2)] : []
        const { type, result } = run('fully_connected', [x, w, ...bias], outputOf(c.y), {
          activation: 'none',
        })
        const requant = fullyConnectedRequant(x.type, w.type, type, 'none', bias[0]?.type)
        expect(result).toEqual(naiveFullyConnected(x, w, bias[0], requant))
      }),
      { numRuns: 200 },
    )
  })
})

describe('threshold', () => {
  const sums = (values: readonly number[], channels: number) =>
    tensor({ dtype: 'i32', shape: [values.length / channels, channels] }, values)
  const thresholds = (...rows: readonly (readonly number[])[]) =>
    tensor({ dtype: 'i32', shape: [rows.length, rows[0]?.length ?? 0] }, rows.flat())

  test('counts those of the channel that an element reaches', () => {
    const x = sums([-9, -9, 0, 0, 3, 3, 10, 10], 2)
    const { result } = run('threshold', [x, thresholds([0, 3, 4], [-9, 1, 10])], quantized('u2', [], 1, 0), {
      min: 0,
    })
    expect(result).toEqual([0, 1, 1, 1, 2, 2, 3, 3])
  })

  test('gives -1 and +1 in b1', () => {
    const x = sums([4, 5, 6], 1)
    const { result } = run('threshold', [x, thresholds([5])], quantized('b1', [], 1, 0), { min: -1 })
    expect(result).toEqual([-1, 1, 1])
  })

  test('falls where the direction is -1', () => {
    const x = sums([-2, -2, 1, 1], 2)
    const directions = tensor({ dtype: 'i8', shape: [2] }, [1, -1])
    const inputs = [x, thresholds([-2, 1], [-1, 2]), directions]
    const { result } = run('threshold', inputs, quantized('i2', [], 1, 0), { min: -1 })
    expect(result).toEqual([0, 1, 1, 0])
  })

  /** A batch normalization and a 4-bit quantizer as their definitions give them. */
  test('is any staircase of real arithmetic', () => {
    const real = fc.double({ min: -2, max: 2, noNaN: true }).filter((a) => Math.abs(a) > 1e-3)
    fc.assert(
      fc.property(real, real, (factor, offset) => {
        const staircase = (sum: number) => Math.max(0, Math.min(15, Math.round(sum * factor * 0.1 + offset)))
        const all = Array.from({ length: 2001 }, (_, i) => i - 1000)
        const direction = Math.sign(factor)
        const row = Array.from({ length: 15 }, (_, k) => {
          const reached = all.filter((sum) => staircase(sum) > k).map((sum) => direction * sum)
          return reached.length > 0 ? Math.min(...reached) : 2 ** 31 - 1
        })
        const inputs = [sums(all, 1), thresholds(row), tensor({ dtype: 'i8', shape: [1] }, [direction])]
        const { result } = run('threshold', inputs, quantized('u4', [], 1, 0), { min: 0 })
        expect(result).toEqual(all.map(staircase))
      }),
      { numRuns: 20 },
    )
  })

  test('refuses what does not fit', () => {
    const x = sums([1, 2], 2)
    const t = thresholds([0, 1], [0, 1])
    const shaped = (dtype: DType) => quantized(dtype, [1, 2], 1, 0)
    expect(brokenConstraints('threshold', [x, t], shaped('u2'), { min: 2 })).toHaveLength(1)
    expect(brokenConstraints('threshold', [x, t], shaped('b1'), { min: -1 })).toHaveLength(1)
    expect(brokenConstraints('threshold', [x, t], shaped('i16'), { min: 0 })).toHaveLength(1)
    const types = [x.type, thresholds([0]).type]
    expect(() => OPS.threshold.inferShape(types, { min: 0 })).toThrow('thresholds for 1 channels, expected 2')
    const directions = { dtype: 'i8', shape: [3] } as const
    expect(() => OPS.threshold.inferShape([x.type, t.type, directions], {})).toThrow(
      '3 directions, expected 2',
    )
  })
})

test('quantize gives bits by sign, and low-bit elements within their range', () => {
  const x = tensor({ dtype: 'f32', shape: [5] }, [-2, -0.1, 0, 0.1, 2])
  expect(run('quantize', [x], quantized('b1', [], 0.5, 0), {}).result).toEqual([-1, -1, 1, 1, 1])
  expect(run('quantize', [x], quantized('i2', [], 0.25, 0), {}).result).toEqual([-2, 0, 0, 0, 1])
  expect(run('quantize', [x], quantized('u4', [], 0.1, 3), {}).result).toEqual([0, 2, 3, 4, 15])
  expect(run('quantize', [x], quantized('u8', [], 0.001, 0), {}).result).toEqual([0, 0, 0, 100, 255])
})

test('dequantize scales sums by channel', () => {
  const quant = { scale: Float64Array.of(0.5, 2), zeroPoint: Int32Array.of(0, 0), axis: 1 }
  const x = tensor({ dtype: 'i32', shape: [2, 2], quant }, [3, 3, -100000, 100000])
  expect(run('dequantize', [x], { dtype: 'f32' }, {}).result).toEqual([1.5, 6, -50000, 200000])
})

test('max_pool2d takes any width, but no activation on bits', () => {
  const x = fill(quantized('b1', [1, 4, 4, 3], 1, 0), 7)
  const attrs = { kernel: [2, 2], stride: [2, 2], pads: [0, 0, 0, 0] }
  const { type, result } = run('max_pool2d', [x], quantized('b1', [], 1, 0), attrs)
  const expected = allocate('b1', 12) as Int8Array
  for (let y = 0; y < 4; y++)
    for (let column = 0; column < 4; column++)
      for (let c = 0; c < 3; c++) {
        const to = ((y >> 1) * 2 + (column >> 1)) * 3 + c
        expected[to] = Math.max(expected[to] || -1, x.data[(y * 4 + column) * 3 + c] as number)
      }
  expect(result).toEqual([...expected])
  expect(brokenConstraints('max_pool2d', [x], type, { ...attrs, activation: 'relu' })).toHaveLength(1)
})

test('bits are padded with bits, and not at all in a convolution', () => {
  const x = fill(quantized('b1', [1, 3, 3, 2], 1, 0), 3)
  const w = fill(quantized('b1', [4, 3, 3, 2], 1, 0), 4)
  const attrs = { stride: [1, 1], pads: [1, 1, 1, 1], activation: 'none' }
  const sums = { dtype: 'i32', shape: [1, 3, 3, 4] } as const
  expect(brokenConstraints('conv2d', [x, w], sums, attrs)).toEqual(['A b1 input is not padded.'])
  const padded = quantized('b1', [1, 5, 3, 2], 1, 0)
  const paddings = [0, 0, 1, 1, 0, 0, 0, 0]
  expect(brokenConstraints('pad', [x], padded, { paddings, value: 0 })).toHaveLength(1)
  expect(brokenConstraints('pad', [x], padded, { paddings, value: -1 })).toEqual([])
})
