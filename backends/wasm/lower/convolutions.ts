/** Rules of the ops with weights, for int8: each becomes the convolution kernel or the depthwise one. */
import { convRequant, fullyConnectedRequant } from '../../../ir/arith/requant.ts'
import type { Arithmetic } from '../../../ir/arith/rounding.ts'
import type { Activation } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import type { Node } from '../../../ir/graph.ts'
import { nhwc, withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { elementCount } from '../../../ir/tensor.ts'
import { DEPTHWISE_VECTORS, depthwiseFours, depthwiseKernel } from '../kernels/depthwise.ts'
import { at, elementBytes, isContiguous, type Placement } from '../storage.ts'
import { binaryConv2d, binaryFullyConnected } from './binary.ts'
import { isBinary } from './fusion.ts'
import {
  channelsOf,
  eachImage,
  elementRange,
  type LayerResult,
  macsOf,
  result,
  windowAttrs,
} from './layers.ts'
import type { Lowering } from './lowering.ts'
import { product } from './products.ts'
import { packLayer } from './weights.ts'

interface Operands extends LayerResult {
  readonly x: Placement
  readonly weights: TensorData
  readonly bias: TensorData | undefined
}

function operands(node: Node, lowering: Lowering): Operands {
  const [x, w, b] = node.inputs
  const weights = must(lowering.constant(w), 'constant weights')
  return {
    x: lowering.placement(must(x, 'x')),
    ...result(node, lowering, 'windows'),
    weights,
    bias: lowering.constant(b),
  }
}

/** conv2d: each group of channels by itself. */
export function conv2d(node: Node, lowering: Lowering): void {
  if (isBinary(lowering.graph, node)) {
    binaryConv2d(node, lowering)
    return
  }
  const given = operands(node, lowering)
  const [, kernelHeight, kernelWidth, groupChannels] = nhwc(lowering.type(must(node.inputs[1], 'w')), 'w')
  groupedConvolution(node, lowering, given, [kernelHeight, kernelWidth, groupChannels])
}

/** A convolution in groups of `groupChannels` input channels, with weights OHWI. */
function groupedConvolution(
  node: Node,
  lowering: Lowering,
  { x, y, sumsType, staircase, weights, bias }: Operands,
  [kernelHeight, kernelWidth, groupChannels]: readonly [number, number, number],
): void {
  const wType = lowering.type(must(node.inputs[1], 'w'))
  const [, height, width, channels] = nhwc(x.type, 'x')
  const [, outputHeight, outputWidth, outputs] = nhwc(y.type, 'y')
  const attrs = windowAttrs(node)
  const groups = channels / groupChannels
  const groupOutputs = outputs / groups
  // The taps of a kernel row lie side by side, if the window is dense: one run of bytes.
  const isDense = attrs.dilationX === 1 && groups === 1
  const runs = isDense ? 1 : kernelWidth
  const runBytes = (isDense ? kernelWidth : 1) * groupChannels
  const paddedBytes = Math.ceil(runBytes / 4) * 4
  // Without a window rows do not matter: all pixels are one row.
  const isPointwise =
    kernelHeight * kernelWidth * attrs.strideX * attrs.strideY === 1 && isContiguous(x) && isContiguous(y)
  const columns = isPointwise ? height * width : outputWidth
  const requant = convRequant(
    x.type,
    wType,
    sumsType,
    attrs.activation,
    node.inputs[2] === undefined ? undefined : lowering.type(node.inputs[2]),
    attrs.arithmetic,
  )
  for (let g = 0; g < groups; g++) {
    const firstOutput = g * groupOutputs
    const { kernel, weights: places } = product(
      lowering,
      {
        channels: groupOutputs,
        weight(channel, k) {
          const within = k % paddedBytes
          if (within >= runBytes) return 0
          const row = (firstOutput + channel) * kernelHeight * runs + Math.floor(k / paddedBytes)
          return Number(weights[row * runBytes + within])
        },
        bias: bias?.slice(firstOutput, firstOutput + groupOutputs),
        requant: channelsOf(requant, firstOutput, groupOutputs),
        inputRange: elementRange(x.type),
        ...(staircase && { staircase: staircase(firstOutput) }),
      },
      {
        rows: isPointwise ? 1 : outputHeight,
        columns,
        inputColumn: attrs.strideX * channels,
        inputRow: attrs.strideY * x.rowPitch,
        outputColumn: y.rowBytes / outputWidth,
        outputRow: y.rowPitch,
        outer: { count: kernelHeight, step: attrs.dilationY * x.rowPitch },
        inner: { count: runs, step: attrs.dilationX * channels },
        bytes: runBytes,
      },
      node.name,
    )
    const window = at(x.place, g * groupChannels - attrs.top * x.rowPitch - attrs.left * channels)
    const output = at(y.place, firstOutput * elementBytes(y.type.dtype))
    eachImage(node, lowering, x, y, kernel, window, output, places, groups)
  }
}

/** depthwise_conv2d: with one output for each channel its own kernel, else a convolution in groups. */
export function depthwiseConv2d(node: Node, lowering: Lowering): void {
  const given = operands(node, lowering)
  const { x, y, sumsType, staircase, weights, bias } = given
  const wType = lowering.type(must(node.inputs[1], 'w'))
  const [, , , channels] = nhwc(x.type, 'x')
  const [, outputHeight, outputWidth, outputs] = nhwc(y.type, 'y')
  const [, kernelHeight, kernelWidth] = nhwc(wType, 'w')
  if (outputs !== channels) {
    const [kernel, turned] = [[kernelHeight, kernelWidth, 1] as const, outputsFirst(weights, outputs)]
    groupedConvolution(node, lowering, { ...given, weights: turned }, kernel)
    return
  }
  const attrs = windowAttrs(node)
  const requant = convRequant(
    x.type,
    wType,
    sumsType,
    attrs.activation,
    node.inputs[2] === undefined ? undefined : lowering.type(node.inputs[2]),
    attrs.arithmetic,
  )
  const groups = Math.ceil(kernelWidth / 4)
  const packed = packLayer(
    lowering,
    {
      channels: outputs,
      depth: 4 * depthwiseFours(kernelHeight, kernelWidth),
      weight(channel, k) {
        const ky = Math.floor(k / (4 * groups))
        const kx = k % (4 * groups)
        return kx < kernelWidth ? Number(weights[(ky * kernelWidth + kx) * outputs + channel]) : 0
      },
      bias,
      requant,
      inputRange: elementRange(x.type),
      ...(staircase && { staircase: staircase(0) }),
      vectors: DEPTHWISE_VECTORS,
    },
    node.name,
  )
  const kernel = depthwiseKernel({
    rows: outputHeight,
    columns: outputWidth,
    channels,
    kernelHeight,
    kernelWidth,
    inputColumn: attrs.strideX * channels,
    inputRow: attrs.strideY * x.rowPitch,
    tapColumn: attrs.dilationX * channels,
    tapRow: attrs.dilationY * x.rowPitch,
    outputRow: y.rowPitch,
    epilogue: packed.epilogue,
    exact: packed.exact,
  })
  const window = at(x.place, -attrs.top * x.rowPitch - attrs.left * channels)
  eachImage(node, lowering, x, y, kernel, window, y.place, [packed.weights], 1)
}

/** Weights HWO as OHW. */
function outputsFirst(weights: TensorData, outputs: number): TensorData {
  const taps = weights.length / outputs
  return Int8Array.from({ length: weights.length }, (_, n) =>
    Number(weights[(n % taps) * outputs + Math.floor(n / taps)]),
  )
}

/** fully_connected: a convolution of one pixel for each row of the input. */
export function fullyConnected(node: Node, lowering: Lowering): void {
  if (isBinary(lowering.graph, node)) {
    binaryFullyConnected(node, lowering)
    return
  }
  const [xId, wId, biasId] = node.inputs
  const x = lowering.flat(must(xId, 'x'), node)
  const { y, sumsType, staircase, finish } = result(node, lowering, 'flat')
  const wType = lowering.type(must(wId, 'w'))
  const weights = must(lowering.constant(wId), 'constant weights')
  const [outputs = 0, depth = 0] = wType.shape
  const { activation, arithmetic } = withDefaults(OPS.fully_connected.attrs, node.attrs)
  const biasType = biasId === undefined ? undefined : lowering.type(biasId)
  const { kernel, weights: places } = product(
    lowering,
    {
      channels: outputs,
      weight: (channel, k) => (k < depth ? Number(weights[channel * depth + k]) : 0),
      bias: lowering.constant(biasId),
      requant: fullyConnectedRequant(
        x.type,
        wType,
        sumsType,
        activation as Activation,
        biasType,
        arithmetic as Arithmetic,
      ),
      inputRange: elementRange(x.type),
      ...(staircase && { staircase: staircase(0) }),
    },
    {
      rows: 1,
      columns: elementCount(x.type.shape) / depth,
      inputColumn: depth,
      inputRow: 0,
      outputColumn: outputs * elementBytes(y.type.dtype),
      outputRow: 0,
      outer: { count: 1, step: 0 },
      inner: { count: 1, step: 0 },
      bytes: depth,
    },
    node.name,
  )
  lowering.step(node, kernel, [x.place, y.place, ...places], macsOf(node, lowering))
  finish()
}
