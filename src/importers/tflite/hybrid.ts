/**
 * Layers with int8 weights and float32 activations ("hybrid" kernels, from dynamic range quantization). TensorFlow Lite
 * quantizes their input while the network runs, each batch entry by itself, sums products of integers and scales the sums
 * back. Here float32 ops do what is before and behind the sums, each of which rounds where TensorFlow Lite's reference
 * kernels do, and the layer itself computes on int8, as a quantized one does.
 *
 * Sources: `EvalHybrid` and `EvalHybridPerChannel` in tensorflow/lite/kernels/conv.cc, depthwise_conv.cc and
 * fully_connected.cc; `PortableSymmetricQuantizeFloats`, `PortableAsymmetricQuantizeFloats` and
 * `PortableMatrixBatchVectorMultiplyAccumulate` in kernels/internal/reference/portable_tensor_utils.cc;
 * `HybridConvPerChannel` and `DepthwiseConvHybridPerChannel` in kernels/internal/reference.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Attrs, Node, Value, ValueId } from '../../../ir/graph.ts'
import type { OpName } from '../../../ir/ops/names.ts'
import { LAYER_AXIS } from '../../../ir/passes/sum-range.ts'
import { elementCount, perTensor, type TensorType } from '../../../ir/tensor.ts'
import { channelTotals, exactParts, type IntegerWeights, SPLIT } from '../exact-sums.ts'
import type { Expansion, InputQuantization, OperatorView } from './rule.ts'

interface HybridLayer {
  readonly op: OpName
  readonly attrs: Attrs
  readonly inputQuantization: InputQuantization
  readonly weights: Value
}

/** An integer of scale 1 is the number itself. */
const INTEGERS = { dtype: 'i8', quant: perTensor(1, 0) } as const
const SUMS = { dtype: 'i32', quant: perTensor(1, 0) } as const

/** What a layer on integers is made of. */
interface IntegerLayer {
  readonly op: OpName
  readonly attrs: Attrs
  readonly weights: IntegerWeights
  readonly view: OperatorView<never>
}

type LastNode = Pick<Node, 'op' | 'inputs' | 'attrs'>

/** Adds the nodes of a layer, but for the last, which it returns. */
export function hybridLayer(
  { op, attrs, inputQuantization, weights: given }: HybridLayer,
  view: OperatorView<never>,
  graph: Expansion,
): LastNode {
  const builder = new Builder(graph)
  const [weights, scales] = weightsOf(given, op, view)
  const { activation = 'none', keep_dims: keepDims, ...layerAttrs } = attrs
  const x = graph.value(0)
  const layer = { op, attrs: layerAttrs, weights, view }
  const isSymmetric = inputQuantization === 'symmetric'
  const sumsOf = isSymmetric ? symmetricSums : asymmetricSums
  const [sums, inputScale] = sumsOf(builder, op === 'fully_connected' ? rows(builder, x, layer) : x, layer)

  const weightScale = builder.reals('weight scale', scales)
  const factors =
    op === 'conv2d' && !isSymmetric
      ? [builder.emit('sums in weight scale', 'mul', [sums, weightScale]), inputScale]
      : [sums, builder.emit('scale', 'mul', [inputScale, weightScale])]
  const last: LastNode = view.has(2)
    ? {
        op: 'add',
        inputs: [builder.emit('scaled sums', 'mul', factors), graph.value(2)],
        attrs: { activation },
      }
    : { op: 'mul', inputs: factors, attrs: { activation } }
  if (!keepDims) return last
  const result = builder.emit('result', last.op, last.inputs, last.attrs)
  const outputs = must(weights.shape[0], 'outputs')
  return { op: 'reshape', inputs: [result], attrs: { shape: [...graph.shape(x).slice(0, -1), outputs] } }
}

/** Weights that such a layer may have, and their scales: one, or one for each output channel. */
function weightsOf(
  { type, data }: Value,
  op: OpName,
  view: OperatorView<never>,
): readonly [weights: IntegerWeights, scales: ArrayLike<number>] {
  const { shape, quant } = type
  const axis = must(LAYER_AXIS[op], op)
  if (!data) {
    const hint = 'export the model with constant weights'
    view.reject('dynamic-operand', 'its int8 weights are computed while the model runs', hint)
  }
  if (!quant) view.reject('bad-scale', 'its int8 weights have no scale', 'quantize the model again')
  if (quant.axis !== undefined && quant.axis !== axis) {
    view.reject('bad-axis', `its weights have scales along axis ${quant.axis}, not their output channels`)
  }
  if (quant.zeroPoint.some((zero) => zero !== 0)) {
    view.reject('bad-zero-point', 'its int8 weights have a zero point, and its activations are float32')
  }
  return [{ shape, data: Float64Array.from(data, Number), axis }, quant.scale]
}

/** Whatever the input's shape, a fully connected layer reads it as rows, and each is a batch entry. */
function rows(builder: Builder, x: ValueId, { weights, view }: IntegerLayer): ValueId {
  const shape = builder.shape(x)
  const depth = must(weights.shape[weights.shape.length - 1], 'depth')
  const count = elementCount(shape) / depth
  if (!Number.isInteger(count)) {
    view.reject('bad-shape', `its input of shape [${shape.join(', ')}] is not rows of ${depth} elements`)
  }
  if (shape.length === 2 && shape[1] === depth) return x
  return builder.emit('rows', 'reshape', [x], { shape: [count, depth] })
}

type Sums = readonly [sums: ValueId, inputScale: ValueId]

/**
 * The largest magnitude becomes 127, -128 is not in use. Zeros stay such: 0 / 0 is no number, which quantizes to 0. Sums go
 * through int32, so that they are rounded once.
 */
function symmetricSums(builder: Builder, x: ValueId, { op, attrs, weights }: IntegerLayer): Sums {
  const range = builder.overEntries('range', 'reduce_max', builder.emit('magnitudes', 'abs', [x]))
  const most = builder.reals('127', [127])
  const reciprocal = builder.emit('reciprocal', 'div', [most, range])
  const scaled = builder.emit('scaled', 'mul', [x, reciprocal])
  // Halves go away from zero. None exceeds 127: the reciprocal is wrong in its last bit only.
  const integers = builder.emit('integers', 'quantize', [scaled], {}, INTEGERS)
  const w = builder.bytes('weights', weights.shape, weights.data)
  const integerSums = builder.emit('integer sums', op, [integers, w], attrs, SUMS)
  return [
    builder.emit('sums', 'dequantize', [integerSums]),
    builder.emit('input scale', 'div', [range, most]),
  ]
}

/**
 * The range, widened to 0, becomes -128 .. 127. The layer takes its input with a zero point of 0, and the share of the zero
 * point, which depends on the data, is taken from the sums; a border of real zeros becomes one of the zero point.
 *
 * TensorFlow Lite computes scale and zero point in doubles from the float32 range; here each step is float32, so that the
 * scale may differ in its last bit, and the zero point by 1 where it is a half to that precision. Of zeros both are 0.
 */
function asymmetricSums(builder: Builder, x: ValueId, layer: IntegerLayer): Sums {
  const zero = builder.reals('0', [0])
  const low = builder.emit('low', 'minimum', [builder.overEntries('smallest', 'reduce_min', x), zero])
  const high = builder.emit('high', 'maximum', [builder.overEntries('largest', 'reduce_max', x), zero])
  const range = builder.emit('range', 'sub', [high, low])
  const scale = builder.emit('input scale', 'div', [range, builder.reals('255', [255])])
  const lowSteps = builder.emit('low in steps', 'div', [low, scale])
  const exactZeroPoint = builder.emit('exact zero point', 'sub', [builder.reals('-128', [-128]), lowSteps])
  const zeroPointInteger = builder.emit('zero point integer', 'quantize', [exactZeroPoint], {}, INTEGERS)
  const zeroPoint = builder.emit('zero point', 'dequantize', [zeroPointInteger])

  const reciprocal = builder.emit('reciprocal', 'div', [builder.reals('1', [1]), scale])
  const scaled = builder.emit('scaled', 'mul', [padded(builder, x, layer), reciprocal])
  const moved = builder.emit('moved', 'add', [zeroPoint, scaled])
  const integers = builder.emit('integers', 'quantize', [moved], {}, INTEGERS)
  return [sumsLessZeroPoint(builder, integers, zeroPoint, layer), scale]
}

function padded(builder: Builder, x: ValueId, { attrs: { pads } }: IntegerLayer): ValueId {
  if (!Array.isArray(pads) || pads.every((pad) => pad === 0)) return x
  const [top = 0, left = 0, bottom = 0, right = 0] = pads
  const paddings = [0, 0, top, bottom, left, right, 0, 0]
  return builder.emit('padded', 'pad', [x], { paddings, value: 0 })
}

/** Sums of w * (x - zero point), exact but for one rounding to float32: with weights in one part, or in two. */
function sumsLessZeroPoint(
  builder: Builder,
  x: ValueId,
  zeroPoint: ValueId,
  { op, attrs, weights, view }: IntegerLayer,
): ValueId {
  const unpadded = attrs.pads === undefined ? attrs : { ...attrs, pads: [0, 0, 0, 0] }
  const partOf = (name: string, data: Float64Array) => {
    const w = builder.bytes(`${name} weights`, weights.shape, data)
    const integerSums = builder.emit(`integer ${name}`, op, [x, w], unpadded, SUMS)
    const totals = builder.reals(`${name} totals`, channelTotals({ ...weights, data }))
    const share = builder.emit(`${name} share`, 'mul', [totals, zeroPoint])
    return builder.emit(name, 'sub', [builder.emit(`${name} products`, 'dequantize', [integerSums]), share])
  }
  const parts = exactParts(weights)
  if (!parts) {
    const message =
      'its sums can be too large for float32, in which they are where a zero point depends on the data'
    return view.reject(
      'large-sums',
      message,
      'quantize the model fully, with calibration data, or convert it in float',
    )
  }
  if ('whole' in parts) return partOf('sums', parts.whole)
  const multiples = partOf('multiples', parts.multiples)
  const high = builder.emit('high sums', 'mul', [multiples, builder.reals(`${SPLIT}`, [SPLIT])])
  return builder.emit('sums', 'add', [high, partOf('rest', parts.rest)])
}

/** Names what it adds for the layer. */
class Builder {
  private readonly graph: Expansion
  private readonly layer: string

  constructor(graph: Expansion) {
    this.graph = graph
    // A converter's name of a fused layer lists all its sources, and reports show the first.
    this.layer = graph.name.split(';')[0] ?? graph.name
  }

  shape(id: ValueId): readonly number[] {
    return this.graph.shape(id)
  }

  bytes(name: string, shape: readonly number[], data: Float64Array): ValueId {
    return this.graph.bytes(shape, Int8Array.from(data), `${this.layer} ${name}`)
  }

  reals(name: string, values: ArrayLike<number>): ValueId {
    return this.graph.constant([values.length], Float32Array.from(values), `${this.layer} ${name}`)
  }

  emit(
    name: string,
    op: OpName,
    inputs: readonly ValueId[],
    attrs: Attrs = {},
    element?: Omit<TensorType, 'shape'>,
  ): ValueId {
    return this.graph.emit(op, inputs, attrs, `${this.layer} ${name}`, element)
  }

  /** A reduction over all axes but the first. */
  overEntries(name: string, op: 'reduce_min' | 'reduce_max', id: ValueId): ValueId {
    const [, ...axes] = this.shape(id).keys()
    return this.emit(name, op, [id], { axes, keep_dims: true })
  }
}
