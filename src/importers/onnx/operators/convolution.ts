/** Convolutions and matrix products. */
import type { Attrs, ValueId } from '../../../../ir/graph.ts'
import type { TensorType } from '../../../../ir/tensor.ts'
import { type Computed, type Operand, permuted, plainOrder } from '../builder.ts'
import { type Constant, checkShape, constant } from '../constants.ts'
import type { NodeContext, OperatorRule } from '../context.ts'
import { valuesOf, windowsOf } from './windows.ts'

/** Constant weights [O, C / groups, KH, KW], or with one row [O, C / groups, KW], as [O, C / groups, KH, KW]. */
export function weightsOf(node: NodeContext, n = 1): Constant {
  const weights = node.constant(n, 'weights')
  return { ...weights, shape: kernelShape(node, weights.shape) }
}

/** The same of weights that may be computed. */
function anyWeightsOf(node: NodeContext): Operand {
  const weights = node.operand(1)
  if (weights.kind === 'constant') return weightsOf(node)
  const shape = kernelShape(node, weights.shape)
  if (weights.shape.length === 4) return weights
  const id = node.arranged(weights, [0, 1, 2], node.inputName(1))
  const row = node.emit('reshape', [id], { shape }, `${id} as a row`, node.builder.resultOf(id))
  return node.result(row, [0, 1, 2, 3])[0]
}

function kernelShape(node: NodeContext, shape: readonly number[]): readonly number[] {
  const [a = 1, b = 1, ...kernel] = shape
  const given = node.ints('kernel_shape')
  if (given && `${given}` !== `${kernel}`) {
    node.reject('bad-shape', `kernel_shape is [${given}], its weights have the shape [${shape}]`)
  }
  if (kernel.length === 1) return [a, b, 1, ...kernel]
  if (kernel.length === 2) return shape
  return node.reject('unsupported-rank', `a kernel of ${kernel.length} dimensions is not supported`)
}

function biasOf(node: NodeContext, channels: number): readonly string[] {
  if (node.inputs[2] === undefined) return []
  const bias = node.operand(2)
  if (bias.shape.length !== 1 || bias.shape[0] !== channels) {
    node.reject('bad-shape', `its bias has the shape [${bias.shape}], expected [${channels}]`)
  }
  return [node.arranged(bias, [0], node.inputName(2))]
}

/** What a convolution of the file is here; `order` is that of its weights. */
export function convolutionOf(node: NodeContext, x: ValueId, rank: number, weights: Operand) {
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
  const rank = node.operand(0).shape.length
  const weights = anyWeightsOf(node)
  const { op, order, attrs, outputs } = convolutionOf(node, x, rank, weights)
  const w = node.arranged(weights, order, node.inputName(1))
  return node.imageResult(node.emit(op, [x, w, ...biasOf(node, outputs)], attrs), rank)
}

/** Input pixels add weighted kernels, [C, O, KH, KW], to the output; what is padding of the output is cut off. */
const convTranspose: OperatorRule = (node) => {
  const x = node.image(0)
  const rank = node.operand(0).shape.length
  const axes = rank - 2
  const weights = denseWeights(node, anyWeightsOf(node), valuesOf(node, 'dilations', axes, 1))
  const [channels = 1, outputs = 1, kernelHeight = 1, kernelWidth = 1] = weights.shape
  const [, height = 1, width = 1, inputChannels = 1] = node.builder.type(x).shape
  if (inputChannels !== channels) {
    node.reject('bad-shape', `its input has ${inputChannels} channels, its weights take ${channels}`)
  }
  const sizes = axes === 1 ? [width] : [height, width]
  const windows = transposedWindows(node, sizes, axes === 1 ? [kernelWidth] : [kernelHeight, kernelWidth])
  // A signal is an image of one row.
  const [y = ONE_ROW, last = y] = axes === 1 ? [ONE_ROW, ...windows] : windows
  const w = node.arranged(weights, [1, 2, 3, 0], node.inputName(1))
  const attrs = {
    stride: [y.stride, last.stride],
    pads: [y.before, last.before, 0, 0],
    output_size: [y.output, last.output],
  }
  return node.imageResult(node.emit('transpose_conv2d', [x, w, ...biasOf(node, outputs)], attrs), rank)
}

interface TransposedWindow {
  readonly stride: number
  /** Cut off in front. */
  readonly before: number
  readonly output: number
}

const ONE_ROW: TransposedWindow = { stride: 1, before: 0, output: 1 }

/** Along each axis (ConvTranspose in ONNX's documentation). */
function transposedWindows(
  node: NodeContext,
  sizes: readonly number[],
  kernel: readonly number[],
): readonly TransposedWindow[] {
  const axes = sizes.length
  const strides = valuesOf(node, 'strides', axes, 1)
  const outputPadding = valuesOf(node, 'output_padding', axes, 0)
  const pads = valuesOf(node, 'pads', 2 * axes, 0)
  const wanted = node.ints('output_shape')?.slice(-axes)
  const mode = node.string('auto_pad', 'NOTSET')
  return sizes.map((size, axis) => {
    const stride = strides[axis] ?? 1
    const full = stride * (size - 1) + (kernel[axis] ?? 1) + (outputPadding[axis] ?? 0)
    const target = wanted?.[axis] ?? (mode.startsWith('SAME') ? size * stride : undefined)
    if (target === undefined) {
      const [before, after] = mode === 'VALID' ? [0, 0] : [pads[axis] ?? 0, pads[axis + axes] ?? 0]
      return { stride, before, output: full - before - after }
    }
    const total = Math.max(0, full - target)
    const before = mode === 'SAME_UPPER' ? Math.floor(total / 2) : total - Math.floor(total / 2)
    return { stride, before, output: target }
  })
}

/** The weights [C, O / groups, KH, KW] as [C, O, KH, KW], with zeros between groups and between dilated taps. */
function denseWeights(node: NodeContext, weights: Operand, dilations: readonly number[]): Operand {
  const groups = node.int('group', 1)
  const [channels = 1, groupOutputs = 1, kernelHeight = 1, kernelWidth = 1] = weights.shape
  if (groups < 1 || channels % groups !== 0) {
    node.reject('bad-shape', `${channels} channels do not make ${groups} groups`)
  }
  if (groups === 1 && dilations.every((step) => step === 1)) return weights
  const { data, dtype } = node.constant(1, 'weights, in groups or dilated,')
  const [stepY, stepX] = [dilations.at(-2) ?? 1, dilations.at(-1) ?? 1]
  const [height, width] = [(kernelHeight - 1) * stepY + 1, (kernelWidth - 1) * stepX + 1]
  const outputs = groupOutputs * groups
  checkShape([channels, outputs, height, width], `the weights of ${node.origin.path}`, node.origin.file)
  const dense = new Float64Array(channels * outputs * height * width)
  let from = 0
  for (let c = 0; c < channels; c++) {
    const first = Math.floor(c / (channels / groups)) * groupOutputs
    for (let o = first; o < first + groupOutputs; o++) {
      for (let y = 0; y < kernelHeight; y++) {
        for (let x = 0; x < kernelWidth; x++) {
          const at = ((c * outputs + o) * height + y * stepY) * width + x * stepX
          dense[at] = data[from++] ?? 0
        }
      }
    }
  }
  return constant(dtype, [channels, outputs, height, width], dense)
}

/** How the constants of a matrix product become values, and what it gives. */
export interface Matrices {
  /** The first matrix, if not the node's input 0. */
  readonly x?: Computed
  readonly weights: (matrix: Constant, order: readonly number[]) => ValueId
  readonly bias: readonly ValueId[]
  readonly attrs?: Attrs
  readonly result?: Omit<TensorType, 'shape'>
  /** The name of the product, if not the node's output's. */
  readonly wish?: string
}

/** Weights [I, O], or [O, I] if `transposed`, and a bias that is the same in every row. */
export function product(node: NodeContext, weights: Constant, transposed: boolean, given: Matrices) {
  const x = given.x ?? node.computed(0)
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
  const y = node.emit('fully_connected', [id, w, ...given.bias], attrs, given.wish, given.result)
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

/** Rows of the first operand times the second, both with any number of computed elements. */
function computedProduct(node: NodeContext, a: Computed, b: Operand): Computed {
  const [depth, outputs] = b.shape
  if (a.shape.at(-1) !== depth) {
    node.reject('bad-shape', `the shapes [${a.shape}] and [${b.shape}] do not multiply`)
  }
  const rows = node.arranged(a, plainOrder(a.shape.length), node.inputName(0))
  const w = node.arranged(b, [1, 0], node.inputName(1))
  const y = node.emit('fully_connected', [rows, w], { keep_dims: true })
  return {
    kind: 'computed',
    id: y,
    shape: [...a.shape.slice(0, -1), outputs ?? 1],
    order: plainOrder(a.shape.length),
  }
}

const matMul: OperatorRule = (node) => {
  const [a, b] = [node.operand(0), node.operand(1)]
  if (b.shape.length !== 2 || a.shape.length < 2) {
    node.reject('unsupported-rank', `matrices of shapes [${a.shape}] and [${b.shape}] are not supported`)
  }
  if (b.kind === 'constant') return realProduct(node, b, false)
  return [computedProduct(node, node.computed(0), b)]
}

const gemm: OperatorRule = (node) => {
  const [alpha, beta] = [node.float('alpha', 1), node.float('beta', 1)]
  const isTransposed = (name: string) => node.int(name, 0) !== 0
  const [transA, transB] = [isTransposed('transA'), isTransposed('transB')]
  const [weights, added] = [node.operand(1), node.inputs[2]]
  if (node.operand(0).shape.length !== 2 || weights.shape.length !== 2) {
    node.reject('bad-shape', `[${node.operand(0).shape}] and [${weights.shape}] are not matrices`)
  }
  const outputs = weights.shape[transB ? 0 : 1] ?? 1
  const isRow = added === undefined || (added.kind === 'constant' && isRowOf(added, outputs))
  if (weights.kind === 'constant' && isRow && !transA) {
    const bias = added && constant('f32', [outputs], rowOf(added, outputs, beta))
    const scaled =
      alpha === 1 ? weights : { ...weights, data: weights.data.map((w) => Math.fround(w * alpha)) }
    return realProduct(node, scaled, transB, bias)
  }
  const matrix = (n: number, transposed: boolean): Computed => {
    const x = node.computed(n)
    const id = node.arranged(x, transposed ? [1, 0] : [0, 1], node.inputName(n))
    return node.result(id, [0, 1])[0]
  }
  const y = computedProduct(node, matrix(0, transA), matrix(1, transB))
  const name = node.outputs[0] ?? ''
  const scaled = (x: string, factor: number, what: string) =>
    factor === 1
      ? x
      : node.emit('mul', [x, node.numbers([factor], `${name} ${what}`)], {}, `${name} by ${what}`)
  const result = scaled(y.id, alpha, 'alpha')
  if (added === undefined) return node.result(result, [0, 1])
  const summand = node.arranged(added, plainOrder(added.shape.length), node.inputName(2))
  return node.result(node.emit('add', [result, scaled(summand, beta, 'beta')], {}), [0, 1])
}

/** One number for each column, or one for all. */
function isRowOf({ shape, data }: Constant, columns: number): boolean {
  return data.length === 1 || (data.length === columns && shape.at(-1) === columns)
}

function rowOf(added: Operand, columns: number, factor: number): readonly number[] {
  const data = added.kind === 'constant' ? added.data : []
  return Array.from({ length: columns }, (_, o) =>
    Math.fround((data[data.length === 1 ? 0 : o] ?? 0) * factor),
  )
}

export const CONVOLUTIONS = { Conv: conv, ConvTranspose: convTranspose, MatMul: matMul, Gemm: gemm }
