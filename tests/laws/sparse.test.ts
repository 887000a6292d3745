/** Networks whose weights have blocks of zeros: whatever is left out, outputs are the interpreter's, and no bound is beaten. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { must } from '../../ir/diagnostic.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { perTensor } from '../../ir/tensor.ts'
import { cases } from './long-run.ts'
import { NetworkBuilder, randomData } from './network-builder.ts'
import { channels, seed } from './random-parts.ts'
import { checkOnTrellis, TARGETS } from './trellis-law.ts'

const layer = fc.record({
  op: fc.constantFrom<OpName>('conv2d', 'conv2d', 'conv2d', 'transpose_conv2d', 'depthwise_conv2d'),
  outputs: channels,
  kernel: fc.constantFrom(1, 2, 3),
  stride: fc.constantFrom(1, 1, 2),
  dilation: fc.constantFrom(1, 1, 2),
  /** Elements of a block, and how many of ten blocks stay. */
  block: fc.constantFrom(4, 8, 16),
  kept: fc.constantFrom(0, 1, 3, 9, 10),
  bias: fc.boolean(),
  residual: fc.boolean(),
  seed,
})
type RandomLayer = typeof layer extends fc.Arbitrary<infer L> ? L : never

/** Weights [outputs][ky][kx][inputs], of which blocks of `r.block` outputs and inputs at one tap are 0. */
function weights(shape: readonly number[], r: RandomLayer): Int8Array {
  const data = randomData(
    'i8',
    shape.reduce((a, b) => a * b),
    r.seed,
  ) as Int8Array
  const [, , , inputs = 1] = shape
  const taps = must(shape[1], 'height') * must(shape[2], 'width')
  return data.map((w, i) => {
    const [o, tap, c] = [Math.floor(i / (taps * inputs)), Math.floor(i / inputs) % taps, i % inputs]
    const block = Math.floor(o / r.block) * 31 + tap * 7 + Math.floor(c / r.block) * 13 + r.seed
    return Math.imul(block, 2654435761) >>> 24 < r.kept * 25.6 ? w : 0
  })
}

function add(builder: NetworkBuilder, r: RandomLayer): void {
  const x = must(builder.pick(0), 'an image')
  const [, h = 1, w = 1, inputs = 1] = x.type.shape
  const kernel = Math.min(r.kernel, h, w)
  const dilation = (kernel - 1) * r.dilation < Math.min(h, w) ? r.dilation : 1
  const pad = Math.floor(((kernel - 1) * dilation) / 2)
  const isDepthwise = r.op === 'depthwise_conv2d'
  const isTransposed = r.op === 'transpose_conv2d'
  const outputs = isDepthwise ? inputs : r.residual ? inputs : r.outputs
  const shape = isDepthwise ? [1, kernel, kernel, inputs] : [outputs, kernel, kernel, inputs]
  const data = weights(shape, r)
  const constant = builder.constant({ dtype: 'i8', shape, quant: perTensor(0.01, 0) }, data)
  const bias = r.bias ? [builder.bias(outputs, kernel * kernel * inputs, r.seed)] : []
  const size = (n: number) => (n - 1) * r.stride + kernel
  const attrs = isTransposed
    ? { stride: [r.stride, r.stride], pads: [0, 0, 0, 0], output_size: [size(h), size(w)] }
    : { stride: [r.stride, r.stride], dilation: [dilation, dilation], pads: [pad, pad, pad, pad] }
  const scale = perTensor(0.05 * Math.sqrt(kernel * kernel * inputs), 5)
  const y = builder.node(r.op, [x.id, constant, ...bias], { ...attrs, activation: 'none' }, scale)
  if (r.residual && y.type.shape.every((n, axis) => n === x.type.shape[axis]))
    builder.node('add', [x.id, y.id], { activation: 'relu' }, perTensor(0.3, -7))
}

const network = fc
  .record({
    side: fc.integer({ min: 1, max: 9 }),
    channels,
    layers: fc.array(layer, { minLength: 1, maxLength: 3 }),
  })
  .map((r) => {
    const builder = new NetworkBuilder()
    builder.input({ dtype: 'i8', shape: [1, r.side, r.side + 1, r.channels], quant: perTensor(0.05, -3) })
    for (const each of r.layers) add(builder, each)
    return builder.graph([])
  })

test.each(TARGETS.map((target) => ({ name: target.name, target })))(
  'sparse networks on $name equal the interpreter bit for bit',
  ({ target }) => {
    let exact = 0
    let tried = 0
    fc.assert(
      fc.property(network, fc.nat(), (graph, inputs) => {
        tried++
        if (checkOnTrellis(graph, target, inputs) === 'exact') exact++
      }),
      cases(60),
    )
    expect(exact).toBeGreaterThanOrEqual(0.9 * tried)
  },
)
