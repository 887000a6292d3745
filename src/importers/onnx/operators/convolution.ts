/** Convolutions and matrix products. */
import type { Attrs, ValueId } from '../../../../ir/graph.ts'
import type { TensorType } from '../../../../ir/tensor.ts'
import { permuted } from '../builder.ts'
import { type Constant, constant } from '../constants.ts'
import type { NodeContext, OperatorRule } from '../context.ts'
import { windowsOf } from './windows.ts'

/** Weights [O, C / groups, KH, KW], or with one row [O, C / groups, KW]. */
export function weightsOf(node: NodeContext, n = 1): Constant {
  const weights = node.constant(n, 'weights')
  const [a = 1, b = 1, ...kernel] = weights.shape
  if (kernel.length === 1) return { ...weights, shape: [a, b, 1, ...kernel] }
  if (kernel.length === 2) return weights
  return node.reject('unsupported-rank', `a kernel of ${kernel.length} dimensions is not supported`)
}

function biasOf(node: NodeContext, channels: number): readonly string[] {
  const bias = node.optionalConstant(2, 'bias')
  if (bias === undefined) return []
  if (bias.data.length !== channels) {
    node.reject('bad-shape', `its bias has ${bias.data.length} elements, expected ${channels}`)
  }
  return [node.builder.real({ ...bias, shape: [channels] }, node.inputName(2))]
}

/** What a convolution of the file is here; `order` is that of its weights. */
export function convolutionOf(node: NodeContext, x: ValueId, rank: number, weights: Constant) {
  const [outputs = 1, groupChannels = 1, kernelHeight = 1, kernelWidth = 1] = weights.shape
  const [, height = 1, width = 1, channels = 1] = node.builder.type(x).shape
  const groups = node.int('group', 1)
  if (channels !== groups * groupChannels || outputs % groups !== 0) {
    node.reject(
      'bad-shape',
      `its input has ${channels} channels, its weights take ${groupChannels} in ${groups} groups`,
    )
  }
  const kernel = rank === 3 ? [kernelWidth] : [kernelHeight, kernelWidth]
  const { stride, dilation, pads } = windowsOf(node, [height, width], kernel)
  const attrs = { stride, dilation, pads }
  return groups === channels && groups > 1
    ? { op: 'depthwise_conv2d' as const, order: [1, 2, 3, 0], attrs, outputs }
    : { op: 'conv2d' as const, order: [0, 2, 3, 1], attrs, outputs }
}

const conv: OperatorRule = (node) => {
  const x = node.image(0)
  const rank = node.operand(0).kind === 'constant' ? 4 : node.computed(0).shape.length
  const weights = weightsOf(node)
  const { op, order, attrs, outputs } = convolutionOf(node, x, rank, weights)
  const w = node.builder.real(weights, node.inputName(1), order)
  return node.imageResult(node.emit(op, [x, w, ...biasOf(node, outputs)], attrs), rank)
}

/** Weights [C, O, KH, KW]. */
const convTranspose: OperatorRule = (node) => {
  const x = node.image(0)
  const rank = node.computed(0).shape.length
  const weights = weightsOf(node)
  const [channels = 1, outputs = 1, kernelHeight = 1, kernelWidth = 1] = weights.shape
  if (node.int('group', 1) !== 1) node.reject('unsupported-attribute', 'groups are not supported')
  const [, height = 1, width = 1, inputChannels = 1] = node.builder.type(x).shape
  if (inputChannels !== channels) {
    node.reject('bad-shape', `its input has ${inputChannels} channels, its weights take ${channels}`)
  }
  const kernel = rank === 3 ? [kernelWidth] : [kernelHeight, kernelWidth]
  if (node.ints('dilations')?.some((d) => d !== 1))
    node.reject('unsupported-attribute', 'dilations are not supported')
  const axes = kernel.map((k, axis) => {
    const size = (rank === 3 ? [width] : [height, width])[axis] ?? 1
    const stride = node.ints('strides')?.[axis] ?? 1
    const outputPadding = node.ints('output_padding')?.[axis] ?? 0
    const full = stride * (size - 1) + k + outputPadding
    const wanted = node.ints('output_shape')?.at(axis - kernel.length)
    const mode = node.string('auto_pad', 'NOTSET')
    const target = wanted ?? (mode.startsWith('SAME') ? size * stride : undefined)
    if (target === undefined) {
      const before = node.ints('pads')?.[axis] ?? 0
      const after = node.ints('pads')?.[axis + kernel.length] ?? 0
      return { stride, before, output: full - before - after }
    }
    const total = Math.max(0, full - target)
    const before = mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2)
    return {
      stride,
      before: wanted !== undefined && mode === 'NOTSET' ? Math.floor(total / 2) : before,
      output: target,
    }
  })
  const [y = { stride: 1, before: 0, output: 1 }, last = y] =
    rank === 3 ? [{ stride: 1, before: 0, output: 1 }, ...axes] : axes
  const w = node.builder.real(weights, node.inputName(1), [1, 2, 3, 0])
  const attrs = {
    stride: [y.stride, last.stride],
    pads: [y.before, last.before, 0, 0],
    output_size: [y.output, last.output],
  }
  return node.imageResult(node.emit('transpose_conv2d', [x, w, ...biasOf(node, outputs)], attrs), rank)
}

/** How the constants of a matrix product become values, and what it gives. */
export interface Matrices {
  readonly weights: (matrix: Constant, order: readonly number[]) => ValueId
  readonly bias: readonly ValueId[]
  readonly attrs?: Attrs
  readonly result?: Omit<TensorType, 'shape'>
}

/** Weights [I, O], or [O, I] if `transposed`, and a bias that is the same in every row. */
export function product(node: NodeContext, weights: Constant, transposed: boolean, given: Matrices) {
  const x = node.computed(0)
  const [depth = 1, outputs = 1] = transposed ? [...weights.shape].reverse() : weights.shape
  if (x.shape.at(-1) !== depth) {
    node.reject('bad-shape', `its input has rows of ${x.shape.at(-1)} elements, its weights take ${depth}`)
  }
  let matrix = weights
  let id = x.id
  if (x.flattened) {
    // The weights follow the features, which lie in another order than in the file.
    const { shape, order } = x.flattened
    const [, ...features] = shape
    const spread = transposed ? [outputs, ...features] : [...features, outputs]
    const axes = order.slice(1).map((axis) => (transposed ? axis : axis - 1))
    const whole = transposed ? [0, ...axes] : [...axes, features.length]
    matrix = { ...weights, data: permuted({ ...weights, shape: spread }, whole).data }
  } else {
    id = node.arranged(
      x,
      x.shape.map((_, axis) => axis),
      node.inputName(0),
    )
  }
  const w = given.weights(matrix, transposed ? [0, 1] : [1, 0])
  const attrs = { keep_dims: true, ...given.attrs }
  const y = node.emit('fully_connected', [id, w, ...given.bias], attrs, undefined, given.result)
  return node.result(
    y,
    node.builder.type(y).shape.map((_, axis) => axis),
  )
}

/** A product of float32. */
function realProduct(node: NodeContext, weights: Constant, transposed: boolean, bias?: Constant) {
  const wish = node.inputName(1)
  return product(node, weights, transposed, {
    weights: (matrix, order) => node.builder.real(matrix, wish, order),
    bias: bias === undefined ? [] : [node.builder.real(bias, `${wish} bias`)],
  })
}

const matMul: OperatorRule = (node) => {
  const weights = node.constant(1, 'second matrix')
  if (weights.shape.length !== 2 || node.computed(0).shape.length < 2) {
    node.reject(
      'unsupported-rank',
      `matrices of shapes [${node.computed(0).shape}] and [${weights.shape}] are not supported`,
    )
  }
  return realProduct(node, weights, false)
}

const gemm: OperatorRule = (node) => {
  const weights = node.constant(1, 'second matrix')
  const [alpha, beta] = [node.float('alpha', 1), node.float('beta', 1)]
  if (node.int('transA', 0) !== 0) node.reject('unsupported-attribute', 'a transposed input is not supported')
  const transposed = node.int('transB', 0) !== 0
  if (weights.shape.length !== 2) node.reject('bad-shape', `its weights have shape [${weights.shape}]`)
  const outputs = weights.shape[transposed ? 0 : 1] ?? 1
  const added = node.optionalConstant(2, 'bias')
  const isRow = added === undefined || added.data.length === added.shape.at(-1) || added.data.length === 1
  if (added && (!isRow || (added.data.length !== 1 && added.data.length !== outputs))) {
    node.reject('unsupported-rank', `a bias of shape [${added.shape}] is not the same in every row`)
  }
  const bias =
    added &&
    constant(
      'f32',
      [outputs],
      Array.from({ length: outputs }, (_, o) =>
        Math.fround((added.data[added.data.length === 1 ? 0 : o] ?? 0) * beta),
      ),
    )
  const scaled = alpha === 1 ? weights : { ...weights, data: weights.data.map((w) => Math.fround(w * alpha)) }
  return realProduct(node, scaled, transposed, bias)
}

export const CONVOLUTIONS = { Conv: conv, ConvTranspose: convTranspose, MatMul: matMul, Gemm: gemm }
