/** Rules of the ops with weights where there is no vectorized kernel for the operands. */
import {
  type ChannelRequant,
  convRequant,
  fullyConnectedRequant,
  zeroPointOf,
} from '../../../ir/arith/requant.ts'
import type { Arithmetic } from '../../../ir/arith/rounding.ts'
import type { Activation } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Node } from '../../../ir/graph.ts'
import { pads, pair } from '../../../ir/ops/convolution.ts'
import { nhwc, withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { elementCount } from '../../../ir/tensor.ts'
import {
  type ScalarAxis,
  type ScalarConvolutionSpec,
  scalarConvolutionKernel,
  scalingTable,
} from '../kernels/scalar-convolution.ts'
import { byteStrides, elementBytes, type Placement } from '../storage.ts'
import { isVectorized } from './fusion.ts'
import type { Lowering } from './lowering.ts'
import type { Rule } from './rule.ts'
import { unsupported } from './unsupported.ts'

/** The vectorized rule where it fits the operands, else the scalar one. */
export function vectorizedOr(vectorized: Rule): Rule {
  return (node, lowering) => {
    if (isVectorized(lowering.graph, node)) vectorized(node, lowering)
    else scalarConvolution(node, lowering)
  }
}

/** conv2d, depthwise_conv2d, transpose_conv2d, fully_connected. */
function scalarConvolution(node: Node, lowering: Lowering): void {
  if (node.op === 'fully_connected') fullyConnected(node, lowering)
  else convolution(node, lowering)
}

function convolution(node: Node, lowering: Lowering): void {
  const { w, bias, activation, arithmetic } = parameters(node, lowering)
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const attrs = withDefaults(OPS[node.op].attrs, node.attrs)
  const [strideY, strideX] = pair(attrs.stride as readonly number[], 'stride')
  const [dilationY, dilationX] = pair((attrs.dilation ?? [1, 1]) as readonly number[], 'dilation')
  const [top, left] = pads(attrs.pads as readonly number[])
  const [images, height, width, channels] = nhwc(x.type, 'x')
  const [, outputHeight, outputWidth, outputs] = nhwc(y.type, 'y')
  const [, kernelHeight, kernelWidth, lastAxis] = nhwc(w.type, 'w')
  const isDepthwise = node.op === 'depthwise_conv2d'
  const isTransposed = node.op === 'transpose_conv2d'
  const [weightO = 0, weightY = 0, weightX = 0, weightC = 0] = byteStrides(w)
  const inputChannels = isDepthwise ? 1 : lastAxis
  const groups = channels / inputChannels
  const axis = (stride: number, pad: number, dilation: number) =>
    isTransposed
      ? { stride: 1, padBefore: -pad, dilation: -1, inputStride: stride }
      : { stride, padBefore: pad, dilation, inputStride: 1 }
  const [, inputRow = 0, inputPixel = 0] = byteStrides(x)
  const [, outputRow = 0, outputPixel = 0] = byteStrides(y)
  const requant = convRequant(x.type, w.type, y.type, activation, bias?.type, arithmetic)
  emit(
    node,
    lowering,
    { x, w, bias, y, requant },
    {
      images,
      inputImage: x.imagePitch,
      outputImage: y.imagePitch,
      vertical: {
        input: height,
        output: outputHeight,
        kernel: kernelHeight,
        ...axis(strideY, top, dilationY),
        inputBytes: inputRow,
        outputBytes: outputRow,
        weightBytes: weightY,
      },
      horizontal: {
        input: width,
        output: outputWidth,
        kernel: kernelWidth,
        ...axis(strideX, left, dilationX),
        inputBytes: inputPixel,
        outputBytes: outputPixel,
        weightBytes: weightX,
      },
      groups,
      inputChannels,
      outputChannels: outputs / groups,
      weightOutput: isDepthwise ? weightC : weightO,
      weightInput: isDepthwise ? 0 : weightC,
      weightZeroPoint: 0,
    },
  )
}

/** fully_connected: one pixel for each row. */
function fullyConnected(node: Node, lowering: Lowering): void {
  const x = lowering.flat(must(node.inputs[0], 'x'), node)
  const { w, bias, activation, arithmetic } = parameters(node, lowering)
  const { placement: y, finish } = lowering.flatResult(must(node.outputs[0], 'an output'), node)
  const [outputs = 0, depth = 0] = w.type.shape
  const size = elementBytes(x.type.dtype)
  const requant = fullyConnectedRequant(x.type, w.type, y.type, activation, bias?.type, arithmetic)
  const one: ScalarAxis = {
    input: 1,
    output: 1,
    kernel: 1,
    stride: 1,
    padBefore: 0,
    dilation: 1,
    inputStride: 1,
    inputBytes: 0,
    outputBytes: 0,
    weightBytes: 0,
  }
  const rows = elementCount(x.type.shape) / depth
  emit(
    node,
    lowering,
    { x, w, bias, y, requant },
    {
      images: 1,
      inputImage: 0,
      outputImage: 0,
      vertical: one,
      horizontal: {
        ...one,
        input: rows,
        output: rows,
        inputBytes: depth * size,
        outputBytes: outputs * elementBytes(y.type.dtype),
      },
      groups: 1,
      inputChannels: depth,
      outputChannels: outputs,
      weightOutput: depth,
      weightInput: 1,
      weightZeroPoint: zeroPointOf(w.type),
    },
  )
  finish()
}

function parameters(node: Node, lowering: Lowering) {
  const [, w, bias] = node.inputs
  const { activation, arithmetic } = withDefaults(OPS[node.op].attrs, node.attrs)
  return {
    w: lowering.placement(must(w, 'w')),
    bias: bias === undefined ? undefined : lowering.placement(bias),
    activation: activation as Activation,
    arithmetic: arithmetic as Arithmetic,
  }
}

interface Operands {
  readonly x: Placement
  readonly w: Placement
  readonly bias: Placement | undefined
  readonly y: Placement
  readonly requant: ChannelRequant
}

type Geometry = Pick<
  ScalarConvolutionSpec,
  | 'images'
  | 'inputImage'
  | 'outputImage'
  | 'vertical'
  | 'horizontal'
  | 'groups'
  | 'inputChannels'
  | 'outputChannels'
  | 'weightOutput'
  | 'weightInput'
  | 'weightZeroPoint'
>

function emit(
  node: Node,
  lowering: Lowering,
  { x, w, bias, y, requant }: Operands,
  geometry: Geometry,
): void {
  const { rule, wide, inputZeroPoint, outputZeroPoint, min, max } = requant
  if (rule === 'half_even') {
    unsupported(node, `there is no code for the rounding rule ${rule}`)
  }
  if (rule === 'tflite_wide' && requant.shift.some((shift) => shift > LARGEST_WIDE_SHIFT)) {
    unsupported(node, `a scale is more than ${2 ** LARGEST_WIDE_SHIFT} times that of the output`)
  }
  const kernel = scalarConvolutionKernel({
    ...geometry,
    dtype: elementBytes(x.type.dtype) === 1 ? 'i8' : 'i16',
    bias: bias === undefined ? 'none' : elementBytes(bias.type.dtype) === 8 ? 'i64' : 'i32',
    rule,
    wide,
    inputZeroPoint,
    outputZeroPoint,
    min,
    max,
  })
  const scalings = lowering.weights(scalingTable(requant))
  const macs = OPS[node.op].macs({
    inputs: node.inputs.map((id) => lowering.type(id)),
    outputs: node.outputs.map((id) => lowering.type(id)),
    attrs: node.attrs,
  })
  lowering.step(node, kernel, [x.place, w.place, (bias ?? x).place, scalings, y.place], macs)
}

/** The rule `tflite_wide` shifts right by 15 less the shift. */
const LARGEST_WIDE_SHIFT = 14
