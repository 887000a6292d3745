/** Networks of 8, 4, 2 and 1 bits in any mixture, some with blocks of zeros: outputs are the interpreter's to the bit. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { must } from '../../ir/diagnostic.ts'
import { allocate, DTYPE_RANGE, type DType, type TensorData } from '../../ir/dtype.ts'
import { elementCount, perTensor, type TensorType } from '../../ir/tensor.ts'
import { verify } from '../../ir/verifier.ts'
import { cases } from './long-run.ts'
import { type Activation, NetworkBuilder, randomData } from './network-builder.ts'
import { seed } from './random-parts.ts'
import { checkOnTrellis, TARGETS } from './trellis-law.ts'

const ACTIVATIONS: readonly DType[] = ['i8', 'u4', 'i4', 'u2', 'i2', 'b1']
const WEIGHTS: readonly DType[] = ['i8', 'i4', 'i2', 'b1']
const channels = fc.constantFrom(1, 2, 5, 8, 16, 24, 32, 40, 64)

const layer = fc.record({
  op: fc.constantFrom('conv', 'conv', 'conv', 'depthwise', 'pool', 'dense', 'slice', 'concat'),
  // Whole networks of bits would seldom come by chance.
  weights: fc.constantFrom(...WEIGHTS, 'b1', 'b1'),
  output: fc.constantFrom(...ACTIVATIONS, 'b1', 'b1'),
  finish: fc.constantFrom('threshold', 'threshold', 'requantize'),
  falling: fc.boolean(),
  steps: fc.integer({ min: 1, max: 60 }),
  outputs: channels,
  kernel: fc.constantFrom(1, 2, 3),
  stride: fc.constantFrom(1, 1, 2),
  pad: fc.nat(1),
  bias: fc.boolean(),
  zeros: fc.boolean(),
  zeroPoint: fc.nat(1000),
  seed,
})
type RandomLayer = typeof layer extends fc.Arbitrary<infer L> ? L : never

/** Elements of any type from int8 noise. */
function data(dtype: DType, length: number, from: number): TensorData {
  const noise = randomData('i8', length, from)
  const [min, max] = must(DTYPE_RANGE[dtype], 'a range')
  const elements = allocate(dtype, length)
  for (let i = 0; i < length; i++) {
    const byte = (noise[i] as number) + 128
    elements[i] = dtype === 'b1' ? (byte & 1 ? 1 : -1) : min + (byte % (max - min + 1))
  }
  return elements
}

function quantOf(dtype: DType, r: { readonly zeroPoint: number }) {
  const [min, max] = must(DTYPE_RANGE[dtype], 'a range')
  return perTensor(0.1, dtype === 'b1' ? 0 : min + (r.zeroPoint % (max - min + 1)))
}

/** The output of a node with weights, as sums through thresholds or requantized. */
function addWeighted(
  builder: NetworkBuilder,
  r: Omit<RandomLayer, 'kernel'> & { readonly kernel: number },
  x: Activation,
  shape: readonly number[],
): void {
  const isDense = r.op === 'dense'
  const isDepthwise = r.op === 'depthwise'
  const outputs = must(shape[isDepthwise ? 3 : 0], 'outputs')
  const weights = data(r.weights, elementCount(shape), r.seed)
  if (r.zeros && r.weights !== 'b1')
    for (let i = 0; i < weights.length; i++) if ((i >> 5) % 3 > 0) weights[i] = 0
  const w = builder.constant({ dtype: r.weights, shape, quant: perTensor(0.01, 0) }, weights)
  const bias = Int32Array.from({ length: outputs }, (_, o) => ((o * 37) % 41) - 20)
  const operands = [x.id, w, ...(r.bias ? [builder.constant({ dtype: 'i32', shape: [outputs] }, bias)] : [])]
  const pad = x.type.dtype === 'b1' || r.kernel === 1 ? 0 : r.pad
  const window = { stride: [r.stride, r.stride], dilation: [1, 1], pads: [pad, pad, pad, pad] }
  const attrs = isDense ? { keep_dims: false } : window
  const op = isDense ? 'fully_connected' : isDepthwise ? 'depthwise_conv2d' : 'conv2d'
  if (r.finish === 'requantize') {
    const dtype = r.output === 'b1' ? 'i8' : r.output
    const depth = elementCount(shape) / outputs
    const scale = perTensor(0.0004 * Math.sqrt(depth) * (dtype === 'i8' ? 4 : 64), 0)
    const quant = { ...scale, zeroPoint: quantOf(dtype, r).zeroPoint }
    builder.node(op, operands, { ...attrs, activation: 'none' }, quant, dtype)
    return
  }
  const sums = builder.node(op, operands, attrs, perTensor(0.001, 0), 'i32')
  const [min, max] = must(DTYPE_RANGE[r.output], 'a range')
  const steps = r.output === 'b1' ? 1 : Math.min(r.steps, max - min)
  const spread = 3 * Math.sqrt(elementCount(shape) / outputs) * (r.weights === 'i8' ? 60 : 3)
  const rows = Int32Array.from({ length: outputs * steps }, (_, i) =>
    Math.round((((i % steps) + 0.5) / steps - 0.5) * spread + (r.zeros ? (i * 7919) % 11 : 0)),
  )
  for (let o = 0; o < outputs; o++) rows.subarray(o * steps, (o + 1) * steps).sort()
  const thresholds = [sums.id, builder.constant({ dtype: 'i32', shape: [outputs, steps] }, rows)]
  const directions = Int8Array.from({ length: outputs }, (_, c) => (c % 3 === 0 ? -1 : 1))
  if (r.falling) thresholds.push(builder.constant({ dtype: 'i8', shape: [outputs] }, directions))
  builder.node('threshold', thresholds, { min }, quantOf(r.output, r), r.output)
}

function add(builder: NetworkBuilder, r: RandomLayer): void {
  const x = must(
    builder.pick(0, (type) => ACTIVATIONS.includes(type.dtype)),
    'an activation',
  )
  if (x.type.shape.length !== 4) return
  const [n = 1, h = 1, w = 1, c = 1] = x.type.shape
  const kernel = Math.min(r.kernel, h, w)
  switch (r.op) {
    case 'conv':
      addWeighted(builder, { ...r, kernel }, x, [r.outputs, kernel, kernel, c])
      return
    case 'depthwise':
      addWeighted(builder, { ...r, kernel }, x, [1, kernel, kernel, c])
      return
    case 'dense': {
      const attrs = { shape: [n, h * w * c] }
      const flat = builder.node('reshape', [x.id], attrs, x.type.quant, x.type.dtype)
      addWeighted(builder, r, flat, [r.outputs, h * w * c])
      return
    }
    case 'pool': {
      const attrs = { kernel: [kernel, kernel], stride: [r.stride, r.stride], pads: [0, 0, 0, 0] }
      builder.node('max_pool2d', [x.id], { ...attrs, activation: 'none' }, x.type.quant, x.type.dtype)
      return
    }
    case 'slice': {
      const from = c % 16 === 0 ? 8 : 0
      const attrs = { begin: [0, 0, 0, from], end: [n, h, w, c], strides: [1, 1, 1, 1], shrink: [] }
      builder.node('strided_slice', [x.id], attrs, x.type.quant, x.type.dtype)
      return
    }
    case 'concat':
      builder.node('concat', [x.id, x.id], { axis: 3, activation: 'none' }, x.type.quant, x.type.dtype)
  }
}

const network = fc
  .record({
    batch: fc.constantFrom(1, 1, 1, 2),
    side: fc.integer({ min: 1, max: 8 }),
    channels,
    input: fc.constantFrom(...ACTIVATIONS, 'b1', 'b1'),
    zeroPoint: fc.nat(1000),
    layers: fc.array(layer, { minLength: 1, maxLength: 4 }),
    more: fc.array(fc.nat(7), { maxLength: 1 }),
  })
  .map((r) => {
    const builder = new NetworkBuilder()
    const shape = [r.batch, r.side, r.side + 1, r.channels]
    builder.input({ dtype: r.input, shape, quant: quantOf(r.input, r) })
    for (const each of r.layers) add(builder, each)
    return builder.graph(r.more)
  })

function inputsOf(types: readonly TensorType[], from: number): TensorData[] {
  return types.map(({ dtype, shape }, n) => data(dtype, elementCount(shape), from + n))
}

test.each(TARGETS.map((target) => ({ name: target.name, target })))(
  'networks below 8 bits on $name equal the interpreter bit for bit',
  ({ target }) => {
    let exact = 0
    let tried = 0
    fc.assert(
      fc.property(network, fc.nat(1 << 20), (graph, from) => {
        expect(verify(graph)).toEqual([])
        tried++
        const types = graph.inputs.map((id) => must(graph.values.get(id), id).type)
        if (checkOnTrellis(graph, target, from, inputsOf(types, from)) === 'exact') exact++
      }),
      cases(80),
    )
    expect(exact).toBeGreaterThanOrEqual(0.9 * tried)
  },
)
