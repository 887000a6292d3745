/**
 * Integers of the file that a network computes with scales and zero points which depend on the data. Quantized types have
 * constant ones, so float32 elements stand for these integers: real arithmetic on them is exact as long as no number goes
 * beyond 2^24. Operators that would take such elements for real numbers are refused.
 */
import { integerRange } from '../../../../ir/arith/saturate.ts'
import type { ValueId } from '../../../../ir/graph.ts'
import { type Computed, type Operand, plainOrder } from '../builder.ts'
import { type Constant, constant, type ElementType } from '../constants.ts'
import type { NodeContext, OperatorRule } from '../context.ts'
import { dequantized } from '../quantized.ts'
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
  if (REAL_TYPES.includes(to)) return [dtype === 'i32' ? mapped(node, 'dequantize', x) : asReal(x)]
  if (to !== UINT8 || dtype !== 'f32' || x.integers === 'i32' || x.integers === 'i8') {
    node.reject('unsupported-type', 'a computed value can be cast to float32, and real numbers to uint8')
  }
  if (x.integers === 'u8') return [x]
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
  const zero = node.inputs[2]
  const type = (zero?.kind === 'constant' ? zero.dtype : integersOf(zero)) ?? otherwise
  if (type !== 'u8' && type !== 'i8') {
    node.reject(
      'unsupported-type',
      `elements of type ${type} are not supported where the scale is computed`,
      'quantize to uint8',
    )
  }
  return [
    quantized(node, node.computed(0), single(node, 1, 'scale'), zero && single(node, 2, 'zero point'), type),
  ]
}

/** Whether an operand's float32 elements stand for integers. */
export function standsForIntegers(operand: Operand | undefined): boolean {
  return integersOf(operand) !== undefined
}

/** (x - zero point) * scale of integers that float32 elements stand for. */
export function dequantizedByComputed(node: NodeContext): readonly Computed[] {
  const centered = lessZero(node, node.computed(0))
  return [withNumber(node, 'mul', centered, single(node, 1, 'scale'))]
}

function lessZero(node: NodeContext, x: Computed): Computed {
  if (node.inputs[2] === undefined) return asReal(x)
  return withNumber(node, 'sub', x, single(node, 2, 'zero point'), `${node.outputs[0]} centered`)
}

/** Greatest magnitude of a byte less a zero point. */
const MOST_BYTE = 255
/** Up to here every integer is a float32. */
const EXACT = 2 ** 24

/**
 * Whether sums of products with these weights are exact in float32, in any order: for each index along `axis`, of an output
 * channel, the magnitudes of weights add up to at most 2^24 / 255.
 */
function isExact({ shape, data }: Constant, axis: number): boolean {
  const channels = shape[axis] ?? 1
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const sums = new Float64Array(channels)
  data.forEach((w, i) => {
    const channel = Math.floor(i / inner) % channels
    sums[channel] = (sums[channel] ?? 0) + Math.abs(w)
  })
  return sums.every((sum) => sum * MOST_BYTE <= EXACT)
}

/** Weights are split into multiples of this and what is left. */
const SPLIT = 16

/**
 * The float32 nearest to the int32 sums of a layer of integers, `layer`, with weights whose output channels lie along `axis`.
 * Where they might be beyond 2^24 there are two layers whose sums are not, one with the multiples of 16 in the weights, and
 * only the sum of both is rounded.
 */
function sums(
  node: NodeContext,
  axis: number,
  weights: Constant,
  layer: (weights: Constant, wish: string) => Computed,
): readonly Computed[] {
  const name = node.outputs[0] ?? ''
  const stand = (y: Computed) => [{ ...y, integers: 'i32' as const }]
  const { dtype, shape, data } = centeredWeights(node, weights, axis)
  const whole = constant(dtype, shape, data)
  if (isExact(whole, axis)) return stand(layer(whole, name))
  const multiples = constant(
    dtype,
    shape,
    data.map((w) => Math.round(w / SPLIT)),
  )
  const rest = constant(
    dtype,
    shape,
    data.map((w, i) => w - SPLIT * (multiples.data[i] ?? 0)),
  )
  if (!isExact(multiples, axis) || !isExact(rest, axis)) {
    node.reject(
      'unsupported-attribute',
      'its sums can be too large for float32, in which they are computed where a zero point depends on the data',
      'quantize the model statically, with calibration data',
    )
  }
  const high = combined(node, 'mul', layer(multiples, `${name} multiples`), number(SPLIT), `${name} high`)
  return stand(combined(node, 'add', high, layer(rest, `${name} low`), name))
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
  return dequantized(weights, grid, axis)
}

/** The bytes of a layer less their zero point. */
function centeredBytes(node: NodeContext): Computed {
  const x = node.computed(0)
  if (x.integers === 'i32') node.reject('unsupported-type', 'it multiplies sums, expected bytes')
  return lessZero(node, x)
}

/** ConvInteger of bytes whose zero point is computed. */
export function convolvedIntegers(node: NodeContext): readonly Computed[] {
  const given = centeredBytes(node)
  const rank = given.shape.length
  const x = node.imageOf(given)
  return sums(node, 0, weightsOf(node, 1), (weights, wish) => {
    const { op, order, attrs } = convolutionOf(node, x, rank, weights)
    const w = node.builder.real(weights, `${wish} weights`, order)
    return node.imageResult(node.emit(op, [x, w], attrs, wish), rank)[0]
  })
}

/** MatMulInteger of bytes whose zero point is computed with a matrix [I, O]. */
export function multipliedIntegers(node: NodeContext, matrix: Constant): readonly Computed[] {
  const x = centeredBytes(node)
  return sums(node, 1, matrix, (weights, wish) => {
    const real = (each: Constant, order: readonly number[]): ValueId =>
      node.builder.real(each, `${wish} weights`, order)
    return product(node, weights, false, { x, weights: real, bias: [], wish })[0]
  })
}

export const INTEGERS: Readonly<Record<string, OperatorRule>> = {
  Cast: cast,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
}
