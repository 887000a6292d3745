/**
 * Random networks on float32 tensors: every op that takes them, with constants and other results as operands, and
 * stretches of int8 in between. A layer that does not fit where it comes adds nothing.
 */
import fc from 'fast-check'
import { must } from '../../ir/diagnostic.ts'
import type { Attrs, Graph } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { elementCount, perTensor, type TensorType } from '../../ir/tensor.ts'
import { type Activation, NetworkBuilder, randomData } from './network-builder.ts'
import { activation, channels, from, pads, pairOf, seed } from './random-parts.ts'

type Layer = (builder: NetworkBuilder) => void

const isReal = ({ dtype, shape }: TensorType) => dtype === 'f32' && shape.length === 4

/** Small enough for a network of many layers. */
const MAX_ELEMENTS = 4000

function pick(builder: NetworkBuilder, n: number): Activation {
  return must(builder.pick(n, isReal), 'a float image')
}

function add(
  builder: NetworkBuilder,
  op: OpName,
  x: Activation,
  attrs: Attrs = {},
  others: readonly string[] = [],
): void {
  builder.node(op, [x.id, ...others], attrs, undefined, 'f32')
}

function constant(builder: NetworkBuilder, shape: readonly number[], seed: number, scale = 1): string {
  const data = (randomData('f32', elementCount(shape), seed) as Float32Array).map((value) => value * scale)
  return builder.constant({ dtype: 'f32', shape }, data)
}

const windowed = { from, seed, stride: pairOf(1, 2), kernel: pairOf(1, 3), pads, channels, activation }

/** A kernel and pads that fit into the image, so that no window is empty. */
function fitted(x: Activation, r: { readonly kernel: readonly number[]; readonly pads: readonly number[] }) {
  const kernel = [0, 1].map((axis) => Math.min(r.kernel[axis] ?? 1, x.type.shape[axis + 1] ?? 1))
  return { kernel, pads: r.pads.map((pad, side) => Math.min(pad, (kernel[side % 2] ?? 1) - 1)) }
}

const conv: fc.Arbitrary<Layer> = fc
  .record({ ...windowed, bias: fc.boolean(), groups: fc.constantFrom(1, 1, 2), kind: fc.nat(3) })
  .map((r) => (builder) => {
    const x = pick(builder, r.from)
    const inputs = x.type.shape[3] ?? 1
    const { kernel, pads } = fitted(x, r)
    const attrs = { stride: r.stride, pads, activation: r.activation }
    const groups = inputs % r.groups === 0 ? r.groups : 1
    const outputs = r.channels * r.groups
    const withBias = (count: number) => (r.bias ? [constant(builder, [count], r.seed + 1)] : [])
    if (r.kind === 0) {
      const multiplier = r.groups
      const w = constant(builder, [1, ...kernel, inputs * multiplier], r.seed, 0.2)
      add(builder, 'depthwise_conv2d', x, attrs, [w, ...withBias(inputs * multiplier)])
    } else if (r.kind === 1) {
      const w = constant(builder, [outputs, inputs], r.seed, 0.2)
      add(builder, 'fully_connected', x, { activation: r.activation, keep_dims: true }, [
        w,
        ...withBias(outputs),
      ])
    } else if (r.kind === 2) {
      const size = [1, 2].map(
        (axis) => ((x.type.shape[axis] ?? 1) - 1) * (r.stride[axis - 1] ?? 1) + (kernel[axis - 1] ?? 1),
      )
      const w = constant(builder, [outputs, ...kernel, inputs], r.seed, 0.2)
      add(builder, 'transpose_conv2d', x, { stride: r.stride, output_size: size, activation: r.activation }, [
        w,
        ...withBias(outputs),
      ])
    } else {
      const w = constant(builder, [r.channels * groups, ...kernel, inputs / groups], r.seed, 0.2)
      add(builder, 'conv2d', x, attrs, [w, ...withBias(r.channels * groups)])
    }
  })

const MAPS: readonly (readonly [OpName, Attrs])[] = [
  ...(
    ['relu', 'relu6', 'hard_swish', 'logistic', 'tanh', 'elu', 'hard_sigmoid', 'softplus', 'exp'] as const
  ).map((op) => [op, {}] as const),
  ...(['log', 'sqrt', 'abs', 'neg', 'sign', 'floor', 'ceil', 'round', 'softmax'] as const).map(
    (op) => [op, {}] as const,
  ),
  ['leaky_relu', { alpha: 0.1 }],
  ['clip', { min: -0.7, max: 2.1 }],
  ['clip', { min: 0, max: 6 }],
  ['elu', { alpha: 0.3 }],
  ['hard_sigmoid', { alpha: 0.25, beta: 0.3 }],
]

const map: fc.Arbitrary<Layer> = fc.record({ from, which: fc.constantFrom(...MAPS) }).map(
  ({ from, which: [op, attrs] }) =>
    (builder) =>
      add(builder, op, pick(builder, from), attrs),
)

const BINARIES = ['add', 'sub', 'mul', 'div', 'pow', 'minimum', 'maximum', 'prelu'] as const

const binary: fc.Arbitrary<Layer> = fc
  .record({
    from,
    other: fc.nat(),
    op: fc.constantFrom(...BINARIES),
    shape: fc.nat(3),
    seed,
    activation,
    swap: fc.boolean(),
  })
  .map((r) => (builder) => {
    const x = pick(builder, r.from)
    const [n = 1, h = 1, , c = 1] = x.type.shape
    const alike = builder.pick(
      r.other,
      ({ dtype, shape }) => dtype === 'f32' && `${shape}` === `${x.type.shape}`,
    )
    const shapes = [[c], [], [n, h, 1, 1], x.type.shape]
    const other = r.shape === 3 ? must(alike, 'itself').id : constant(builder, shapes[r.shape] ?? [], r.seed)
    const operands = r.swap ? [other, x.id] : [x.id, other]
    builder.node(r.op, operands, { activation: r.activation }, undefined, 'f32')
  })

const pool: fc.Arbitrary<Layer> = fc
  .record({
    ...windowed,
    op: fc.constantFrom('avg_pool2d' as const, 'max_pool2d' as const),
    counts: fc.boolean(),
  })
  .map((r) => (builder) => {
    const x = pick(builder, r.from)
    const average = r.op === 'avg_pool2d' ? { include_pad: r.counts } : {}
    add(builder, r.op, x, { ...fitted(x, r), stride: r.stride, activation: r.activation, ...average })
  })

const REDUCTIONS = ['mean', 'reduce_sum', 'reduce_prod', 'reduce_min', 'reduce_max'] as const

const reduction: fc.Arbitrary<Layer> = fc
  .record({ from, op: fc.constantFrom(...REDUCTIONS), axes: fc.subarray([1, 2, 3], { minLength: 1 }) })
  .map((r) => (builder) => add(builder, r.op, pick(builder, r.from), { axes: r.axes, keep_dims: true }))

const move: fc.Arbitrary<Layer> = fc
  .record({
    from,
    kind: fc.nat(5),
    size: pairOf(1, 7),
    pads,
    value: fc.constantFrom(0, -1.5),
    half: fc.boolean(),
  })
  .map((r) => (builder) => {
    const x = pick(builder, r.from)
    const { shape } = x.type
    if (elementCount(shape) > MAX_ELEMENTS) return
    const resize = { size: r.size, half_pixel_centers: r.half }
    const [top = 0, left = 0, bottom = 0, right = 0] = r.pads
    const moves: readonly (() => void)[] = [
      () => add(builder, 'transpose', x, { perm: [0, 3, 1, 2] }),
      () => add(builder, 'pad', x, { paddings: [0, 0, top, bottom, left, right, 0, 0], value: r.value }),
      () => add(builder, 'resize_nearest', x, resize),
      () => add(builder, 'resize_bilinear', x, resize),
      () => add(builder, 'concat', x, { axis: 3 }, [x.id]),
      () => add(builder, 'strided_slice', x, { begin: [0, 0, 0, 0], end: shape, strides: [1, 2, 1, 1] }),
    ]
    moves[r.kind]?.()
  })

/** Through int8 and back. */
const quantization: fc.Arbitrary<Layer> = fc
  .record({ from, seed, inside: fc.boolean() })
  .map((r) => (builder) => {
    const quant = perTensor(0.125, -5)
    const x = builder.node('quantize', [pick(builder, r.from).id], {}, quant)
    const inside = r.inside ? builder.node('relu', [x.id], {}, quant) : x
    builder.node('dequantize', [inside.id], {}, undefined, 'f32')
  })

const layer = fc.oneof(conv, map, binary, pool, reduction, move, quantization)

export function randomRealNetwork(maxLayers = 6): fc.Arbitrary<Graph> {
  return fc
    .record({
      batch: fc.constantFrom(1, 1, 1, 2),
      size: pairOf(1, 7),
      channels,
      layers: fc.array(layer, { minLength: 1, maxLength: maxLayers }),
      outputs: fc.array(fc.nat(), { maxLength: 2 }),
    })
    .map(({ batch, size, channels, layers, outputs }) => {
      const builder = new NetworkBuilder()
      builder.input({ dtype: 'f32', shape: [batch, ...size, channels] })
      for (const each of layers) each(builder)
      return builder.graph(outputs)
    })
}
