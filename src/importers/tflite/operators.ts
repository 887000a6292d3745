/**
 * The TFLite operators that can be imported, as a table: which IR op each becomes, which of its tensors are operands,
 * which element types it may have, and how its options and constant operands become attributes (docs/ops.md).
 */
import type { DType } from '../../../ir/dtype.ts'
import type { Attrs } from '../../../ir/graph.ts'
import { elementCount, type TensorType } from '../../../ir/tensor.ts'
import { explicitPadding, normalizeSlice } from './geometry.ts'
import { SEQUENCE_LSTM } from './lstm.ts'
import { ACTIVATIONS, PADDINGS } from './names.ts'
import { type OperatorRule, type OperatorView, rule } from './rule.ts'
import { OPTIONS, type Table } from './schema.ts'

const ACTIVATION: readonly DType[] = ['i8', 'i16', 'f32']
/** Ops that only move elements do so whatever they are. */
const ANY: readonly DType[] = ['i8', 'u8', 'i16', 'i32', 'f32']
const WEIGHTS: readonly DType[] = ['i8', 'f32']
const BIAS: readonly DType[] = ['i32', 'i64', 'f32']

const WINDOWED = { operands: [0, 1, 2], required: 2, types: [ACTIVATION, WEIGHTS, BIAS], result: ACTIVATION }
const ELEMENTWISE = { types: [ACTIVATION], result: ACTIVATION }
const BINARY = { operands: [0, 1], types: [ACTIVATION, ACTIVATION], result: ACTIVATION }
const MOVEMENT = { types: [ANY], result: ANY }

export const OPERATOR_RULES: Readonly<Record<string, OperatorRule>> = {
  CONV_2D: rule(OPTIONS.conv2d, {
    op: 'conv2d',
    ...WINDOWED,
    attrs: convolution,
    // As tensorflow/lite/kernels/conv.cc, `Prepare`, chooses.
    inputQuantization: (view) => (hasDifferentScales(view.input(1)) ? 'asymmetric' : 'symmetric'),
  }),
  DEPTHWISE_CONV_2D: rule(OPTIONS.depthwiseConv2d, {
    op: 'depthwise_conv2d',
    ...WINDOWED,
    attrs: convolution,
    inputQuantization: () => 'asymmetric',
  }),
  TRANSPOSE_CONV: rule(OPTIONS.transposeConv, {
    op: 'transpose_conv2d',
    ...WINDOWED,
    operands: [2, 1, 3],
    attrs: (view) => {
      const shape = view.ints(0, 'output shape')
      if (shape.length !== 4) view.reject('bad-shape', 'its output shape is not NHWC')
      const output = positive(view, shape.slice(1, 3), 'output size')
      const stride = strideOf(view)
      const kernel = spatial(view, 1)
      const pads = padsOf(view, output, kernel, stride, [1, 1])
      return { stride, pads, output_size: output, activation: activationOf(view) }
    },
  }),
  FULLY_CONNECTED: rule(OPTIONS.fullyConnected, {
    op: 'fully_connected',
    ...WINDOWED,
    attrs: (view) => {
      if (view.options.weightsFormat !== 0) {
        view.reject('unsupported-option', 'shuffled weights are not supported', 'export with default weights')
      }
      return { activation: activationOf(view), keep_dims: view.options.keepDims }
    },
    inputQuantization: (view) => (view.options.asymmetricQuantizeInputs ? 'asymmetric' : 'symmetric'),
  }),
  ADD: rule(OPTIONS.add, { op: 'add', ...BINARY, attrs: sum }),
  SUB: rule(OPTIONS.sub, { op: 'sub', ...BINARY, attrs: sum }),
  MUL: rule(OPTIONS.mul, { op: 'mul', ...BINARY, attrs: (view) => ({ activation: activationOf(view) }) }),
  PAD: {
    op: 'pad',
    ...MOVEMENT,
    // Real zero. Source: tensorflow/lite/kernels/pad.cc, which takes the output's zero point.
    attrs: (view) => ({ paddings: view.ints(1, 'paddings'), value: view.output.quant?.zeroPoint[0] ?? 0 }),
  },
  PADV2: {
    op: 'pad',
    ...MOVEMENT,
    types: [['i8', 'u8', 'i16', 'i32']],
    result: ['i8', 'u8', 'i16', 'i32'],
    attrs: (view) => ({ paddings: view.ints(1, 'paddings'), value: view.ints(2, 'padding value')[0] ?? 0 }),
  },
  AVERAGE_POOL_2D: rule(OPTIONS.pool2d, { op: 'avg_pool2d', ...ELEMENTWISE, attrs: pooling }),
  MAX_POOL_2D: rule(OPTIONS.pool2d, { op: 'max_pool2d', ...ELEMENTWISE, attrs: pooling }),
  MEAN: rule(OPTIONS.reducer, {
    op: 'mean',
    ...ELEMENTWISE,
    attrs: (view) => {
      const rank = view.input(0).shape.length
      const axes = view.ints(1, 'axes').map((axis) => axisOf(view, axis, rank))
      return { axes: [...new Set(axes)].sort((a, b) => a - b), keep_dims: view.options.keepDims }
    },
  }),
  RESHAPE: rule(OPTIONS.reshape, { op: 'reshape', ...MOVEMENT, attrs: reshape }),
  TRANSPOSE: { op: 'transpose', ...MOVEMENT, attrs: (view) => ({ perm: view.ints(1, 'permutation') }) },
  CONCATENATION: rule(OPTIONS.concatenation, {
    op: 'concat',
    ...MOVEMENT,
    operands: 'all',
    attrs: (view) => ({
      axis: axisOf(view, view.options.axis, view.output.shape.length),
      activation: activationOf(view),
    }),
  }),
  SOFTMAX: rule(OPTIONS.softmax, {
    op: 'softmax',
    ...ELEMENTWISE,
    attrs: (view) => ({ beta: finite(view, view.options.beta, 'beta') }),
  }),
  LOGISTIC: { op: 'logistic', ...ELEMENTWISE, attrs: none },
  TANH: { op: 'tanh', ...ELEMENTWISE, attrs: none },
  RELU: { op: 'relu', ...ELEMENTWISE, attrs: none },
  RELU6: { op: 'relu6', ...ELEMENTWISE, attrs: none },
  LEAKY_RELU: rule(OPTIONS.leakyRelu, {
    op: 'leaky_relu',
    ...ELEMENTWISE,
    attrs: (view) => ({ alpha: finite(view, view.options.alpha, 'alpha') }),
  }),
  HARD_SWISH: { op: 'hard_swish', ...ELEMENTWISE, attrs: none },
  UNIDIRECTIONAL_SEQUENCE_LSTM: SEQUENCE_LSTM,
  STRIDED_SLICE: rule(OPTIONS.stridedSlice, { op: 'strided_slice', ...MOVEMENT, attrs: slice }),
  RESIZE_NEAREST_NEIGHBOR: rule(OPTIONS.resizeNearest, { op: 'resize_nearest', ...MOVEMENT, attrs: resize }),
  RESIZE_BILINEAR: rule(OPTIONS.resizeBilinear, { op: 'resize_bilinear', ...ELEMENTWISE, attrs: resize }),
  QUANTIZE: { op: 'quantize', types: [ANY], result: ['i8', 'u8', 'i16', 'i32'], attrs: none },
  DEQUANTIZE: { op: 'dequantize', types: [['i8', 'u8', 'i16', 'i32']], result: ['f32'], attrs: none },
}

function hasDifferentScales({ quant }: TensorType): boolean {
  return quant?.scale.some((scale) => scale !== quant.scale[0]) ?? false
}

function none(): Attrs {
  return {}
}

type Activated = { readonly activation: number }
type Strided = { readonly padding: number; readonly strideW: number; readonly strideH: number }

function convolution(
  view: OperatorView<Activated & Strided & { readonly dilationW: number; readonly dilationH: number }>,
): Attrs {
  const stride = strideOf(view)
  const dilation = positive(view, [view.options.dilationH, view.options.dilationW], 'dilation')
  const pads = padsOf(view, spatial(view, 0), spatial(view, 1), stride, dilation)
  return { stride, dilation, pads, activation: activationOf(view) }
}

function pooling(
  view: OperatorView<Activated & Strided & { readonly filterW: number; readonly filterH: number }>,
): Attrs {
  const stride = strideOf(view)
  const kernel = positive(view, [view.options.filterH, view.options.filterW], 'kernel')
  const pads = padsOf(view, spatial(view, 0), kernel, stride, [1, 1])
  return { kernel, stride, pads, activation: activationOf(view) }
}

/**
 * ADD and SUB. With int16 and scales that are all powers of two, TFLite shifts instead of multiplying, which rounds
 * otherwise (tensorflow/lite/kernels/add.cc); that rule is not one of the IR's.
 */
function sum(view: OperatorView<Activated & { readonly powerOfTwoScaleInt16: boolean }>): Attrs {
  const types = [view.input(0), view.input(1), view.output]
  const shifts = types.every((type) => isNearPowerOfTwo(type.quant?.scale[0] ?? Number.NaN))
  if (view.output.dtype === 'i16' && view.options.powerOfTwoScaleInt16 && shifts) {
    const hint = 'export with pot_scale_int16 = false, as the 16x8 quantizer does'
    view.reject('unsupported-option', 'int16 addition by shifts (power-of-two scales) is not supported', hint)
  }
  return { activation: activationOf(view) }
}

/** With the tolerance of CheckedLog2 in tensorflow/lite/kernels/internal/quantization_util.cc. */
function isNearPowerOfTwo(scale: number): boolean {
  const exponent = Math.log2(scale)
  return Math.abs(exponent - Math.round(exponent)) < 1e-3
}

function reshape(view: OperatorView<{ readonly newShape: readonly number[] }>): Attrs {
  const wanted = view.inputCount > 1 ? view.ints(1, 'new shape') : view.options.newShape
  // Old files write a scalar's shape as [0]; a file without any shape means that of the output.
  if (wanted.length === 1 && wanted[0] === 0) return { shape: [] }
  if (view.inputCount < 2 && wanted.length === 0) return { shape: view.output.shape }
  const elements = elementCount(view.input(0).shape)
  const known = elementCount(wanted.filter((extent) => extent !== -1))
  const shape = wanted.map((extent) => (extent === -1 ? elements / known : extent))
  if (!shape.every((extent) => Number.isInteger(extent) && extent > 0) || elementCount(shape) !== elements) {
    view.reject('bad-shape', `${elements} elements do not fit the new shape [${wanted.join(', ')}]`)
  }
  return { shape }
}

function slice(view: OperatorView<Table<typeof OPTIONS.stridedSlice>>): Attrs {
  if (view.options.newAxisMask !== 0) {
    view.reject('unsupported-option', 'slices that add an axis are not supported', 'reshape after the slice')
  }
  const { shape } = view.input(0)
  const begin = view.ints(1, 'begin')
  const end = view.ints(2, 'end')
  const strides = view.ints(3, 'strides')
  const normalized = normalizeSlice(shape, begin, end, strides, view.options)
  if (!normalized || end.length !== begin.length || strides.length !== begin.length) {
    view.reject('bad-slice', `its begin, end and strides do not fit the shape [${shape.join(', ')}]`)
  }
  return { ...normalized }
}

function resize(
  view: OperatorView<{ readonly alignCorners: boolean; readonly halfPixelCenters: boolean }>,
): Attrs {
  const size = positive(view, view.ints(1, 'size'), 'size')
  if (size.length !== 2) view.reject('bad-shape', `its size [${size.join(', ')}] is not a height and a width`)
  return {
    size,
    align_corners: view.options.alignCorners,
    half_pixel_centers: view.options.halfPixelCenters,
  }
}

/** Height and width of an NHWC or OHWI tensor. */
function spatial(view: OperatorView<unknown>, index: number): readonly number[] {
  const { shape } = view.input(index)
  if (shape.length !== 4) view.reject('bad-shape', `a tensor of rank 4 is needed, not [${shape.join(', ')}]`)
  return shape.slice(1, 3)
}

function strideOf(view: OperatorView<Strided>): readonly number[] {
  return positive(view, [view.options.strideH, view.options.strideW], 'stride')
}

function padsOf(
  view: OperatorView<Strided>,
  input: readonly number[],
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): readonly number[] {
  const padding = PADDINGS[view.options.padding]
  if (padding === undefined) view.reject('bad-option', `padding ${view.options.padding} does not exist`)
  const axis = (i: number) =>
    explicitPadding(padding, {
      input: input[i] ?? 1,
      kernel: kernel[i] ?? 1,
      stride: stride[i] ?? 1,
      dilation: dilation[i] ?? 1,
    })
  const [top, bottom] = axis(0)
  const [left, right] = axis(1)
  return [top, left, bottom, right]
}

function activationOf(view: OperatorView<Activated>): string {
  const { name, activation } = ACTIVATIONS[view.options.activation] ?? { name: `${view.options.activation}` }
  if (activation === undefined) {
    view.reject(
      'unsupported-option',
      `the fused activation ${name} is not supported`,
      'export it as an operator',
    )
  }
  return activation
}

function positive(view: OperatorView<unknown>, values: readonly number[], what: string): readonly number[] {
  if (values.some((value) => value < 1)) {
    view.reject('bad-option', `its ${what} [${values.join(', ')}] must be at least 1`)
  }
  return values
}

function finite(view: OperatorView<unknown>, value: number, what: string): number {
  if (!Number.isFinite(value)) view.reject('bad-option', `its ${what} is ${value}`)
  return value
}

/** An axis counted from the front. */
function axisOf(view: OperatorView<unknown>, axis: number, rank: number): number {
  const fromFront = axis < 0 ? axis + rank : axis
  if (fromFront < 0 || fromFront >= rank) {
    view.reject('bad-option', `axis ${axis} does not exist: the tensor has ${rank}`)
  }
  return fromFront
}
