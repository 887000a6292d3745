/** Pools, means, softmax and interpolation, of all types and shapes, equal the interpreter. */
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { ACTIVATIONS } from '../../ir/arith/saturate.ts'
import type { DType } from '../../ir/dtype.ts'
import { perTensor, type TensorType } from '../../ir/tensor.ts'
import { activationQuant, factor, lawOf, type OneOp, zeroPoint } from './one-op.ts'

const dtype = fc.constantFrom<DType>('i8', 'i8', 'i8', 'i16')
const channels = fc.oneof(fc.integer({ min: 1, max: 35 }), fc.constantFrom(1, 15, 16, 17, 32, 64))
const size = fc.integer({ min: 1, max: 12 })
const batch = fc.constantFrom(1, 1, 2, 3)

function image(r: {
  readonly dtype: DType
  readonly batch: number
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly scale: number
  readonly zeroPoint: number
}): TensorType {
  const shape = [r.batch, r.height, r.width, r.channels]
  return { dtype: r.dtype, shape, quant: activationQuant(r.dtype, 0.05 * r.scale, r.zeroPoint) }
}

const images = { dtype, batch, height: size, width: size, channels, scale: factor(4), zeroPoint }

const pool: fc.Arbitrary<OneOp> = fc
  .record({
    ...images,
    op: fc.constantFrom('avg_pool2d' as const, 'max_pool2d' as const),
    /** A window may be the whole image. */
    kernel: fc.tuple(
      fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(99)),
      fc.integer({ min: 1, max: 5 }),
    ),
    stride: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    pads: fc.oneof(
      fc.constant<readonly number[]>([0, 0, 0, 0]),
      fc.array(fc.nat(4), { minLength: 4, maxLength: 4 }),
    ),
    activation: fc.constantFrom(...ACTIVATIONS),
  })
  .map((r) => {
    const x = image(r)
    const kernel = [Math.min(r.kernel[0], r.height), Math.min(r.kernel[1], r.width)]
    const pads = [...r.pads].map((pad, side) => Math.min(pad, (kernel[side % 2] ?? 1) - 1))
    return {
      op: r.op,
      operands: [{ type: x }],
      attrs: { kernel, stride: r.stride, pads, activation: r.activation },
      output: { dtype: r.dtype, ...(x.quant && { quant: x.quant }) },
    }
  })

/** Means in float32, rescaled. */
const floatPool: fc.Arbitrary<OneOp> = fc
  .record({ pool, scale: factor(4), zeroPoint, include_pad: fc.boolean() })
  .filter(({ pool: { op, operands } }) => op === 'avg_pool2d' && operands[0]?.type.dtype === 'i8')
  .map(({ pool, scale, zeroPoint, include_pad }) => ({
    ...pool,
    attrs: { ...pool.attrs, include_pad, arithmetic: 'onnx' },
    output: { dtype: 'i8', quant: perTensor(0.05 * scale, zeroPoint) },
  }))

/** Windows of more pixels than sums of 16 bits hold. */
const largePool: fc.Arbitrary<OneOp> = fc
  .record({ channels, cut: fc.boolean(), height: fc.integer({ min: 15, max: 20 }), zeroPoint })
  .map((r) => {
    const quant = perTensor(0.05, r.zeroPoint)
    const type: TensorType = { dtype: 'i8', shape: [1, r.height, 18, r.channels], quant }
    const pads = r.cut ? [3, 1, 2, 3] : [0, 0, 0, 0]
    return {
      op: 'avg_pool2d',
      operands: [{ type }],
      attrs: { kernel: [r.height, 18], stride: [1, 1], pads },
      output: { dtype: 'i8', quant },
    }
  })

const mean: fc.Arbitrary<OneOp> = fc
  .record({
    dtype,
    shape: fc.oneof(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      fc.tuple(batch, size, size, channels),
      fc.tuple(fc.constant(1), fc.constant(17), fc.constant(16), channels),
    ),
    /** As bits. */
    axes: fc.oneof(fc.constant(6), fc.integer({ min: 0, max: 31 })),
    keepDims: fc.boolean(),
    scales: fc.tuple(factor(4), factor(4)),
    zeroPoints: fc.tuple(zeroPoint, zeroPoint),
  })
  .map((r) => ({
    op: 'mean',
    operands: [
      {
        type: {
          dtype: r.dtype,
          shape: r.shape,
          quant: activationQuant(r.dtype, 0.05 * r.scales[0], r.zeroPoints[0]),
        },
      },
    ],
    attrs: {
      axes: r.shape.flatMap((_, axis) => ((r.axes >> axis) & 1 ? [axis] : [])),
      keep_dims: r.keepDims,
    },
    output: { dtype: r.dtype, quant: activationQuant(r.dtype, 0.05 * r.scales[1], r.zeroPoints[1]) },
  }))

const softmax: fc.Arbitrary<OneOp> = fc
  .record({
    dtype,
    outer: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
    depth: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1000, 4000)),
    scale: factor(6),
    zeroPoint,
    beta: fc.constantFrom(1, 0.5, 2, 0.1).map(Math.fround),
  })
  .map((r) => ({
    op: 'softmax',
    operands: [
      {
        type: {
          dtype: r.dtype,
          shape: [...r.outer, r.depth],
          quant: activationQuant(r.dtype, (r.dtype === 'i8' ? 0.1 : 0.0004) * r.scale, r.zeroPoint),
        },
      },
    ],
    attrs: { beta: r.beta },
    output: { dtype: r.dtype, quant: r.dtype === 'i8' ? perTensor(1 / 256, -128) : perTensor(1 / 32768, 0) },
  }))

const bilinear: fc.Arbitrary<OneOp> = fc
  .record({
    ...images,
    size: fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })),
    centers: fc.constantFrom('corners', 'half', 'neither'),
  })
  .map((r) => {
    const x = image(r)
    return {
      op: 'resize_bilinear',
      operands: [{ type: x }],
      attrs: {
        size: r.size,
        align_corners: r.centers === 'corners',
        half_pixel_centers: r.centers === 'half',
      },
      output: { dtype: r.dtype, ...(x.quant && { quant: x.quant }) },
    }
  })

describe('equal to the interpreter', () => {
  test('pools', lawOf(pool, 80))
  test('average pools in float32', lawOf(floatPool, 50))
  test('pools of large windows', lawOf(largePool, 10))
  test('mean', lawOf(mean, 80))
  test('softmax', lawOf(softmax, 50))
  test('resize_bilinear', lawOf(bilinear, 50))
})
