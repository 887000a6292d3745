/**
 * Operators on quantized tensors: ONNX's own, and those of ONNX Runtime under the domain com.microsoft
 * (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md). Scales and zero points are inputs, which
 * must be constant but where integers.ts takes computed ones. Results are those of ONNX Runtime's kernels for CPUs.
 */
import type { Attrs, ValueId } from '../../../../ir/graph.ts'
import type { OpName } from '../../../../ir/ops/names.ts'
import { type Operand, plainOrder } from '../builder.ts'
import type { Constant, ElementType } from '../constants.ts'
import type { NodeContext, OperatorRule } from '../context.ts'
import {
  dequantized,
  type FileQuant,
  fileQuant,
  integerBias,
  ONNX,
  quantizedConstant,
  quantizedImage,
  quantizedOperand,
  quantizedReals,
  resultType,
  SUMS,
} from '../quantized.ts'
import { convolutionOf, product, weightsOf } from './convolution.ts'
import { aligned } from './elementwise.ts'
import {
  convolvedIntegers,
  dequantizedByComputed,
  hasComputedScale,
  multipliedIntegers,
  quantizedByComputed,
  standsForIntegers,
} from './integers.ts'
import { globalPool, pool } from './pooling.ts'

/** TensorProto.DataType of the types that can be asked for. */
const OUTPUT_TYPES: Readonly<Record<number, ElementType>> = { 2: 'u8', 3: 'i8', 21: 'u4', 22: 'i4' }

/** Of one scale the axis says nothing, and of integers how floats of 8 bits saturate. */
function checkForm(node: NodeContext): void {
  node.ignore('axis', 'saturate')
  if (node.int('block_size', 0) !== 0)
    node.reject('unsupported-attribute', 'scales of blocks are not supported')
}

const quantizeLinear: OperatorRule = (node) => {
  checkForm(node)
  const asked = node.int('output_dtype', 0)
  const type = asked === 0 ? 'u8' : (OUTPUT_TYPES[asked] ?? 'f32')
  if (hasComputedScale(node)) return quantizedByComputed(node, type)
  const quant = fileQuant(node, 1, 2, type)
  const given = node.operand(0)
  if (given.kind === 'constant') return [quantizedReals(node, given, quant, channelAxis(node, given, quant))]
  node.builder.hasQuantizers = true
  const result = resultType(node, quant)
  const x = node.computed(0)
  return [{ ...x, id: node.emit('quantize', [x.id], ONNX, undefined, result) }]
}

const dequantizeLinear: OperatorRule = (node) => {
  checkForm(node)
  const x = node.operand(0)
  if (standsForIntegers(x) || (x.kind === 'constant' && hasComputedScale(node)))
    return dequantizedByComputed(node)
  if (x.kind === 'constant') {
    const quant = fileQuant(node, 1, 2, x.dtype)
    return [dequantized(x, quant, channelAxis(node, x, quant))]
  }
  const given = quantizedOperand(node, 0, ownQuant(node, 0, 1, 2))
  return [{ ...given, id: node.emit('dequantize', [given.id], {}) }]
}

/** The axis along which a constant has several scales. */
function channelAxis(node: NodeContext, { shape }: Constant, { scale }: FileQuant): number {
  if (scale.length === 1) return 0
  const axis = node.axis(node.int('axis', 1), shape.length)
  if (shape[axis] !== scale.length)
    node.reject('bad-shape', `there are ${scale.length} scales for ${shape[axis]} channels`)
  return axis
}

/** Of a computed operand; without a zero point that of its own type, in the file's numbers. */
function ownQuant(node: NodeContext, n: number, scale: number, zeroPoint: number): FileQuant {
  if (node.inputs[zeroPoint] !== undefined) return fileQuant(node, scale, zeroPoint)
  const operand = node.operand(n)
  const own = operand.kind === 'computed' ? node.builder.type(operand.id).quant?.zeroPoint[0] : undefined
  // The least element of the bytes without sign is their zero.
  return fileQuant(node, scale, zeroPoint, own === -128 ? 'u8' : 'i8')
}

/** The quantization of a result, of the same type as the operand that `from` describes. */
function resultOf(node: NodeContext, scale: number, zeroPoint: number, from: FileQuant) {
  return resultType(node, fileQuant(node, scale, zeroPoint, from.dtype))
}

/** Weights of a convolution: bytes whose zero is 0, or 128 of those without sign. */
function symmetricWeights(
  node: NodeContext,
  weights: Constant,
  quant: FileQuant,
  n: number,
  order: readonly number[],
): ValueId {
  const zero = weights.dtype === 'u8' ? 128 : 0
  const other = quant.zeroPoint.find((each) => each !== zero)
  if (other !== undefined) {
    node.reject(
      'unsupported-attribute',
      `its weights have zero point ${other}, expected ${zero}`,
      'quantize weights symmetrically, to int8',
    )
  }
  return quantizedConstant(node, weights, quant, n, order)
}

const qLinearConv: OperatorRule = (node) => {
  const x = quantizedImage(node, 0, fileQuant(node, 1, 2))
  const rank = node.operand(0).shape.length
  const weights = weightsOf(node, 3)
  const { op, order, attrs, outputs } = convolutionOf(node, x, rank, weights)
  const w = symmetricWeights(node, weights, fileQuant(node, 4, 5, weights.dtype), 3, order)
  const inputs = [x, w, ...integerBias(node, 8, outputs)]
  return node.imageResult(
    node.emit(op, inputs, { ...attrs, ...ONNX }, undefined, resultType(node, fileQuant(node, 6, 7))),
    rank,
  )
}

/** The quantization of integers that have a zero point only; without one it is 0. */
function unscaled(node: NodeContext, zeroPoint: number, dtype: ElementType): FileQuant {
  const zeros = node.optionalConstant(zeroPoint, 'zero point')
  if (zeros?.data.some((zero) => zero !== zeros.data[0]))
    node.reject('unsupported-attribute', 'several zero points are not supported')
  return {
    scale: Float64Array.of(1),
    zeroPoint: Float64Array.of(zeros?.data[0] ?? 0),
    dtype: zeros?.dtype ?? dtype,
  }
}

/** The type of a computed operand's elements, as far as it shows: bytes without sign are quantized before. */
function sumsOperand(node: NodeContext, zeroPoint: number) {
  const operand = node.operand(0)
  const zeros = node.optionalConstant(zeroPoint, 'zero point')
  if (operand.kind === 'constant') return quantizedOperand(node, 0, unscaled(node, zeroPoint, operand.dtype))
  const { dtype, quant } = node.builder.type(operand.id)
  const own = quant?.zeroPoint[0]
  const shift = zeros?.dtype === 'u8' ? -128 : 0
  // Sums do not depend on the scale; the zero point must be the one that the elements have.
  if (own !== undefined && own === (zeros?.data[0] ?? 0) + shift) return operand
  return quantizedOperand(node, 0, unscaled(node, zeroPoint, dtype === 'u8' ? 'u8' : 'i8'))
}

const convInteger: OperatorRule = (node) => {
  if (standsForIntegers(node.operand(0))) return convolvedIntegers(node)
  sumsOperand(node, 2)
  const x = node.image(0)
  const rank = node.operand(0).shape.length
  const weights = weightsOf(node, 1)
  const { op, order, attrs } = convolutionOf(node, x, rank, weights)
  const w = symmetricWeights(node, weights, unscaled(node, 3, weights.dtype), 1, order)
  return node.imageResult(node.emit(op, [x, w], { ...attrs, ...ONNX }, undefined, SUMS), rank)
}

/** The second matrix of a product. */
function matrixOf(node: NodeContext, n: number): Constant {
  const matrix = node.constant(n, 'second matrix')
  if (matrix.shape.length !== 2)
    node.reject('unsupported-rank', `a second matrix of shape [${matrix.shape}] is not supported`)
  return matrix
}

const matMulInteger: OperatorRule = (node) => {
  const weights = matrixOf(node, 1)
  if (standsForIntegers(node.operand(0))) return multipliedIntegers(node, weights)
  sumsOperand(node, 2)
  const quant = unscaled(node, 3, weights.dtype)
  return product(node, weights, false, {
    weights: (matrix, order) => quantizedConstant(node, matrix, quant, 1, order, 1),
    bias: [],
    attrs: ONNX,
    result: SUMS,
  })
}

const qLinearMatMul: OperatorRule = (node) => {
  quantizedOperand(node, 0, fileQuant(node, 1, 2))
  const weights = matrixOf(node, 3)
  const quant = fileQuant(node, 4, 5, weights.dtype)
  return product(node, weights, false, {
    weights: (matrix, order) => quantizedConstant(node, matrix, quant, 3, order, 1),
    bias: [],
    attrs: ONNX,
    result: resultType(node, fileQuant(node, 6, 7)),
  })
}

const qGemm: OperatorRule = (node) => {
  quantizedOperand(node, 0, fileQuant(node, 1, 2))
  const weights = node.constant(3, 'second matrix')
  const transposed = node.int('transB', 0) !== 0
  if (node.int('transA', 0) !== 0) node.reject('unsupported-attribute', 'a transposed input is not supported')
  if (node.float('alpha', 1) !== 1) node.reject('unsupported-attribute', 'a factor alpha is not supported')
  if (weights.shape.length !== 2) node.reject('bad-shape', `its weights have shape [${weights.shape}]`)
  const quant = fileQuant(node, 4, 5, weights.dtype)
  const axis = transposed ? 0 : 1
  const given = {
    weights: (matrix: Constant, order: readonly number[]) =>
      quantizedConstant(node, matrix, quant, 3, order, axis),
    bias: integerBias(node, 6, weights.shape[axis] ?? 1),
    attrs: ONNX,
  }
  if (node.inputs[7] !== undefined) {
    return product(node, weights, transposed, { ...given, result: resultType(node, fileQuant(node, 7, 8)) })
  }
  // Without a scale of its own the result is real.
  const scale = Float64Array.from(quant.scale, (each) => each * (fileQuant(node, 1, 2).scale[0] ?? 1))
  const rank = node.operand(0).shape.length
  const zeroPoint = new Int32Array(scale.length)
  const sums = product(node, weights, transposed, {
    ...given,
    result: {
      dtype: 'i32',
      quant: { scale, zeroPoint, ...(scale.length > 1 && { axis: rank - 1 }) },
    },
  })
  return sums.map((each) => ({ ...each, id: node.emit('dequantize', [each.id], {}) }))
}

/** Inputs A, its scale and zero point, B and its own, and those of the result. */
function binary(op: 'add' | 'mul'): OperatorRule {
  return (node) => {
    const quants = [fileQuant(node, 1, 2), fileQuant(node, 4, 5)] as const
    const inputs = [0, 3] as const
    const operand = (n: 0 | 1): Operand => {
      const given = node.operand(inputs[n])
      return given.kind === 'constant' ? given : quantizedOperand(node, inputs[n], quants[n])
    }
    const { ids, order } = aligned(node, [operand(0), operand(1)], (integers, n, axes) =>
      quantizedConstant(node, integers, n === 0 ? quants[0] : quants[1], n === 0 ? 0 : 3, axes),
    )
    const result = resultOf(node, 6, 7, quants[0])
    return node.result(node.emit(op, ids, ONNX, undefined, result), order)
  }
}

/** Inputs X, its scale and zero point, and those of the result. */
function averaged(node: NodeContext) {
  const quant = fileQuant(node, 1, 2)
  if (node.int('channels_last', 0) !== 0)
    node.reject('unsupported-attribute', 'images with the channels last are not supported')
  quantizedOperand(node, 0, quant)
  return { attrs: ONNX, result: resultOf(node, 3, 4, quant) }
}

/** The same of an op on each element by itself. */
function unary(op: OpName, attrsOf: (node: NodeContext) => Attrs = () => ({})): OperatorRule {
  return (node) => {
    const quant = fileQuant(node, 1, 2)
    const x = quantizedOperand(node, 0, quant)
    const result = resultOf(node, 3, 4, quant)
    return [{ ...x, id: node.emit(op, [x.id], { ...attrsOf(node), ...ONNX }, undefined, result) }]
  }
}

const qLinearSoftmax: OperatorRule = (node) => {
  const quant = fileQuant(node, 1, 2)
  const x = quantizedOperand(node, 0, quant)
  const rank = x.shape.length
  const isOld = node.int('opset', 13) < 13
  const axis = node.axis(node.int('axis', isOld ? 1 : -1), rank)
  if (isOld && axis !== rank - 1)
    node.reject('unsupported-attribute', 'a softmax over several axes is not supported')
  const order = [...plainOrder(rank).filter((each) => each !== axis), axis]
  const id = node.builder.arrange(x, order, node.origin)
  return node.result(node.emit('softmax', [id], ONNX, undefined, resultOf(node, 3, 4, quant)), order)
}

/** Inputs: scale and zero point of the result, then each operand with its own. */
const qLinearConcat: OperatorRule = (node) => {
  const result = resultType(node, fileQuant(node, 0, 1))
  const count = Math.floor((node.inputs.length - 2) / 3)
  const operands = Array.from({ length: count }, (_, n) => {
    const at = 2 + 3 * n
    return quantizedOperand(node, at, fileQuant(node, at + 1, at + 2))
  })
  const [first] = operands
  if (first === undefined) return node.reject('bad-node', 'it has no operands')
  const rank = first.shape.length
  const axis = node.axis(node.int('axis', 1), rank)
  const order = first.flattened ? plainOrder(rank) : first.order
  const ids = operands.map((operand, n) => {
    const id = node.builder.arrange(operand, order, node.origin)
    return node.emit('quantize', [id], ONNX, `${node.outputs[0]} part ${n}`, result)
  })
  return node.result(node.emit('concat', ids, { axis: order.indexOf(axis) }, undefined, result), order)
}

export const QOPERATOR: Readonly<Record<string, OperatorRule>> = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  QLinearConv: qLinearConv,
  QLinearMatMul: qLinearMatMul,
  ConvInteger: convInteger,
  MatMulInteger: matMulInteger,
  'com.microsoft/QLinearAdd': binary('add'),
  'com.microsoft/QLinearMul': binary('mul'),
  'com.microsoft/QLinearAveragePool': pool('avg_pool2d', averaged),
  'com.microsoft/QLinearGlobalAveragePool': globalPool('mean', averaged),
  'com.microsoft/QLinearSoftmax': qLinearSoftmax,
  'com.microsoft/QLinearSigmoid': unary('logistic'),
  'com.microsoft/QLinearLeakyRelu': unary('leaky_relu', (node) => ({
    alpha: Math.fround(node.float('alpha', 0.01)),
  })),
  'com.microsoft/QLinearConcat': qLinearConcat,
  'com.microsoft/QGemm': qGemm,
}
