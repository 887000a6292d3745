/**
 * Quantization parameters of a file, and what they make of its tensors here. Elements of 8 bits without sign are stored
 * 128 lower, as i8, and so are their zero points: the real numbers stay the same.
 */
import { roundHalfEven } from '../../../ir/arith/multiplier.ts'
import { must } from '../../../ir/diagnostic.ts'
import { DTYPE_RANGE, type DType } from '../../../ir/dtype.ts'
import type { ValueId } from '../../../ir/graph.ts'
import { sameQuant } from '../../../ir/rewrite.ts'
import { perTensor, type Quant, type TensorType } from '../../../ir/tensor.ts'
import { type Computed, permuted } from './builder.ts'
import { type Constant, constant, type ElementType, type Grid } from './constants.ts'
import type { NodeContext } from './context.ts'

/** Attributes of ops that compute as ONNX Runtime does. */
export const ONNX = { arithmetic: 'onnx' } as const

/** The type of sums without a scale. */
export const SUMS = { dtype: 'i32', quant: perTensor(1, 0) } as const

/** What an operator's inputs say; it knows the axis. */
export type FileQuant = Grid

/** Element types of quantized tensors: what they are here, and how far their numbers move. */
const STORED: { readonly [T in ElementType]?: { readonly dtype: DType; readonly shift: number } } = {
  i8: { dtype: 'i8', shift: 0 },
  u8: { dtype: 'i8', shift: -128 },
  i4: { dtype: 'i4', shift: 0 },
  u4: { dtype: 'u4', shift: 0 },
}

/** From inputs `scale` and `zeroPoint`; `otherwise` is the element type where there is no zero point. */
export function fileQuant(
  node: NodeContext,
  scale: number,
  zeroPoint: number,
  otherwise: ElementType = 'u8',
): FileQuant {
  const scales = node.constant(scale, 'scale').data
  const zeros = node.optionalConstant(zeroPoint, 'zero point')
  if (zeros && zeros.data.length !== scales.length && zeros.data.length !== 1) {
    node.reject('bad-shape', `it has ${scales.length} scales and ${zeros.data.length} zero points`)
  }
  if (!scales.every((each) => each > 0 && Number.isFinite(each))) {
    node.reject('bad-attribute', `scale ${scales.find((each) => !(each > 0))} is not positive`)
  }
  const zero = (n: number) => zeros?.data[zeros.data.length === 1 ? 0 : n] ?? 0
  return {
    scale: scales,
    zeroPoint: Float64Array.from(scales, (_, n) => zero(n)),
    dtype: zeros?.dtype ?? otherwise,
  }
}

function storedAs(node: NodeContext, dtype: ElementType) {
  return (
    STORED[dtype] ?? node.reject('unsupported-type', `quantized elements of type ${dtype} are not supported`)
  )
}

/** Element type and quantization of a whole tensor. */
export function resultType(node: NodeContext, quant: FileQuant): Omit<TensorType, 'shape'> {
  const { dtype, shift } = storedAs(node, quant.dtype)
  const [scale = 1] = quant.scale
  if (quant.scale.length !== 1)
    node.reject('unsupported-attribute', 'activations with several scales are not supported')
  return { dtype, quant: perTensor(scale, (quant.zeroPoint[0] ?? 0) + shift) }
}

/** A computed operand, whose elements are quantized as the node says. */
export function quantizedOperand(node: NodeContext, n: number, quant: FileQuant): Computed {
  const operand = node.operand(n)
  if (operand.kind === 'constant') {
    const id = quantizedConstant(node, operand, quant, n)
    return { kind: 'computed', id, shape: operand.shape, order: operand.shape.map((_, axis) => axis) }
  }
  const expected = resultType(node, quant)
  const type = node.builder.type(operand.id)
  if (type.quant === undefined && (type.dtype === expected.dtype || type.dtype === quant.dtype)) {
    // A graph input: its first reader says what its elements stand for.
    if (type.dtype !== expected.dtype && !node.builder.isUnreadInput(operand.id)) {
      node.reject(
        'unsupported-type',
        `its input ${node.inputName(n)} is made of bytes without sign, which no layer takes`,
        'quantize by a QuantizeLinear, or let the network take int8',
      )
    }
    node.builder.values.set(operand.id, { type: { ...expected, shape: type.shape } })
    return operand
  }
  if (type.dtype !== expected.dtype || !sameQuant(type.quant, expected.quant)) {
    node.reject(
      'unsupported-type',
      `it reads its input ${n} with another scale, zero point or type than it has`,
      'let both sides name the same quantization',
    )
  }
  return operand
}

/** The image of input `n`, quantized as the node says. */
export function quantizedImage(node: NodeContext, n: number, quant: FileQuant): ValueId {
  quantizedOperand(node, n, quant)
  return node.image(n)
}

/** A constant of integers with its axes in another order; `axis` of the file has the scales, if there are several. */
export function quantizedConstant(
  node: NodeContext,
  integers: Constant,
  quant: FileQuant,
  n: number,
  order: readonly number[] = integers.shape.map((_, axis) => axis),
  axis = 0,
): ValueId {
  const { dtype, shift } = storedAs(node, integers.dtype)
  const { shape, data } = permuted(integers, order)
  const [min, max] = must(DTYPE_RANGE[dtype], 'a range')
  const elements = Int8Array.from(data, (q) => Math.max(min, Math.min(max, q + shift)))
  const stored = dtype === 'u4' ? Uint8Array.from(elements) : elements
  const parameters = quantOf(quant, shift, order.indexOf(axis))
  if (parameters.axis !== undefined && shape[parameters.axis] !== parameters.scale.length) {
    node.reject(
      'bad-shape',
      `its input ${n} has ${shape[parameters.axis]} channels, but ${parameters.scale.length} scales`,
    )
  }
  return node.builder.data({ dtype, shape, quant: parameters }, stored, node.inputName(n))
}

function quantOf({ scale, zeroPoint }: FileQuant, shift: number, axis: number): Quant {
  return {
    scale: Float64Array.from(scale),
    zeroPoint: Int32Array.from(zeroPoint, (zero) => zero + shift),
    ...(scale.length > 1 && { axis }),
  }
}

/** The bias of an integer layer. */
export function integerBias(node: NodeContext, n: number, channels: number): readonly ValueId[] {
  const bias = node.optionalConstant(n, 'bias')
  if (bias === undefined) return []
  if (bias.data.length !== channels) {
    node.reject('bad-shape', `its bias has ${bias.data.length} elements, expected ${channels}`)
  }
  const data = Int32Array.from(bias.data)
  return [node.builder.data({ dtype: 'i32', shape: [channels] }, data, node.inputName(n))]
}

/** scale * (q - zeroPoint) in float32, the scales along `axis` if there are several. */
export function dequantized(integers: Constant, grid: FileQuant, axis: number): Constant {
  const { scale, zeroPoint } = grid
  const inner = integers.shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const data = integers.data.map((q, i) => {
    const n = scale.length === 1 ? 0 : Math.floor(i / inner) % scale.length
    return Math.fround((scale[n] ?? 1) * (q - (zeroPoint[n] ?? 0)))
  })
  return { ...constant('f32', integers.shape, data), grid }
}

/** round(x / scale) + zeroPoint in float32, halves to even, limited to the type. */
export function quantizedReals(node: NodeContext, reals: Constant, grid: FileQuant, axis: number): Constant {
  const { dtype, shift } = storedAs(node, grid.dtype)
  const [min, max] = must(DTYPE_RANGE[dtype], 'a range')
  const inner = reals.shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const data = reals.data.map((real, i) => {
    const n = grid.scale.length === 1 ? 0 : Math.floor(i / inner) % grid.scale.length
    const q = roundHalfEven(Math.fround(real / (grid.scale[n] ?? 1))) + (grid.zeroPoint[n] ?? 0)
    return Math.max(min - shift, Math.min(max - shift, q))
  })
  return constant(grid.dtype, reals.shape, data)
}
