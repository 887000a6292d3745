/** Ops with weights, of all types and shapes, equal the interpreter. */
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { ACTIVATIONS } from '../../ir/arith/saturate.ts'
import type { DType, TensorData } from '../../ir/dtype.ts'
import type { Quant, TensorType } from '../../ir/tensor.ts'
import { elementCount } from '../../ir/tensor.ts'
import {
  activationQuant,
  factor,
  lawOf,
  type OneOp,
  type Operand,
  randomElements,
  randomNumbers,
  zeroPoint,
} from './one-op.ts'

const channels = fc.oneof(fc.integer({ min: 1, max: 34 }), fc.constantFrom(1, 4, 8, 16, 32, 48, 64))
const size = fc.integer({ min: 1, max: 9 })
const seed = fc.nat(1 << 20)

/** What the ops with weights have in common. */
const weighted = {
  dtype: fc.constantFrom<DType>('i8', 'i8', 'i8', 'i16'),
  weights: fc.constantFrom<DType>('i8', 'i8', 'i8', 'i4', 'i2'),
  perChannel: fc.boolean(),
  bias: fc.constantFrom<'none' | 'i32' | 'i64'>('none', 'i32', 'i32', 'i64'),
  /** Of the bias, as a power of two: as large as sums are, or far larger. */
  biasBits: fc.constantFrom(10, 16, 29),
  /** Operands that are computed, of weights and bias. */
  computed: fc.constantFrom(0, 0, 0, 1, 2, 3),
  /** One in eight has nothing but constants, or an input for its weights only. */
  constantInput: fc.nat(7).map((n) => n === 7),
  /** Constant weights with blocks of so many rows and columns of zeros, in percent. */
  pruned: fc.record({ block: fc.constantFrom(4, 8, 16), percent: fc.constantFrom(0, 0, 0, 50, 75, 90, 100) }),
  inputZeroPoint: zeroPoint,
  outputZeroPoint: zeroPoint,
  /** The output's scale relative to that at which sums fill its range. */
  factor: factor(6),
  activation: fc.constantFrom(...ACTIVATIONS),
  seed,
}
type Weighted = {
  readonly [N in keyof typeof weighted]: (typeof weighted)[N] extends fc.Arbitrary<infer T> ? T : never
}

const INPUT_SCALE = Math.fround(0.043)

function operands(
  r: Weighted,
  xShape: readonly number[],
  wShape: readonly number[],
  outputAxis: number,
  weightZeroPoint = 0,
): Pick<OneOp, 'operands' | 'output'> {
  const random = randomNumbers(r.seed)
  const outputs = wShape[outputAxis] ?? 1
  const scales = Float64Array.from({ length: r.perChannel ? outputs : 1 }, () =>
    Math.fround(0.01 * 2 ** (random(-20, 20) / 8)),
  )
  const x: TensorType = {
    dtype: r.dtype,
    shape: xShape,
    quant: activationQuant(r.dtype, INPUT_SCALE, r.inputZeroPoint),
  }
  const quant: Quant = {
    scale: scales,
    zeroPoint: new Int32Array(scales.length).fill(r.perChannel ? 0 : weightZeroPoint),
    ...(r.perChannel && { axis: outputAxis }),
  }
  const w: TensorType = { dtype: r.weights, shape: wShape, quant }
  const depth = elementCount(wShape) / outputs
  const reach = INPUT_SCALE * (scales[0] ?? 1) * 70 * Math.sqrt(depth)
  const input: Operand = { type: x, ...(r.constantInput && { data: randomElements(x, r.seed + 9) }) }
  const weights: Operand = {
    type: w,
    ...((r.computed & 1) === 0 && { data: prune(randomElements(w, r.seed), depth, r) }),
  }
  return {
    operands: [input, weights, ...bias(r, outputs)],
    output: { dtype: r.dtype, quant: activationQuant(r.dtype, reach * r.factor, r.outputZeroPoint) },
  }
}

/** Zeroes blocks of a matrix with rows of `depth`. */
function prune(data: TensorData, depth: number, { pruned: { block, percent }, seed }: Weighted): TensorData {
  const columns = Math.ceil(depth / block)
  const random = randomNumbers(seed + 3)
  const rows = Math.ceil(data.length / depth / block)
  const isZero = Array.from({ length: rows * columns }, () => random(0, 99) < percent)
  for (let i = 0; i < data.length; i++) {
    const [row, column] = [Math.floor(i / depth / block), Math.floor((i % depth) / block)]
    if (isZero[row * columns + column]) data[i] = 0
  }
  return data
}

function bias(r: Weighted, outputs: number): readonly Operand[] {
  if (r.bias === 'none') return []
  const random = randomNumbers(r.seed + 5)
  const limit = 2 ** r.biasBits
  const isWide = r.bias === 'i64' && r.dtype === 'i16'
  const values = Array.from({ length: outputs }, () => random(-limit, limit))
  const data = isWide ? BigInt64Array.from(values, BigInt) : Int32Array.from(values)
  const type: TensorType = { dtype: isWide ? 'i64' : 'i32', shape: [outputs] }
  // An input would have elements of the whole range; biases that are computed are left to those with weights that are.
  return [{ type, ...(r.computed !== 2 && { data }) }]
}

/** A window that fits: kernels up to `most`, less where the image is smaller. */
const window = fc.record({
  kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
  stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  dilation: fc.oneof(
    fc.constant([1, 1] as const),
    fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  ),
  pads: fc.oneof(
    fc.constant([0, 0, 0, 0] as const),
    fc.constant([1, 1, 1, 1] as const),
    fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4), fc.nat(4)),
  ),
})
type Window = typeof window extends fc.Arbitrary<infer T> ? T : never

function fit({ kernel, stride, dilation, pads }: Window, height: number, width: number) {
  const [top, left, bottom, right] = pads
  const clip = (k: number, d: number, room: number) =>
    Math.max(1, Math.min(k, Math.floor((room - 1) / d) + 1))
  const fitted = [
    clip(kernel[0], dilation[0], height + top + bottom),
    clip(kernel[1], dilation[1], width + left + right),
  ] as const
  return { kernel: fitted, attrs: { stride, dilation, pads } }
}

const image = { batch: fc.constantFrom(1, 1, 1, 2, 3), height: size, width: size }

const conv2d: fc.Arbitrary<OneOp> = fc
  .record({
    ...weighted,
    ...image,
    window,
    inputs: channels,
    outputs: channels,
    groups: fc.constantFrom(1, 1, 1, 2, 3),
  })
  .map((r) => {
    const { kernel, attrs } = fit(r.window, r.height, r.width)
    const inputs = Math.ceil(r.inputs / r.groups)
    const x = [r.batch, r.height, r.width, inputs * r.groups]
    const w = [r.outputs * r.groups, ...kernel, inputs]
    return { op: 'conv2d', ...operands(r, x, w, 0), attrs: { ...attrs, activation: r.activation } }
  })

/** Rows without a window, wide and deep enough for every tile. */
const pointwise: fc.Arbitrary<OneOp> = fc
  .record({
    ...weighted,
    ...image,
    width: fc.integer({ min: 1, max: 40 }),
    inputs: channels,
    outputs: channels,
  })
  .map((r) => ({
    op: 'conv2d',
    ...operands(r, [r.batch, r.height, r.width, r.inputs], [r.outputs, 1, 1, r.inputs], 0),
    attrs: { stride: [1, 1], activation: r.activation },
  }))

const depthwise: fc.Arbitrary<OneOp> = fc
  .record({ ...weighted, ...image, window, inputs: channels, multiplier: fc.constantFrom(1, 1, 1, 1, 2, 3) })
  .map((r) => {
    const { kernel, attrs } = fit(r.window, r.height, r.width)
    const given = r.dtype === 'i16' && r.bias === 'i32' ? { ...r, bias: 'i64' as const } : r
    const w = [1, ...kernel, r.inputs * r.multiplier]
    return {
      op: 'depthwise_conv2d',
      ...operands(given, [r.batch, r.height, r.width, r.inputs], w, 3),
      attrs: { ...attrs, activation: r.activation },
    }
  })

const transposed: fc.Arbitrary<OneOp> = fc
  .record({
    ...weighted,
    ...image,
    window,
    inputs: channels,
    outputs: channels,
    outputSize: fc.option(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))),
  })
  .map((r) => {
    const { kernel, stride, pads } = r.window
    const [top, left, bottom, right] = pads
    const full = [
      Math.max(1, (r.height - 1) * stride[0] + kernel[0] - top - bottom),
      Math.max(1, (r.width - 1) * stride[1] + kernel[1] - left - right),
    ]
    const w = [r.outputs, ...kernel, r.inputs]
    return {
      op: 'transpose_conv2d',
      ...operands(r, [r.batch, r.height, r.width, r.inputs], w, 0),
      attrs: { stride, pads, output_size: r.outputSize ?? full, activation: r.activation },
    }
  })

const fullyConnected: fc.Arbitrary<OneOp> = fc
  .record({
    ...weighted,
    rows: fc.integer({ min: 1, max: 13 }),
    depth: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(256, 300, 1000)),
    outputs: channels,
    keepDims: fc.boolean(),
    weightZeroPoint: fc.constantFrom(0, 0, 0, 1, -2),
  })
  .map((r) => {
    const x = r.keepDims ? [r.rows, 1, r.depth] : [r.rows, r.depth]
    return {
      op: 'fully_connected',
      ...operands(r, x, [r.outputs, r.depth], 0, r.weightZeroPoint),
      attrs: { activation: r.activation, keep_dims: r.keepDims },
    }
  })

describe('equal to the interpreter', () => {
  test('conv2d', lawOf(conv2d, 60))
  test('conv2d without a window', lawOf(pointwise, 40))
  test('depthwise_conv2d', lawOf(depthwise, 60))
  test('transpose_conv2d', lawOf(transposed, 40))
  test('fully_connected', lawOf(fullyConnected, 50))
})
