/**
 * Integers of the file that a network computes with scales and zero points which depend on the data. Quantized types have
 * constant ones, so float32 elements stand for these integers: real arithmetic on them is exact as long as no number goes
 * beyond 2^24. Operators that would take such elements for real numbers are refused.
 */
import { integerRange } from '../../../../ir/arith/saturate.ts'
import type { ValueId } from '../../../../ir/graph.ts'
import { perTensor } from '../../../../ir/tensor.ts'
import { channelTotals, exactParts, SPLIT } from '../../exact-sums.ts'
import { type Computed, type Operand, plainOrder } from '../builder.ts'
import { type Constant, constant, type ElementType } from '../constants.ts'
import type { NodeContext, OperatorRule } from '../context.ts'
import { dequantized, ONNX, quantizedConstant, SUMS } from '../quantized.ts'
import { convolutionOf, product, weightsOf } from './convolution.ts'
import { combined, mapped, number } from './elementwise.ts'
import { reduced } from './reductions.ts'

/** TensorProto.DataType of the types that are float32 here. */
const REAL_TYPES: readonly number[] = [1, 10, 11, 16]
const UINT8 = 2

/** Operators that know which elements stand for integers. */
const AWARE: ReadonlySet<string> = new Set([
  'Cast',
  'QuantizeLinear',
  'DequantizeLinear',
  'ConvInteger',
  'MatMulInteger',
])

/** Operators that do the same to elements of any type. */
const MOVES: ReadonlySet<string> = new Set([
  'Identity',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'Concat',
  'Slice',
  'Split',
  'Gather',
  'Pad',
  'Tile',
  'Expand',
  'DepthToSpace',
  'SpaceToDepth',
  'Shape',
  'Size',
])

/** The type of the integers that an operand's float32 elements stand for. */
function integersOf(operand: Operand | undefined): ElementType | undefined {
  return operand?.kind === 'computed' ? operand.integers : undefined
}

/** The results of a rule, which stand for integers as well where they are the operands' elements. */
export function withIntegers(key: string, node: NodeContext, rule: OperatorRule): readonly Operand[] {
  const type = node.inputs.map(integersOf).find((each) => each !== undefined)
  if (type === undefined || AWARE.has(key)) return rule(node)
  if (!MOVES.has(key)) {
    node.reject(
      'unsupported-type',
      `it computes on ${type} elements whose scale depends on the data`,
      'dequantize them before, or cast them to float32',
    )
  }
  return rule(node).map((result) => (result.kind === 'computed' ? { ...result, integers: type } : result))
}

function asReal({ integers: _, ...x }: Computed): Computed {
  return x
}

/** Limited to the integers of a type, for which they stand. */
function saturated(node: NodeContext, x: Computed, integers: 'u8' | 'i8', wish?: string): Computed {
  const [min, max] = integerRange(integers)
  return { ...mapped(node, 'clip', x, { min, max }, wish), integers }
}

/**
 * Between types of real numbers, to them from integers, and from them to uint8: what lies beyond it, for which ONNX
 * defines nothing, saturates. Other integers are cast while they are constant.
 */
const cast: OperatorRule = (node) => {
  const to = node.int('to', 1)
  node.ignore('saturate')
  const x = node.computed(0)
  const { dtype } = node.builder.type(x.id)
  if (REAL_TYPES.includes(to) && dtype === 'i32') return [mapped(node, 'dequantize', x)]
  if (dtype !== 'f32') node.reject('unsupported-type', `${dtype} elements of a computed value cannot be cast`)
  if (REAL_TYPES.includes(to)) return [asReal(x)]
  if (to === UINT8 && x.integers === 'u8') return [x]
  if (to !== UINT8 || x.integers !== undefined)
    node.reject('unsupported-type', 'a computed value can be cast to float32, and real numbers to uint8')
  // Of numbers that are not negative the fraction is cut off; others become 0.
  return [saturated(node, mapped(node, 'floor', x, {}, `${node.outputs[0]} whole`), 'u8')]
}

/** A scale, or a zero point, for all elements, as a float32 value. */
function single(node: NodeContext, n: number, what: string): Computed {
  const operand = node.operand(n)
  if (operand.shape.some((size) => size !== 1)) {
    node.reject(
      'not-constant',
      `several ${what}s are supported only where all of its parameters are constant`,
    )
  }
  if (operand.kind === 'computed' && node.builder.type(operand.id).dtype !== 'f32') {
    node.reject('not-constant', `its ${what} is an input of integers, not made of real numbers or constant`)
  }
  return node.computed(n)
}

/** An op on each element and one number: the order of axes remains. */
function withNumber(
  node: NodeContext,
  op: 'add' | 'sub' | 'mul' | 'div',
  x: Computed,
  { id }: Computed,
  wish?: string,
): Computed {
  return { ...asReal(x), id: node.emit(op, [x.id, id], {}, wish) }
}

/** saturate(round(x / scale) + zero point), halves to even. */
function quantized(
  node: NodeContext,
  x: Computed,
  scale: Computed,
  zero: Computed | undefined,
  type: 'u8' | 'i8',
): Computed {
  const name = node.outputs[0]
  const steps = withNumber(node, 'div', x, scale, `${name} steps`)
  const whole = mapped(node, 'round', steps, {}, `${name} whole`)
  const moved = zero ? withNumber(node, 'add', whole, zero, `${name} moved`) : whole
  return saturated(node, moved, type)
}

/**
 * The range of the elements and 0 in 255 steps. In float32, in the order of ONNX Runtime (onnxruntime/core/util/qmath.h,
 * `GetQuantizationParameter`) and of ONNX's reference; both say that the scale of zeros alone is 1.
 */
const dynamicQuantizeLinear: OperatorRule = (node) => {
  const x = node.computed(0)
  const [y, scaleName, zeroName] = node.outputs
  const bound = (reduction: 'reduce_min' | 'reduce_max', limit: 'minimum' | 'maximum') => {
    const element = reduced(node, reduction, x, plainOrder(x.shape.length), false, `${y} ${reduction}`)
    return combined(node, limit, element, number(0), `${y} ${limit}`)
  }
  const least = bound('reduce_min', 'minimum')
  const range = combined(node, 'sub', bound('reduce_max', 'maximum'), least, `${y} range`)
  const step = combined(node, 'div', range, number(255), `${y} step`)
  // 1 where there is no step, else 0.
  const isZero = combined(node, 'sub', number(1), mapped(node, 'sign', step, {}, `${y} sign`), `${y} is zero`)
  const scale = combined(node, 'add', step, isZero, scaleName)
  const steps = mapped(node, 'neg', combined(node, 'div', least, scale, `${y} least step`), {}, `${y} offset`)
  const zero = saturated(node, mapped(node, 'round', steps, {}, `${y} whole offset`), 'u8', zeroName)
  return [quantized(node, x, scale, zero, 'u8'), scale, zero]
}

/** Whether a QuantizeLinear or a DequantizeLinear is one of this file. */
export function hasComputedScale(node: NodeContext): boolean {
  return node.inputs[1]?.kind === 'computed' || integersOf(node.inputs[2]) !== undefined
}

/** QuantizeLinear with a computed scale or zero point; `otherwise` is the type if there is no zero point. */
export function quantizedByComputed(node: NodeContext, otherwise: ElementType): readonly Computed[] {
  const type = (node.inputs[2] && typeOf(node.inputs[2])) ?? otherwise
  if (type !== 'u8' && type !== 'i8') {
    node.reject(
      'unsupported-type',
      `elements of type ${type} are not supported where the scale is computed`,
      'quantize to uint8',
    )
  }
  return [quantized(node, node.computed(0), single(node, 1, 'scale'), zeroPointOf(node, type), type)]
}

/** Whether an operand's float32 elements stand for integers. */
export function standsForIntegers(operand: Operand | undefined): boolean {
  return integersOf(operand) !== undefined
}

/** (x - zero point) * scale of integers that float32 elements stand for. */
export function dequantizedByComputed(node: NodeContext): readonly Computed[] {
  const x = node.computed(0)
  const zero = zeroPointOf(node)
  const centered = zero ? withNumber(node, 'sub', x, zero, `${node.outputs[0]} centered`) : x
  return [withNumber(node, 'mul', centered, single(node, 1, 'scale'))]
}

/** The zero point, of the same type as the elements. */
function zeroPointOf(node: NodeContext, elements = typeOf(node.operand(0))): Computed | undefined {
  if (node.inputs[2] === undefined) return undefined
  const zero = single(node, 2, 'zero point')
  const type = typeOf(node.operand(2))
  if (type !== elements)
    node.reject('bad-node', `its zero point is ${type ?? 'f32'}, expected ${elements} as its elements are`)
  return zero
}

/** The type in the file, of integers. */
function typeOf(operand: Operand): ElementType | undefined {
  return operand.kind === 'constant' ? operand.dtype : operand.integers
}

/** Int8 weights with int8 elements of a zero point 0. */
const SYMMETRIC = { scale: Float64Array.of(1), zeroPoint: Float64Array.of(0), dtype: 'i8' } as const

/** The layer's int32 sums with weights in the file's order, and their name. */
type Layer = (weights: Constant, wish: string) => ValueId

/**
 * The float32 nearest to the sums of (x - zero point) * (w - its zero point), of which output channels are the last axis, and
 * those of the weights `axis`. `layer` gives sums of x * w, from which the zero point's share is taken. Where weights are no
 * int8, or sums might be beyond 2^24, there are two layers for which neither holds, one with the multiples of 16 in the
 * weights, and only the sum of both is rounded.
 */
function sums(node: NodeContext, axis: number, given: Constant, layer: Layer): ValueId {
  const name = node.outputs[0] ?? ''
  const weights = centeredWeights(node, given, axis)
  const parts = exactParts({ ...weights, axis })
  if (!parts) {
    node.reject(
      'unsupported-attribute',
      'its sums can be too large for float32, in which they are where a zero point depends on the data',
      'quantize the model statically, with calibration data',
    )
  }
  if ('whole' in parts) return partOf(node, axis, weights, layer, name)
  const high = partOf(node, axis, { ...weights, data: parts.multiples }, layer, `${name} multiples`)
  const low = partOf(node, axis, { ...weights, data: parts.rest }, layer, `${name} rest`)
  const scaled = node.emit('mul', [high, node.numbers([SPLIT], `${name} ${SPLIT}`)], {}, `${name} high`)
  return node.emit('add', [scaled, low], {}, name)
}

/** The layer with a part of the weights: exact. */
function partOf(node: NodeContext, axis: number, weights: Constant, layer: Layer, wish: string): ValueId {
  const zero = zeroPointOf(node)
  const sums = layer(weights, `${wish} integers`)
  if (zero === undefined) return node.emit('dequantize', [sums], {}, wish)
  const products = node.emit('dequantize', [sums], {}, `${wish} products`)
  const totals = node.numbers(channelTotals({ ...weights, axis }), `${wish} totals`)
  const share = node.emit('mul', [totals, zero.id], {}, `${wish} share`)
  return node.emit('sub', [products, share], {}, wish)
}

/** Weights less their zero points, of which there is one, or one for each output channel. */
function centeredWeights(node: NodeContext, weights: Constant, axis: number): Constant {
  const zeros = node.optionalConstant(3, 'zero point of weights')?.data ?? [0]
  if (zeros.length !== 1 && zeros.length !== weights.shape[axis]) {
    node.reject(
      'bad-shape',
      `its weights have ${zeros.length} zero points for ${weights.shape[axis]} channels`,
    )
  }
  const grid = {
    scale: new Float64Array(zeros.length).fill(1),
    zeroPoint: Float64Array.from(zeros),
    dtype: weights.dtype,
  }
  return constant('i8', weights.shape, dequantized(weights, grid, axis).data)
}

/** The bytes that a value stands for, as int8: those without sign are 128 lower, and so is their zero. */
function bytesOf(node: NodeContext, x: ValueId): ValueId {
  const type = integersOf(node.operand(0))
  if (type === 'i32') node.reject('unsupported-type', 'it multiplies sums, expected bytes')
  const quant = perTensor(1, type === 'u8' ? -128 : 0)
  return node.emit('quantize', [x], ONNX, `${node.outputs[0]} bytes`, { dtype: 'i8', quant })
}

/** An image with a border of its zero point, which stands for the real number 0. */
function padded(node: NodeContext, x: ValueId, pads: readonly number[]): ValueId {
  if (pads.every((pad) => pad === 0)) return x
  const [top = 0, left = 0, bottom = 0, right = 0] = pads
  const attrs = { paddings: [0, 0, top, bottom, left, right, 0, 0], value: 0 }
  const name = node.outputs[0]
  const zero = zeroPointOf(node)
  if (zero === undefined) return node.emit('pad', [x], attrs, `${name} padded`)
  const centered = node.emit('sub', [x, zero.id], {}, `${name} centered`)
  const border = node.emit('pad', [centered], attrs, `${name} border`)
  return node.emit('add', [border, zero.id], {}, `${name} padded`)
}

/** ConvInteger of bytes whose scale depends on the data. */
export function convolvedIntegers(node: NodeContext): readonly Computed[] {
  const image = node.image(0)
  const rank = node.operand(0).shape.length
  const weights = weightsOf(node, 1)
  const { op, order, attrs } = convolutionOf(node, image, rank, weights)
  const x = bytesOf(node, padded(node, image, attrs.pads))
  const layer: Layer = (part, wish) => {
    const w = quantizedConstant(node, part, SYMMETRIC, 1, order)
    return node.emit(op, [x, w], { ...attrs, pads: [0, 0, 0, 0], ...ONNX }, wish, SUMS)
  }
  return stand(node.imageResult(sums(node, 0, weights, layer), rank))
}

/** MatMulInteger of bytes whose scale depends on the data with a matrix [I, O]. */
export function multipliedIntegers(node: NodeContext, matrix: Constant): readonly Computed[] {
  const given = node.computed(0)
  const x = { ...given, id: bytesOf(node, given.id) }
  const layer: Layer = (part, wish) => {
    const weights = (each: Constant, order: readonly number[]) =>
      quantizedConstant(node, each, SYMMETRIC, 1, order)
    return product(node, part, false, { x, weights, bias: [], attrs: ONNX, result: SUMS, wish })[0].id
  }
  return stand(node.result(sums(node, 1, matrix, layer), plainOrder(given.shape.length)))
}

/** For sums. */
function stand([y]: readonly [Computed]): readonly Computed[] {
  return [{ ...y, integers: 'i32' }]
}

export const INTEGERS: Readonly<Record<string, OperatorRule>> = {
  Cast: cast,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
}
