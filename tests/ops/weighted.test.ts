/** Ops with weights against their plainest definition, over random shapes, types and parameters. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { convRequant, fullyConnectedRequant } from '../../ir/arith/requant.ts'
import { ACTIVATIONS } from '../../ir/arith/saturate.ts'
import type { DType } from '../../ir/dtype.ts'
import type { Attrs } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { OPS } from '../../ir/ops/registry.ts'
import type { Tensor, TensorType } from '../../ir/tensor.ts'
import { naiveConv2d, naiveDepthwiseConv2d, naiveFullyConnected, naiveTransposeConv2d } from './naive.ts'
import { fill, perChannel, quantized, scale, seed, size, zeroPoint8 } from './tensors.ts'

/** Element types of input and bias that go together; undefined: no bias. */
const types = fc.constantFrom<readonly [DType, DType | undefined]>(
  ['i8', 'i32'],
  ['i8', undefined],
  ['i16', 'i64'],
  ['i16', 'i32'],
  ['i16', undefined],
)
const activation = fc.constantFrom(...ACTIVATIONS)
const common = {
  types,
  activation,
  scale,
  outputScale: scale,
  weightScales: fc.array(scale, { minLength: 12, maxLength: 12 }),
  perTensor: fc.boolean(),
  zeroPoint: zeroPoint8,
  outputZeroPoint: zeroPoint8,
  seed,
}

interface Common {
  readonly types: readonly [DType, DType | undefined]
  readonly scale: number
  readonly outputScale: number
  readonly weightScales: readonly number[]
  readonly perTensor: boolean
  readonly zeroPoint: number
  readonly outputZeroPoint: number
  readonly seed: number
}

function operands(
  c: Common,
  inputShape: readonly number[],
  weightShape: readonly number[],
  channelAxis: number,
): { x: Tensor; w: Tensor; bias: Tensor | undefined; outputOf: (shape: readonly number[]) => TensorType } {
  const [dtype, biasType] = c.types
  const channels = weightShape[channelAxis] ?? 0
  const weightType = c.perTensor
    ? quantized('i8', weightShape, c.weightScales[0] ?? 1, 0)
    : perChannel('i8', weightShape, c.weightScales.slice(0, channels), channelAxis)
  const x = fill(quantized(dtype, inputShape, c.scale, dtype === 'i16' ? 0 : c.zeroPoint), c.seed)
  const w = fill(weightType, c.seed + 1)
  const bias = biasType && fill({ dtype: biasType, shape: [channels] }, c.seed + 2)
  // Biases of a sensible size against the sums.
  for (let o = 0; bias && o < channels; o++) {
    if (bias.data instanceof BigInt64Array) bias.data[o] = (bias.data[o] ?? 0n) * 1000n
    else bias.data[o] = Number(bias.data[o]) >> 16
  }
  const outputOf = (shape: readonly number[]) =>
    quantized(dtype, shape, c.outputScale, dtype === 'i16' ? 0 : c.outputZeroPoint)
  return { x, w, bias, outputOf }
}

function run(
  op: OpName,
  inputs: readonly (Tensor | undefined)[],
  attrs: Attrs,
  outputOf: (s: readonly number[]) => TensorType,
) {
  const given = inputs.filter((tensor) => tensor !== undefined)
  const def = OPS[op]
  const inputTypes = given.map((tensor) => tensor.type)
  const output = outputOf(def.inferShape(inputTypes, attrs))
  const checked = { inputs: inputTypes, outputs: [output], attrs }
  expect(def.constraints.filter(({ holds }) => !holds(checked)).map(({ sentence }) => sentence)).toEqual([])
  const data = given.map((tensor) => tensor.data)
  const result = def.evaluate(given, output, attrs)
  // Without the weights known beforehand the result is the same, and a kernel can run again.
  const kernel = def.prepare(
    checked,
    data.map(() => undefined),
  )
  expect(kernel(data)).toEqual(result)
  expect(kernel(data)).toEqual(result)
  return { output, result: Array.from(result as Int8Array) }
}

const window = {
  batch: size(2),
  height: fc.integer({ min: 3, max: 6 }),
  width: fc.integer({ min: 3, max: 6 }),
  kernel: fc.tuple(size(3), size(3)),
  stride: fc.tuple(size(3), size(3)),
  pads: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
}

test('conv2d, also dilated and in groups', () => {
  const dilation = fc.tuple(size(2), size(2))
  fc.assert(
    fc.property(
      fc.record({
        ...common,
        ...window,
        dilation,
        groups: size(2),
        groupChannels: size(5),
        groupOutputs: size(6),
      }),
      (c) => {
        const { x, w, bias, outputOf } = operands(
          c,
          [c.batch, c.height + 2, c.width + 2, c.groups * c.groupChannels],
          [c.groups * c.groupOutputs, ...c.kernel, c.groupChannels],
          0,
        )
        const attrs = { stride: c.stride, dilation: c.dilation, pads: c.pads, activation: c.activation }
        const { output, result } = run('conv2d', [x, w, bias], attrs, outputOf)
        const requant = convRequant(x.type, w.type, output, c.activation, bias?.type)
        expect(result).toEqual(naiveConv2d(x, w, bias, output, attrs, requant))
      },
    ),
    { numRuns: 60 },
  )
})

test('depthwise_conv2d, also with a channel multiplier', () => {
  const dilation = fc.tuple(size(2), size(2))
  fc.assert(
    fc.property(
      fc.record({ ...common, ...window, dilation, channels: size(6), multiplier: size(2) }),
      (c) => {
        const biasType = c.types[0] === 'i16' && c.types[1] === 'i32' ? 'i64' : c.types[1]
        const { x, w, bias, outputOf } = operands(
          { ...c, types: [c.types[0], biasType] },
          [c.batch, c.height + 2, c.width + 2, c.channels],
          [1, ...c.kernel, c.channels * c.multiplier],
          3,
        )
        const attrs = { stride: c.stride, dilation: c.dilation, pads: c.pads, activation: c.activation }
        const { output, result } = run('depthwise_conv2d', [x, w, bias], attrs, outputOf)
        const requant = convRequant(x.type, w.type, output, c.activation, bias?.type)
        expect(result).toEqual(naiveDepthwiseConv2d(x, w, bias, output, attrs, requant))
      },
    ),
    { numRuns: 60 },
  )
})

test('transpose_conv2d', () => {
  fc.assert(
    fc.property(
      fc.record({
        ...common,
        ...window,
        channels: size(5),
        outputs: size(6),
        outputSize: fc.tuple(size(9), size(9)),
      }),
      (c) => {
        const { x, w, bias, outputOf } = operands(
          c,
          [c.batch, c.height, c.width, c.channels],
          [c.outputs, ...c.kernel, c.channels],
          0,
        )
        const attrs = { stride: c.stride, pads: c.pads, output_size: c.outputSize, activation: c.activation }
        const { output, result } = run('transpose_conv2d', [x, w, bias], attrs, outputOf)
        const requant = convRequant(x.type, w.type, output, c.activation, bias?.type)
        expect(result).toEqual(naiveTransposeConv2d(x, w, bias, output, attrs, requant))
      },
    ),
    { numRuns: 60 },
  )
})

test('fully_connected, also with a zero point of the weights', () => {
  fc.assert(
    fc.property(
      fc.record({
        ...common,
        rows: size(3),
        depth: fc.constantFrom(1, 7, 64, 600),
        outputs: size(12),
        weightZeroPoint: zeroPoint8,
        keepDims: fc.boolean(),
      }),
      (c) => {
        const { x, w, bias, outputOf } = operands(c, [c.rows, 1, c.depth], [c.outputs, c.depth], 0)
        const shifted = c.perTensor
          ? { ...w, type: quantized('i8', w.type.shape, c.weightScales[0] ?? 1, c.weightZeroPoint) }
          : w
        const attrs = { activation: c.activation, keep_dims: c.keepDims }
        const { output, result } = run('fully_connected', [x, shifted, bias], attrs, outputOf)
        expect(output.shape).toEqual(c.keepDims ? [c.rows, 1, c.outputs] : [c.rows, c.outputs])
        const requant = fullyConnectedRequant(x.type, shifted.type, output, c.activation, bias?.type)
        expect(result).toEqual(naiveFullyConnected(x, shifted, bias, requant))
      },
    ),
    { numRuns: 80 },
  )
})

test('int32 sums wrap, int64 sums do not', () => {
  const shape = [1, 70_000]
  const x16 = { type: quantized('i16', shape, 0.001, 0), data: new Int16Array(70_000).fill(-32768) }
  const weights: Tensor = { type: quantized('i8', shape, 0.001, 0), data: new Int8Array(70_000).fill(-128) }
  const output = quantized('i16', [1, 1], 10, 0)
  const bias = (dtype: DType) => fill({ dtype, shape: [1] }, 1)
  const evaluate = (b: Tensor) =>
    Array.from(OPS.fully_connected.evaluate([x16, weights, b], output, {}) as Int16Array)
  for (const dtype of ['i32', 'i64'] as const) {
    const b = bias(dtype)
    const requant = fullyConnectedRequant(x16.type, weights.type, output, 'none', b.type)
    expect(evaluate(b)).toEqual(naiveFullyConnected(x16, weights, b, requant))
  }
  expect(evaluate(bias('i32'))).not.toEqual(evaluate(bias('i64')))
})

test('a depthwise kernel of many taps', () => {
  const x = { type: quantized('i16', [1, 30, 30, 1], 0.001, 0), data: new Int16Array(900).fill(-32768) }
  const w = { type: quantized('i8', [1, 30, 30, 1], 0.001, 0), data: new Int8Array(900).fill(-128) }
  const output = quantized('i16', [1, 1, 1, 1], 1, 0)
  const geometry = { stride: [1, 1], dilation: [1, 1], pads: [0, 0, 0, 0] }
  const requant = convRequant(x.type, w.type, output, 'none')
  const result = Array.from(OPS.depthwise_conv2d.evaluate([x, w], output, geometry) as Int16Array)
  expect(result).toEqual(naiveDepthwiseConv2d(x, w, undefined, output, geometry, requant))
})
