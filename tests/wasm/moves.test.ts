/** Ops that move elements, of every type, equal the interpreter. */
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { DTYPE_RANGE, DTYPES, type DType } from '../../ir/dtype.ts'
import { elementCount, perTensor, type TensorType } from '../../ir/tensor.ts'
import { lawOf, type OneOp, randomElements } from './one-op.ts'

const dtype = fc.oneof(fc.constantFrom<DType>('i8'), fc.constantFrom(...DTYPES))
const shape = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 5 }),
  fc.array(fc.integer({ min: 1, max: 36 }), { minLength: 1, maxLength: 3 }),
)
const seed = fc.nat(1 << 20)

/** Quantization plays no part, but what has one keeps it. */
function plain(dtype: DType, shape: readonly number[]): TensorType {
  return dtype === 'i8' ? { dtype, shape, quant: perTensor(0.25, 3) } : { dtype, shape }
}

function moved(op: OneOp['op'], x: TensorType, attrs: OneOp['attrs']): OneOp {
  return {
    op,
    operands: [{ type: x }],
    attrs,
    output: { dtype: x.dtype, ...(x.quant && { quant: x.quant }) },
  }
}

const reshape: fc.Arbitrary<OneOp> = fc
  .record({ dtype, shape })
  .map((r) => moved('reshape', plain(r.dtype, r.shape), { shape: [1, elementCount(r.shape)] }))

const transpose: fc.Arbitrary<OneOp> = fc
  .record({ dtype, shape, order: fc.array(fc.nat(100), { minLength: 5, maxLength: 5 }) })
  .map((r) => {
    const perm = r.shape.map((_, axis) => axis).sort((a, b) => (r.order[a] ?? 0) - (r.order[b] ?? 0))
    return moved('transpose', plain(r.dtype, r.shape), { perm })
  })

/** Images with few channels, channels first, and more pixels than a vector. */
const planes: fc.Arbitrary<OneOp> = fc
  .record({
    dtype: fc.constantFrom<DType>('i8', 'u8'),
    batch: fc.constantFrom(1, 2),
    channels: fc.integer({ min: 1, max: 5 }),
    height: fc.integer({ min: 1, max: 5 }),
    width: fc.integer({ min: 14, max: 50 }),
  })
  .map((r) =>
    moved('transpose', plain(r.dtype, [r.batch, r.channels, r.height, r.width]), { perm: [0, 2, 3, 1] }),
  )

const pad: fc.Arbitrary<OneOp> = fc
  .record({
    dtype,
    shape,
    sides: fc.array(fc.nat(4), { minLength: 10, maxLength: 10 }),
    value: fc.integer({ min: -200, max: 300 }),
  })
  .map((r) => {
    const [min, max] = DTYPE_RANGE[r.dtype] ?? [-200, 300]
    const value = r.dtype === 'b1' ? 1 : Math.max(min, Math.min(max, r.value))
    return moved('pad', plain(r.dtype, r.shape), { paddings: r.sides.slice(0, 2 * r.shape.length), value })
  })

const concat: fc.Arbitrary<OneOp> = fc
  .record({
    dtype,
    shape: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 }),
    axis: fc.nat(4),
    sizes: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }),
    constant: fc.nat(4),
    seed,
  })
  .map((r) => {
    const axis = r.axis % r.shape.length
    const types = r.sizes.map((size) =>
      plain(
        r.dtype,
        r.shape.map((s, n) => (n === axis ? size : s)),
      ),
    )
    const operands = types.map((type, n) => ({
      type,
      ...(n === r.constant && { data: randomElements(type, r.seed) }),
    }))
    return { ...moved('concat', plain(r.dtype, []), { axis }), operands }
  })

const slice: fc.Arbitrary<OneOp> = fc
  .record({
    dtype,
    axes: fc.array(
      fc.record({
        size: fc.integer({ min: 1, max: 9 }),
        from: fc.nat(8),
        to: fc.nat(9),
        step: fc.integer({ min: -3, max: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    shrinks: fc.boolean(),
  })
  .map((r) => {
    const axes = r.axes.map(({ size, from, to, step }) => {
      const begin = from % size
      const stride = step === 0 ? 1 : step
      const end = stride > 0 ? begin + 1 + (to % (size - begin)) : begin - 1 - (to % (begin + 1))
      return { size, begin, end, stride, count: Math.ceil((end - begin) / stride) }
    })
    return moved(
      'strided_slice',
      plain(
        r.dtype,
        axes.map(({ size }) => size),
      ),
      {
        begin: axes.map(({ begin }) => begin),
        end: axes.map(({ end }) => end),
        strides: axes.map(({ stride }) => stride),
        shrink: r.shrinks ? axes.flatMap(({ count }, axis) => (count === 1 ? [axis] : [])) : [],
      },
    )
  })

const nearest: fc.Arbitrary<OneOp> = fc
  .record({
    dtype,
    shape: fc.tuple(
      fc.constantFrom(1, 2),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 35 }),
    ),
    size: fc.tuple(fc.integer({ min: 1, max: 18 }), fc.integer({ min: 1, max: 18 })),
    centers: fc.constantFrom('corners', 'half', 'neither'),
  })
  .map((r) =>
    moved('resize_nearest', plain(r.dtype, r.shape), {
      size: r.size,
      align_corners: r.centers === 'corners',
      half_pixel_centers: r.centers === 'half',
    }),
  )

describe('equal to the interpreter', () => {
  test('reshape', lawOf(reshape, 20))
  test('transpose', lawOf(transpose, 60))
  test('transpose of planes', lawOf(planes, 30))
  test('pad', lawOf(pad, 50))
  test('concat', lawOf(concat, 50))
  test('strided_slice', lawOf(slice, 50))
  test('resize_nearest', lawOf(nearest, 40))
})
