/** A random layer is a function that adds one to a network; where nothing fits it, it adds none. */
import fc from 'fast-check'
import { elementCount, perTensor, type TensorType } from '../../ir/tensor.ts'
import {
  type Activation,
  isImage,
  isInt8,
  type NetworkBuilder,
  quantized,
  randomData,
  scaleOf,
} from './network-builder.ts'
import { concat, pad, randomMove, transpose } from './random-moves.ts'
import { activation, channels, from, pads, pairOf, quantOf, seed } from './random-parts.ts'

export type Layer = (builder: NetworkBuilder) => void

const window = { kernel: pairOf(1, 4), stride: pairOf(1, 3), pads }

/** The largest kernel and pads up to those wanted with which a window fits into an image of this size. */
function fitWindow(
  { shape }: TensorType,
  wanted: {
    readonly kernel: readonly number[]
    readonly dilation?: readonly number[]
    readonly pads: readonly number[]
  },
) {
  const sides = [0, 1].map((axis) => {
    const size = shape[axis + 1] ?? 1
    const [k = 1, d = 1] = [wanted.kernel[axis], wanted.dilation?.[axis]]
    const [before = 0, after = 0] = [wanted.pads[axis], wanted.pads[axis + 2]].map((p) =>
      Math.min(p ?? 0, (k - 1) * d),
    )
    const room = size + before + after
    return (k - 1) * d < room ? { k, d, before, after } : { k: Math.min(k, size), d: 1, before: 0, after: 0 }
  })
  const [y = { k: 1, d: 1, before: 0, after: 0 }, x = y] = sides
  return { kernel: [y.k, x.k], dilation: [y.d, x.d], pads: [y.before, x.before, y.after, x.after] }
}

/** The output scale at which sums of `depth` products fill the int8 range. */
function sumScale(builder: NetworkBuilder, x: Activation, weights: string, depth: number): number {
  return scaleOf(x) * builder.scaleOf(weights) * 110 * Math.sqrt(depth)
}

const weighted = {
  channels,
  perChannel: fc.boolean(),
  bias: fc.boolean(),
  seed,
  activation,
  quant: quantOf,
  from,
}

const conv: fc.Arbitrary<Layer> = fc
  .record({ ...window, dilation: pairOf(1, 2), ...weighted, groups: fc.nat(9).map((n) => (n === 9 ? 2 : 1)) })
  .map((r) => (builder) => {
    const x = builder.pick(r.from, isImage)
    if (!x) return
    const inputs = x.type.shape[3] ?? 1
    const groups = inputs % r.groups === 0 ? r.groups : 1
    const { kernel, dilation, pads } = fitWindow(x.type, r)
    const w = builder.weights(
      [r.channels * groups, ...kernel, inputs / groups],
      r.seed,
      r.perChannel ? 0 : undefined,
    )
    const depth = (elementCount(kernel) * inputs) / groups
    const bias = r.bias ? [builder.bias(r.channels * groups, depth, r.seed)] : []
    const quant = quantized(sumScale(builder, x, w, depth), r.quant)
    builder.node(
      'conv2d',
      [x.id, w, ...bias],
      { stride: r.stride, dilation, pads, activation: r.activation },
      quant,
    )
  })

/** A convolution whose sums go through thresholds, rising in some channels and falling in others. */
const thresholds: fc.Arbitrary<Layer> = fc
  .record({ ...window, ...weighted, steps: fc.integer({ min: 1, max: 15 }), falling: fc.boolean() })
  .map((r) => (builder) => {
    const x = builder.pick(r.from, isImage)
    if (!x) return
    const { kernel, pads } = fitWindow(x.type, r)
    const w = builder.weights([r.channels, ...kernel, x.type.shape[3] ?? 1], r.seed, undefined)
    const sums = builder.node('conv2d', [x.id, w], { stride: r.stride, pads }, undefined, 'i32')
    const spread = 110 * 110 * Math.sqrt(elementCount(kernel) * (x.type.shape[3] ?? 1))
    const rows = Int32Array.from({ length: r.channels * r.steps }, (_, i) =>
      Math.round((((i % r.steps) + 0.5) / r.steps - 0.5) * spread + ((i * 7919) % 101)),
    )
    const operands = [sums.id, builder.constant({ dtype: 'i32', shape: [r.channels, r.steps] }, rows)]
    const directions = Int8Array.from({ length: r.channels }, (_, c) => (c % 3 === 0 ? -1 : 1))
    if (r.falling) operands.push(builder.constant({ dtype: 'i8', shape: [r.channels] }, directions))
    builder.node('threshold', operands, { min: -8 }, quantized(scaleOf(x), r.quant))
  })

const depthwise: fc.Arbitrary<Layer> = fc
  .record({
    ...window,
    dilation: pairOf(1, 2),
    ...weighted,
    multiplier: fc.nat(3).map((n) => (n === 3 ? 2 : 1)),
  })
  .map((r) => (builder) => {
    const x = builder.pick(r.from, isImage)
    if (!x) return
    const outputs = (x.type.shape[3] ?? 1) * r.multiplier
    const { kernel, dilation, pads } = fitWindow(x.type, r)
    const w = builder.weights([1, ...kernel, outputs], r.seed, r.perChannel ? 3 : undefined)
    const bias = r.bias ? [builder.bias(outputs, elementCount(kernel), r.seed)] : []
    const quant = quantized(sumScale(builder, x, w, elementCount(kernel)), r.quant)
    const attrs = { stride: r.stride, dilation, pads, activation: r.activation }
    builder.node('depthwise_conv2d', [x.id, w, ...bias], attrs, quant)
  })

const transposeConv: fc.Arbitrary<Layer> = fc
  .record({ kernel: pairOf(1, 4), stride: pairOf(1, 3), pads, ...weighted, extra: fc.nat(2) })
  .map((r) => (builder) => {
    const x = builder.pick(r.from, (type) => isImage(type) && elementCount(type.shape) <= 2000)
    if (!x) return
    const [, height = 1, width = 1, inputs = 1] = x.type.shape
    const pads = r.pads.map((p, side) => Math.min(p, (r.kernel[side % 2] ?? 1) - 1))
    const full = [height, width].map(
      (size, axis) => (size - 1) * (r.stride[axis] ?? 1) + (r.kernel[axis] ?? 1),
    )
    const size = full.map((n, axis) => Math.max(1, n - (pads[axis] ?? 0) - (pads[axis + 2] ?? 0)))
    const output_size = size.map((n, axis) => n + Math.min(r.extra, (r.stride[axis] ?? 1) - 1))
    const w = builder.weights([r.channels, ...r.kernel, inputs], r.seed, r.perChannel ? 0 : undefined)
    const depth = Math.ceil((elementCount(r.kernel) * inputs) / elementCount(r.stride))
    const bias = r.bias ? [builder.bias(r.channels, depth, r.seed)] : []
    const attrs = { stride: r.stride, pads, output_size, activation: r.activation }
    builder.node(
      'transpose_conv2d',
      [x.id, w, ...bias],
      attrs,
      quantized(sumScale(builder, x, w, depth), r.quant),
    )
  })

const fullyConnected: fc.Arbitrary<Layer> = fc
  .record({ ...weighted, flatten: fc.boolean(), keep_dims: fc.nat(3).map((n) => n === 3) })
  .map((r) => (builder) => {
    let x = builder.pick(r.from)
    if (!x || x.type.shape.length < 2) return
    const [batch = 1, ...rest] = x.type.shape
    const sample = elementCount(rest)
    if (r.flatten && rest.length > 1 && !r.keep_dims)
      x = builder.node('reshape', [x.id], { shape: [batch, sample] }, x.type.quant)
    const depth = r.keep_dims ? (x.type.shape.at(-1) ?? 1) : sample
    // Only whole matrices have one scale for each output channel in TensorFlow Lite; ours allow both.
    const w = builder.weights([r.channels, depth], r.seed, r.perChannel ? 0 : undefined)
    const bias = r.bias ? [builder.bias(r.channels, depth, r.seed)] : []
    const attrs = { activation: r.activation, keep_dims: r.keep_dims }
    builder.node(
      'fully_connected',
      [x.id, w, ...bias],
      attrs,
      quantized(sumScale(builder, x, w, depth), r.quant),
    )
  })

const binaryOp = fc.constantFrom('add' as const, 'sub' as const, 'mul' as const)

function addBinary(
  builder: NetworkBuilder,
  op: 'add' | 'sub' | 'mul',
  [a, b]: readonly [Activation, Activation],
  r: { readonly activation: string; readonly quant: { readonly factor: number; readonly zeroPoint: number } },
): void {
  const natural = op === 'mul' ? scaleOf(a) * scaleOf(b) * 110 : Math.max(scaleOf(a), scaleOf(b)) * 1.5
  builder.node(op, [a.id, b.id], { activation: r.activation }, quantized(natural, r.quant))
}

/** Two values of one shape, or of which one broadcasts, in either order; else a value and itself. */
const binary: fc.Arbitrary<Layer> = fc
  .record({ op: binaryOp, from, other: fc.nat(7), swapped: fc.boolean(), activation, quant: quantOf })
  .map((r) => (builder) => {
    const a = builder.pick(r.from)
    if (!a) return
    const fits = (type: TensorType) =>
      isInt8(type) &&
      type.shape.length === a.type.shape.length &&
      (type.shape.every((size, axis) => size === a.type.shape[axis]) ||
        type.shape.every((size, axis) => size === (axis === 0 || axis === 3 ? a.type.shape[axis] : 1)))
    const b = builder.pick(r.other, fits) ?? a
    addBinary(builder, r.op, r.swapped ? [b, a] : [a, b], r)
  })

/** A constant for each channel, for each element, or one for all, on either side. */
const binaryConstant: fc.Arbitrary<Layer> = fc
  .record({
    op: binaryOp,
    from,
    spread: fc.nat(2),
    swapped: fc.boolean(),
    seed,
    activation,
    quant: quantOf,
    own: quantOf,
    /** One in four is computed by a node. */
    computed: fc.nat(3).map((n) => n === 3),
  })
  .map((r) => (builder) => {
    const x = builder.pick(r.from)
    if (!x) return
    const { shape } = x.type
    const small = shape.map((size, axis) => (r.spread === 0 && axis === shape.length - 1 ? size : 1))
    // A batch runs one sample at a time, which a constant for each sample would forbid.
    const whole = shape.map((size, axis) => (axis === 0 ? 1 : size))
    const type = {
      dtype: 'i8' as const,
      shape: r.spread === 2 ? whole : small,
      quant: quantized(0.02, r.own),
    }
    const id = builder.constant(type, randomData('i8', elementCount(type.shape), r.seed))
    const constant = r.computed ? builder.node('quantize', [id], {}, quantized(0.02, r.quant)) : { id, type }
    addBinary(builder, r.op, r.swapped ? [constant, x] : [x, constant], r)
  })

/** A convolution that keeps the shape, and the sum of what goes in and what comes out. */
const residual: fc.Arbitrary<Layer> = fc
  .record({
    size: fc.constantFrom(1, 3),
    op: binaryOp,
    ...weighted,
    swapped: fc.boolean(),
    sum: quantOf,
  })
  .map((r) => (builder) => {
    const x = builder.pick(r.from, isImage)
    if (!x) return
    const inputs = x.type.shape[3] ?? 1
    const w = builder.weights([inputs, r.size, r.size, inputs], r.seed, r.perChannel ? 0 : undefined)
    const depth = r.size ** 2 * inputs
    const bias = r.bias ? [builder.bias(inputs, depth, r.seed)] : []
    const border = (r.size - 1) / 2
    const attrs = { stride: [1, 1], pads: [border, border, border, border], activation: r.activation }
    const quant = quantized(sumScale(builder, x, w, depth), r.quant)
    const y = builder.node('conv2d', [x.id, w, ...bias], attrs, quant)
    addBinary(builder, r.op, r.swapped ? [y, x] : [x, y], { activation: 'none', quant: r.sum })
  })

const pool: fc.Arbitrary<Layer> = fc
  .record({
    op: fc.constantFrom('max_pool2d', 'avg_pool2d'),
    ...window,
    activation,
    from,
    quant: quantOf,
    include_pad: fc.boolean(),
  })
  .map((r) => (builder) => {
    const x = builder.pick(r.from, isImage)
    if (!x) return
    const { kernel, pads } = fitWindow(x.type, r)
    const attrs = { kernel, stride: r.stride, pads, activation: r.activation }
    if (r.op === 'avg_pool2d' && builder.nextArithmetic() === 'onnx') {
      const quant = quantized(scaleOf(x), r.quant)
      builder.node('avg_pool2d', [x.id], { ...attrs, include_pad: r.include_pad }, quant)
    } else {
      builder.node(r.op as 'max_pool2d', [x.id], attrs, x.type.quant)
    }
  })

const mean: fc.Arbitrary<Layer> = fc
  .record({
    axes: fc.constantFrom([1, 2], [1], [2], [3], [1, 2, 3]),
    keep_dims: fc.boolean(),
    from,
    quant: quantOf,
  })
  .map((r) => (builder) => {
    const x = builder.pick(r.from, isImage)
    if (x)
      builder.node('mean', [x.id], { axes: r.axes, keep_dims: r.keep_dims }, quantized(scaleOf(x), r.quant))
  })

/** One element to one element. A third of the ReLUs keep the quantization, so that they can be fused. */
const unary: fc.Arbitrary<Layer> = fc
  .record({
    op: fc.constantFrom(
      'relu',
      'relu6',
      'leaky_relu',
      'hard_swish',
      'logistic',
      'tanh',
      'quantize',
      'softmax',
    ),
    from,
    same: fc.nat(2).map((n) => n === 0),
    alpha: fc.constantFrom(0.1, 0.01, 0.5, -0.5, 1.5).map(Math.fround),
    quant: quantOf,
  })
  .map((r) => (builder) => {
    const x = builder.pick(r.from)
    if (!x) return
    const own = quantized(scaleOf(x), r.quant)
    const same = r.same ? x.type.quant : own
    const { op } = r
    if (op === 'softmax') builder.node(op, [x.id], { beta: 1 }, perTensor(1 / 256, -128))
    else if (op === 'logistic') builder.node(op, [x.id], {}, perTensor(1 / 256, -128))
    else if (op === 'tanh')
      builder.node(op, [x.id], {}, r.same ? perTensor(1 / 128, 0) : quantized(1 / 128, r.quant))
    else builder.node(op as 'relu', [x.id], op === 'leaky_relu' ? { alpha: r.alpha } : {}, same)
  })

function inTurn(...parts: fc.Arbitrary<Layer>[]): fc.Arbitrary<Layer> {
  return fc.tuple(...parts).map((layers) => (builder) => {
    for (const layer of layers) layer(builder)
  })
}

/** Neighbours that passes look for, and that would seldom meet by chance. */
const pattern: fc.Arbitrary<Layer> = fc.oneof(
  inTurn(pad, fc.oneof(conv, depthwise)),
  inTurn(transpose, fc.oneof(unary, binary, binaryConstant, concat, pad), transpose),
  inTurn(fc.oneof(conv, fullyConnected, binary), unary, unary),
)

export const randomLayer: fc.Arbitrary<Layer> = fc.oneof(
  { weight: 6, arbitrary: conv },
  { weight: 1, arbitrary: thresholds },
  { weight: 4, arbitrary: depthwise },
  { weight: 2, arbitrary: transposeConv },
  { weight: 3, arbitrary: fullyConnected },
  { weight: 3, arbitrary: residual },
  { weight: 2, arbitrary: binary },
  { weight: 2, arbitrary: binaryConstant },
  { weight: 2, arbitrary: pool },
  { weight: 2, arbitrary: mean },
  { weight: 4, arbitrary: unary },
  { weight: 6, arbitrary: randomMove },
  { weight: 5, arbitrary: pattern },
)
