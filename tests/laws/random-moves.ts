/** Random layers that move elements without computing new ones. */
import fc from 'fast-check'
import { elementCount, type TensorType } from '../../ir/tensor.ts'
import { isImage, isInt8, type NetworkBuilder, quantized, randomData } from './network-builder.ts'
import { from, quantOf, seed } from './random-parts.ts'

type Layer = (builder: NetworkBuilder) => void

const MAX_ELEMENTS = 6000

/** Usually zeros around rows and columns, as in front of a convolution. */
export const pad: fc.Arbitrary<Layer> = fc
  .record({
    sides: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
    depth: fc.array(
      fc.nat(9).map((n) => Math.max(0, n - 7)),
      { minLength: 2, maxLength: 2 },
    ),
    value: fc.option(fc.integer({ min: -128, max: 127 }), { freq: 2 }),
    from,
  })
  .map(({ sides, depth, value, from }) => (builder) => {
    const x = builder.pick(from, (type) => isImage(type) && elementCount(type.shape) <= MAX_ELEMENTS)
    if (!x) return
    const paddings = [0, 0, ...sides, ...depth]
    builder.node('pad', [x.id], { paddings, value: value ?? x.type.quant?.zeroPoint[0] ?? 0 }, x.type.quant)
  })

/** With another value that fits, else with itself; where the quantization differs the other is requantized. */
export const concat: fc.Arbitrary<Layer> = fc
  .record({
    from,
    other: fc.nat(7),
    axis: fc.constantFrom(3, 1, 2),
    alone: fc.nat(9).map((n) => n === 9),
    constant: fc.nat(5).map((n) => n === 5),
    seed,
  })
  .map((r) => (builder) => {
    const x = builder.pick(r.from, (type) => isImage(type) && elementCount(type.shape) <= MAX_ELEMENTS)
    if (!x) return
    const fits = ({ shape, dtype }: TensorType) =>
      dtype === 'i8' &&
      shape.length === 4 &&
      shape.every((size, axis) => axis === r.axis || size === x.type.shape[axis]) &&
      elementCount(shape) <= MAX_ELEMENTS
    if (r.alone) {
      builder.node('concat', [x.id], { axis: r.axis }, x.type.quant)
      return
    }
    if (r.constant && x.type.shape[0] === 1) {
      const id = builder.constant(x.type, randomData('i8', elementCount(x.type.shape), r.seed))
      builder.node('concat', [x.id, id], { axis: r.axis }, x.type.quant)
      return
    }
    const y = builder.pick(r.other, fits) ?? x
    const same = y === x || y.type.quant === x.type.quant
    const second = same ? y : builder.node('quantize', [y.id], {}, x.type.quant)
    builder.node('concat', [x.id, second.id], { axis: r.axis }, x.type.quant)
  })

/** Flattened, rows and columns joined, or columns and channels; the batch stays. */
const reshape: fc.Arbitrary<Layer> = fc.record({ from, way: fc.nat(3) }).map(({ from, way }) => (builder) => {
  const x = builder.pick(from)
  if (!x || x.type.shape.length < 2) return
  const [n = 1, ...rest] = x.type.shape
  const [h = 1, w = 1, c = 1] = rest.length === 3 ? rest : [1, ...rest]
  const shape = [
    [n, h * w * c],
    [n, h, w, c],
    [n, h * w, 1, c],
    [n, 1, h, w * c],
  ][way]
  if (shape) builder.node('reshape', [x.id], { shape }, x.type.quant)
})

export const transpose: fc.Arbitrary<Layer> = fc
  .record({
    from,
    order: fc.constantFrom([1, 2, 0], [2, 0, 1], [1, 0, 2], [0, 2, 1], [2, 1, 0], [0, 1, 2]),
    twice: fc.boolean(),
  })
  .map(({ from, order, twice }) => (builder) => {
    let x = builder.pick(from, isImage)
    if (!x) return
    const perm = [0, ...order.map((axis) => axis + 1)]
    x = builder.node('transpose', [x.id], { perm }, x.type.quant)
    if (twice)
      builder.node('transpose', [x.id], { perm: perm.map((_, axis) => perm.indexOf(axis)) }, x.type.quant)
  })

/** A part of an image, every second or third element, backwards, or one row of it. */
const stridedSlice: fc.Arbitrary<Layer> = fc
  .record({
    from,
    begin: fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }),
    cut: fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }),
    strides: fc.array(
      fc.nat(9).map((n) => [1, 1, 1, 1, 1, 1, 2, 2, 3, -1][n] ?? 1),
      { minLength: 3, maxLength: 3 },
    ),
    shrink: fc.nat(7).map((n) => n === 7),
  })
  .map((r) => (builder) => {
    const x = builder.pick(r.from, isImage)
    if (!x) return
    const axes = x.type.shape.slice(1).map((size, axis) => {
      const stride = (r.strides[axis] ?? 1) * (size > 1 ? 1 : Math.sign(r.strides[axis] ?? 1))
      const begin = Math.min(r.begin[axis] ?? 0, size - 1)
      const end = Math.max(begin + 1, size - (r.cut[axis] ?? 0))
      if (axis === 0 && r.shrink) return { begin, end: begin + 1, stride: 1 }
      return stride > 0 ? { begin, end, stride } : { begin: end - 1, end: begin - 1, stride }
    })
    const attrs = {
      begin: [0, ...axes.map((a) => a.begin)],
      end: [x.type.shape[0] ?? 1, ...axes.map((a) => a.end)],
      strides: [1, ...axes.map((a) => a.stride)],
      shrink: r.shrink ? [1] : [],
    }
    builder.node('strided_slice', [x.id], attrs, x.type.quant)
  })

const resize: fc.Arbitrary<Layer> = fc
  .record({
    op: fc.constantFrom('resize_nearest' as const, 'resize_nearest' as const, 'resize_bilinear' as const),
    from,
    factors: fc.tuple(fc.constantFrom(2, 1, 3), fc.constantFrom(2, 1, 3)),
    odd: fc.nat(5).map((n) => (n === 5 ? 1 : 0)),
    corners: fc.constantFrom('none', 'half_pixel_centers', 'align_corners'),
  })
  .map((r) => (builder) => {
    const x = builder.pick(r.from, (type) => isImage(type) && elementCount(type.shape) <= 1500)
    if (!x) return
    const [, height = 1, width = 1] = x.type.shape
    const size = [height * r.factors[0] + r.odd, width * r.factors[1]]
    builder.node(r.op, [x.id], { size, ...(r.corners !== 'none' && { [r.corners]: true }) }, x.type.quant)
  })

/** To real values, and mostly back again. */
const real: fc.Arbitrary<Layer> = fc
  .record({ from, back: fc.nat(3), quant: quantOf })
  .map((r) => (builder) => {
    const x = builder.pick(r.from, isInt8)
    if (!x) return
    const y = builder.node('dequantize', [x.id], {}, undefined, 'f32')
    if (r.back > 0) builder.node('quantize', [y.id], {}, quantized(x.type.quant?.scale[0] ?? 1, r.quant))
  })

export const randomMove: fc.Arbitrary<Layer> = fc.oneof(
  { weight: 3, arbitrary: pad },
  { weight: 3, arbitrary: concat },
  { weight: 3, arbitrary: reshape },
  { weight: 1, arbitrary: transpose },
  { weight: 2, arbitrary: stridedSlice },
  { weight: 2, arbitrary: resize },
  { weight: 1, arbitrary: real },
)
