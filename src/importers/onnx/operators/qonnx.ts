/**
 * Quantizers of quantized training (QONNX: https://github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops). A
 * quantizer of a constant gives that constant's real values; one of a computed value gives a quantize and a dequantize,
 * between which the layers behind it find integers.
 */
import { DTYPE_RANGE, type DType } from '../../../../ir/dtype.ts'
import { broadcastIndex } from '../../../../ir/ops/broadcast.ts'
import { perTensor, type TensorType } from '../../../../ir/tensor.ts'
import { type Constant, constant } from '../constants.ts'
import type { NodeContext, OperatorRule } from '../context.ts'

interface Quantizer {
  readonly scale: Constant
  readonly zeroPoint: number
  /** Smallest and largest integer. */
  readonly min: number
  readonly max: number
}

const quant: OperatorRule = (node) => {
  const scale = node.constant(1, 'scale')
  const zeroPoint = one(node, node.constant(2, 'zero point'), 'zero point')
  const bits = one(node, node.constant(3, 'bit width'), 'bit width')
  if (!(bits >= 1 && bits <= 32) || !Number.isInteger(zeroPoint)) {
    node.reject('bad-attribute', `a bit width of ${bits} with zero point ${zeroPoint} is not supported`)
  }
  const mode = node.string('rounding_mode', 'ROUND')
  if (mode.toUpperCase() !== 'ROUND') {
    node.reject(
      'unsupported-attribute',
      `rounding by ${mode} is not supported`,
      'train with ROUND, which is half to even',
    )
  }
  const signed = node.int('signed', 1) !== 0
  const narrow = node.int('narrow', 0) !== 0
  const [min, max] = signed
    ? [-(2 ** (bits - 1)) + Number(narrow), 2 ** (bits - 1) - 1]
    : [0, 2 ** bits - 1 - Number(narrow)]
  return quantized(node, { scale, zeroPoint, min: Math.ceil(min), max: Math.floor(max) })
}

function quantized(node: NodeContext, quantizer: Quantizer): ReturnType<OperatorRule> {
  const x = node.operand(0)
  if (x.kind === 'constant') return [realConstant(x, quantizer)]
  const { min, max, zeroPoint } = quantizer
  const scale = one(node, quantizer.scale, 'scale of a computed value')
  const type = elementsOf(min, max, zeroPoint)
  if (type === undefined) {
    node.reject(
      'unsupported-type',
      `integers from ${min} to ${max} do not fit 8 bits`,
      'quantize activations to 8 bits or fewer',
    )
  }
  const name = node.outputs[0] ?? node.origin.name
  const [smallest, largest] = DTYPE_RANGE[type.dtype] ?? [0, 0]
  let id = x.id
  if (min + type.shift > smallest || max + type.shift < largest) {
    // Fewer integers than the element type has: real numbers beyond them are limited before they are rounded.
    const bounds = {
      min: Math.fround((min - zeroPoint) * scale),
      max: Math.fround((max - zeroPoint) * scale),
    }
    id = node.emit('clip', [id], bounds, `${name} limited`)
  }
  const result = { dtype: type.dtype, quant: perTensor(scale, zeroPoint + type.shift) }
  return [{ ...x, id: dequantized(node, id, result, name) }]
}

function dequantized(node: NodeContext, x: string, result: Omit<TensorType, 'shape'>, name: string): string {
  const elements = node.emit('quantize', [x], QUANTIZE_ATTRS, `${name} elements`, result)
  return node.emit('dequantize', [elements], {}, name)
}

/** Halves to even. */
const QUANTIZE_ATTRS = { arithmetic: 'onnx' }

/** The narrowest element type for integers from min to max; those of 8 bits without sign are stored 128 lower. */
function elementsOf(
  min: number,
  max: number,
  zeroPoint: number,
): { readonly dtype: DType; readonly shift: number } | undefined {
  const fits = (dtype: DType, shift = 0) => {
    const [smallest, largest] = DTYPE_RANGE[dtype] ?? [0, 0]
    return [min, max, zeroPoint].every((q) => q + shift >= smallest && q + shift <= largest)
  }
  const dtype = (['i2', 'u2', 'i4', 'u4', 'i8'] as const).find((each) => fits(each))
  if (dtype !== undefined) return { dtype, shift: 0 }
  return fits('i8', -128) ? { dtype: 'i8', shift: -128 } : undefined
}

/** (round(clip(x / scale + zeroPoint)) - zeroPoint) * scale in float32, with a scale for all or for each channel. */
function realConstant(x: Constant, { scale, zeroPoint, min, max }: Quantizer): Constant {
  const index = broadcastIndex(scale.shape, x.shape)
  const { fround } = Math
  return constant(
    'f32',
    x.shape,
    Array.from(x.data, (real, i) => {
      const s = fround(scale.data[index[i] ?? 0] ?? 1)
      const position = fround(fround(real / s) + zeroPoint)
      const q = halfToEven(Math.max(min, Math.min(max, position)))
      return fround((q - zeroPoint) * s)
    }),
  )
}

function halfToEven(x: number): number {
  const floor = Math.floor(x)
  const rest = x - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
}

/** x >= 0 gives +scale, all else -scale. */
const bipolarQuant: OperatorRule = (node) => {
  const x = node.operand(0)
  const scales = node.constant(1, 'scale')
  if (x.kind === 'constant') {
    const index = broadcastIndex(scales.shape, x.shape)
    const signs = Array.from(x.data, (real, i) => (real >= 0 ? 1 : -1) * (scales.data[index[i] ?? 0] ?? 1))
    return [constant('f32', x.shape, signs)]
  }
  const scale = one(node, scales, 'scale of a computed value')
  const name = node.outputs[0] ?? node.origin.name
  return [{ ...x, id: dequantized(node, x.id, { dtype: 'b1', quant: perTensor(scale, 0) }, name) }]
}

/**
 * The upper bits of a quantized value: floor(q / 2^n) times the same scale, n being the bits less. Half of what the lower
 * bits can be at most is taken away before, so that rounding to the nearest integer never goes up.
 */
const trunc: OperatorRule = (node) => {
  const x = node.computed(0)
  const scale = one(node, node.constant(1, 'scale'), 'scale')
  const zeroPoint = one(node, node.constant(2, 'zero point'), 'zero point')
  const inputBits = one(node, node.constant(3, 'input bit width'), 'input bit width')
  const bits = one(node, node.constant(4, 'output bit width'), 'output bit width')
  const mode = node.string('rounding_mode', 'FLOOR').toUpperCase()
  // Ties of the other modes cannot be told from rounding errors of the real value.
  if (mode !== 'FLOOR') {
    node.reject('unsupported-attribute', `rounding by ${mode} is not supported`)
  }
  if (zeroPoint !== 0) node.reject('unsupported-attribute', `a zero point of ${zeroPoint} is not supported`)
  const [min, max] = [-(2 ** (bits - 1)), 2 ** bits - 1]
  const type = elementsOf(min, max, 0)
  if (type === undefined)
    return node.reject('unsupported-type', `${bits} bits with or without sign do not fit 8 bits`)
  const name = node.outputs[0] ?? node.origin.name
  const factor = 2 ** (bits - inputBits)
  const lowered = node.emit('mul', [x.id, node.numbers([factor], `${name} factor`)], {}, `${name} lowered`)
  const half = node.numbers([((1 - factor) / 2) * scale], `${name} half`)
  const centered = node.emit('sub', [lowered, half], {}, `${name} centered`)
  const result = { dtype: type.dtype, quant: perTensor(scale, 0) }
  return [{ ...x, id: dequantized(node, centered, result, name) }]
}

function one(node: NodeContext, { data, shape }: Constant, what: string): number {
  const [value] = data
  if (value === undefined || data.some((each) => each !== value)) {
    node.reject('unsupported-attribute', `the ${what} has shape [${shape}], only one for all is supported`)
  }
  return value
}

export const QONNX = { 'qonnx/Quant': quant, 'qonnx/BipolarQuant': bipolarQuant, 'qonnx/Trunc': trunc }
