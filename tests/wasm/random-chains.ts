/** Networks of convolutions on elements of few bits, whose sums are scaled, go through thresholds, or are the output. */
import fc from 'fast-check'
import { must } from '../../ir/diagnostic.ts'
import { DTYPE_RANGE, type DType, type TensorData } from '../../ir/dtype.ts'
import type { Attrs, Graph, Node, Value, ValueId } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { OPS } from '../../ir/ops/registry.ts'
import { elementCount, perTensor, type Quant, type TensorType } from '../../ir/tensor.ts'
import { factor, randomElements, randomNumbers } from './one-op.ts'

export const seed = fc.nat(1 << 20)
export const LOW: readonly DType[] = ['i4', 'u4', 'i2', 'u2', 'b1']
export const size = fc.integer({ min: 1, max: 7 })
export const channels = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(16, 32, 64, 96, 128))

/** A network under construction. */
export class Chain {
  readonly values = new Map<ValueId, Value>()
  private readonly nodes: Node[] = []
  private readonly inputs: ValueId[] = []

  input(type: TensorType): ValueId {
    const id = `x${this.values.size}`
    this.values.set(id, { type })
    this.inputs.push(id)
    return id
  }

  /** An operand that is known, or an input. */
  operand(type: TensorType, data: TensorData, isKnown: boolean): ValueId {
    return isKnown ? this.constant(type, data) : this.input(type)
  }

  constant(type: TensorType, data: TensorData): ValueId {
    const id = `c${this.values.size}`
    this.values.set(id, { type, data })
    return id
  }

  node(op: OpName, inputs: readonly ValueId[], attrs: Attrs, dtype: DType, quant?: Quant): ValueId {
    const id = `y${this.values.size}`
    const types = inputs.map((input) => must(this.values.get(input), input).type)
    const shape = OPS[op].inferShape(types, attrs)
    this.values.set(id, { type: { dtype, shape, ...(quant && { quant }) } })
    this.nodes.push({ op, name: id, inputs, outputs: [id], attrs })
    return id
  }

  shape(id: ValueId): readonly number[] {
    return must(this.values.get(id), id).type.shape
  }

  graph(outputs: readonly ValueId[]): Graph {
    return { name: 'chain', inputs: this.inputs, outputs, values: this.values, nodes: this.nodes }
  }
}

const layer = {
  weights: fc.constantFrom<DType>('i8', 'i4', 'i2', 'b1', 'b1'),
  outputs: channels,
  groups: fc.constantFrom(1, 1, 1, 2, 3),
  kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  stride: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
  dilation: fc.constantFrom([1, 1], [1, 1], [1, 1], [2, 1], [1, 2]),
  pads: fc.constantFrom([0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 2, 0]),
  kind: fc.constantFrom('conv2d' as const, 'conv2d' as const, 'depthwise_conv2d' as const),
  perChannel: fc.boolean(),
  /** Which of weights, bias, thresholds and directions are computed, as bits; usually none. */
  computed: fc.oneof(fc.constant(0), fc.constant(0), fc.constant(0), fc.nat(15)),
  bias: fc.boolean(),
  seed,
  arithmetic: fc.constantFrom('tflite', 'tflite', 'onnx'),
  /** What becomes of the sums. */
  end: fc.constantFrom<'sums' | 'thresholds' | 'scaled'>('sums', 'thresholds', 'thresholds', 'scaled'),
  /** Of the output, with room for sums left to be sums. */
  dtype: fc.constantFrom<DType>('i8', 'i4', 'u4', 'i2', 'u2', 'b1', 'b1', 'b1'),
  steps: fc.integer({ min: 1, max: 17 }),
  directions: fc.boolean(),
  /** Steps of one width. */
  straight: fc.boolean(),
  scale: factor(4),
  zeroPoint: fc.integer({ min: -5, max: 5 }),
}
export const layers = fc.record(layer)
type Layer = typeof layers extends fc.Arbitrary<infer T> ? T : never

export function limit(dtype: DType, zeroPoint: number): number {
  const [min, max] = must(DTYPE_RANGE[dtype], 'a range')
  return Math.max(min, Math.min(max, zeroPoint))
}

/** A convolution of `x`, then thresholds, a scaling, or neither. */
export function convolve(chain: Chain, x: ValueId, r: Layer): ValueId {
  const type = must(chain.values.get(x), x).type
  const [, height = 1, width = 1, inputs = 1] = type.shape
  const kernel = [Math.min(r.kernel[0], height), Math.min(r.kernel[1], width)]
  const dilation = [height, width].map((room, axis) => {
    const [k = 1, d = 1] = [kernel[axis], r.dilation[axis]]
    return (k - 1) * d < room ? d : 1
  })
  const pads = type.dtype === 'b1' ? [0, 0, 0, 0] : r.pads
  const isDepthwise = r.kind === 'depthwise_conv2d'
  const groups = !isDepthwise && inputs % r.groups === 0 ? r.groups : 1
  const outputs = isDepthwise ? inputs : r.outputs * groups
  const shape = isDepthwise ? [1, ...kernel, inputs] : [outputs, ...kernel, inputs / groups]
  const random = randomNumbers(r.seed)
  const scales = Float64Array.from({ length: r.perChannel ? outputs : 1 }, () =>
    Math.fround(0.01 * 2 ** (random(-20, 20) / 8)),
  )
  const wType: TensorType = {
    dtype: r.weights,
    shape,
    quant: {
      scale: scales,
      zeroPoint: new Int32Array(scales.length),
      ...(r.perChannel && { axis: isDepthwise ? 3 : 0 }),
    },
  }
  const w = chain.operand(wType, randomElements(wType, r.seed), (r.computed & 1) === 0)
  const depth = elementCount(shape) / outputs
  const reach = Math.ceil(magnitude(type.dtype) * magnitude(r.weights) * Math.sqrt(depth))
  // One in ten makes sums that wrap.
  const largest = r.seed % 10 === 0 ? 2 ** 31 - 1 : reach
  const biases = Int32Array.from({ length: outputs }, () => random(-largest, largest))
  const isKnown = (r.computed & 2) === 0
  const bias = r.bias ? [chain.operand({ dtype: 'i32', shape: [outputs] }, biases, isKnown)] : []
  const attrs = { stride: r.stride, dilation, pads, activation: 'none', arithmetic: r.arithmetic }
  if (r.end === 'scaled' && r.dtype !== 'b1') {
    const step = (reach * 0.043 * 0.01 * r.scale) / magnitude(r.dtype)
    return chain.node(
      r.kind,
      [x, w, ...bias],
      attrs,
      r.dtype,
      perTensor(Math.fround(step), limit(r.dtype, r.zeroPoint)),
    )
  }
  const sums = chain.node(r.kind, [x, w, ...bias], attrs, 'i32')
  return r.end === 'thresholds' ? thresholds(chain, sums, outputs, reach, r) : sums
}

export function magnitude(dtype: DType): number {
  return must(DTYPE_RANGE[dtype], 'a range')[1] + 1
}

export function thresholds(chain: Chain, x: ValueId, outputs: number, reach: number, r: Layer): ValueId {
  const random = randomNumbers(r.seed + 3)
  const [min, max] = must(DTYPE_RANGE[r.dtype], 'a range')
  const steps = r.dtype === 'b1' ? 1 : Math.min(r.steps, max - min)
  const least = r.dtype === 'b1' ? -1 : random(min, max - steps)
  const rows = Array.from({ length: outputs }, () => {
    const [first, width] = [random(-reach, reach), random(1, 2 * reach) / Math.max(steps, 1)]
    const row = r.straight
      ? Array.from({ length: steps }, (_, k) => Math.ceil(first + width * k))
      : Array.from({ length: steps }, () => random(-2 * reach, 2 * reach)).sort((a, b) => a - b)
    // A channel whose every sum, or none, reaches them.
    const kind = random(0, 7)
    return kind === 0 ? row.map(() => -(2 ** 31)) : kind === 1 ? row.map(() => 2 ** 31 - 1) : row
  })
  const table = chain.operand(
    { dtype: 'i32', shape: [outputs, steps] },
    Int32Array.from(rows.flat()),
    (r.computed & 4) === 0,
  )
  const signs = Int8Array.from({ length: outputs }, () => 2 * random(0, 1) - 1)
  const isKnown = (r.computed & 8) === 0
  const directions = r.directions ? [chain.operand({ dtype: 'i8', shape: [outputs] }, signs, isKnown)] : []
  const quant = perTensor(0.5, limit(r.dtype, r.zeroPoint))
  return chain.node('threshold', [x, table, ...directions], { min: least }, r.dtype, quant)
}

export const start = {
  dtype: fc.constantFrom<DType>('i8', 'i4', 'u4', 'i2', 'u2', 'b1', 'b1', 'b1'),
  batch: fc.constantFrom(1, 1, 2),
  height: size,
  width: size,
  inputs: channels,
  zeroPoint: fc.integer({ min: -5, max: 5 }),
}

interface Start {
  readonly dtype: DType
  readonly batch: number
  readonly height: number
  readonly width: number
  readonly inputs: number
  readonly zeroPoint: number
}

function chainOf(r: Start, list: readonly Layer[]): Graph {
  const chain = new Chain()
  const quant = perTensor(Math.fround(0.043), limit(r.dtype, r.zeroPoint))
  let x = chain.input({ dtype: r.dtype, shape: [r.batch, r.height, r.width, r.inputs], quant })
  const seen: ValueId[] = []
  for (const next of list) {
    const { type } = must(chain.values.get(x), x)
    if (type.dtype === 'i32' || type.quant === undefined) break
    x = convolve(chain, x, next)
    // Some of what is computed is read from outside, too.
    if (next.seed % 5 === 0) seen.push(x)
  }
  return chain.graph([...new Set([...seen, x])])
}

const list = fc.array(layers, { minLength: 1, maxLength: 3 })

export const chains = fc.record({ ...start, list }).map((r) => chainOf(r, r.list))

/** Of -1 and +1 throughout, mostly with whole words of channels. */
export const binaryChains = fc
  .record({ ...start, list, outputs: fc.constantFrom(32, 32, 64, 96, 40), groups: fc.constantFrom(1, 1, 2) })
  .map((r) => {
    const binary = { kind: 'conv2d', weights: 'b1', end: 'thresholds', dtype: 'b1', computed: 0 } as const
    const inner = r.list.map((layer) => ({ ...layer, ...binary, outputs: r.outputs, groups: r.groups }))
    const last = { ...must(r.list[0], 'a layer'), weights: 'b1', kind: 'conv2d' } as const
    return chainOf({ ...r, dtype: 'b1' }, [...inner, last])
  })
