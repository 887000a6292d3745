/** Rules of the ops that reduce windows or axes of int8 tensors. */
import { meanRequant, scaleOf, type TensorRequant, zeroPointOf } from '../../../ir/arith/requant.ts'
import type { Arithmetic } from '../../../ir/arith/rounding.ts'
import { type Activation, activationRange } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Node } from '../../../ir/graph.ts'
import { pads, pair } from '../../../ir/ops/convolution.ts'
import { nhwc, withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { elementCount, type TensorType } from '../../../ir/tensor.ts'
import { type FloatMean, isCut, type PoolAxis, poolKernel } from '../kernels/pool.ts'
import { SCALING_BYTES, scalingBytes } from '../kernels/sums.ts'
import {
  byteStrides,
  contiguous,
  elementBytes,
  isContiguous,
  isStoredAsInt8,
  type Place,
  type Placement,
} from '../storage.ts'
import type { Lowering } from './lowering.ts'
import { stepEachImage } from './rows.ts'
import { scalarMean, scalarPool } from './scalar-reductions.ts'
import { divisionScaling, oneScaling } from './scaling.ts'

export interface PoolWindow {
  readonly vertical: PoolAxis
  readonly horizontal: PoolAxis
  readonly min: number
  readonly max: number
}

function poolWindow(node: Node, x: TensorType, y: TensorType): PoolWindow {
  const attrs = withDefaults(OPS[node.op].attrs, node.attrs)
  const [kernelHeight, kernelWidth] = pair(attrs.kernel as readonly number[], 'kernel')
  const [strideY, strideX] = pair(attrs.stride as readonly number[], 'stride')
  const [top, left] = pads(attrs.pads as readonly number[])
  const [, height, width] = nhwc(x, 'x')
  const [, outputHeight, outputWidth] = nhwc(y, 'y')
  const [min, max] = activationRange(
    attrs.activation as Activation,
    y,
    attrs.arithmetic as Arithmetic | undefined,
  )
  return {
    vertical: {
      input: height,
      output: outputHeight,
      kernel: kernelHeight,
      stride: strideY,
      padBefore: top,
    },
    horizontal: {
      input: width,
      output: outputWidth,
      kernel: kernelWidth,
      stride: strideX,
      padBefore: left,
    },
    min,
    max,
  }
}

/** avg_pool2d, max_pool2d. */
export function pool(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const window = poolWindow(node, x.type, y.type)
  const kind = node.op === 'avg_pool2d' ? 'average' : 'largest'
  const attrs = withDefaults(OPS[node.op].attrs, node.attrs)
  const sizes = {
    ...window,
    channels: must(x.type.shape[3], 'channels'),
    inputRow: x.rowPitch,
    outputRow: y.rowPitch,
  }
  if (attrs.arithmetic === 'onnx') {
    const floatMean = floatMeanOf(window, x.type, y.type, attrs.include_pad === true)
    stepEachImage(lowering, node, poolKernel({ ...sizes, floatMean }), [x], [y.place], y)
    return
  }
  const average = kind === 'average' ? averages(window) : undefined
  if (!isStoredAsInt8(x.type.dtype) || (kind === 'average' && average === undefined)) {
    scalarPool(node, lowering, x, y, kind, window)
    return
  }
  const kernel = poolKernel({ ...sizes, ...(average && { average }) })
  const scalings = average === undefined ? y.place : lowering.weights(average.bytes)
  stepEachImage(lowering, node, kernel, [x], [scalings], y)
}

/** avg_pool2d with the arithmetic `onnx`. */
function floatMeanOf(window: PoolWindow, x: TensorType, y: TensorType, includesPad: boolean): FloatMean {
  return {
    scale: scaleOf(x),
    inputZeroPoint: zeroPointOf(x),
    divisor: includesPad ? window.vertical.kernel * window.horizontal.kernel : 0,
    outputScale: scaleOf(y),
    outputZeroPoint: zeroPointOf(y),
  }
}

/** Scalings for windows of each number of pixels that there may be; undefined where one is missing. */
function averages({ vertical, horizontal, min, max }: PoolWindow) {
  const most = vertical.kernel * horizontal.kernel
  const minCount = isCut(vertical) || isCut(horizontal) ? 1 : most
  const bytes = new Uint8Array((most - minCount + 1) * SCALING_BYTES)
  for (let count = minCount; count <= most; count++) {
    const scaling = divisionScaling(count, { min, max }, { min: -128 * count, max: 127 * count })
    // One function of four for all windows: the form depends on the range only.
    if (scaling === undefined) return undefined
    bytes.set(scalingBytes(scaling.float, 0), (count - minCount) * SCALING_BYTES)
    if (count === most) return { bytes, minCount, epilogue: scaling.epilogue }
  }
  return undefined
}

/** mean: over rows and columns a pool of one window, else one of many windows of one column. */
export function mean(node: Node, lowering: Lowering): void {
  const given = lowering.placement(must(node.inputs[0], 'x'))
  const { placement: y, finish } = lowering.flatResult(must(node.outputs[0], 'an output'), node)
  const { axes, arithmetic } = withDefaults(OPS.mean.attrs, node.attrs) as {
    readonly axes: readonly number[]
    readonly arithmetic: Arithmetic
  }
  const reduced = reducedAxes(given.type.shape, axes)
  const isImage =
    given.type.shape.length === 4 && reduced.every((is, axis) => is === (axis === 1 || axis === 2))
  const count = elementCount(given.type.shape.filter((_, axis) => reduced[axis]))
  const requant = meanRequant(given.type, y.type, count, arithmetic)
  const scaling = given.type.dtype === 'i8' ? meanScaling(requant, given.type, count) : undefined
  if (scaling === undefined) {
    scalarMean(node, lowering, flatRows(node, lowering, given, reduced), given.type, y.place, requant)
  } else {
    const average = { minCount: count, epilogue: scaling.epilogue }
    const scalings = lowering.weights(scalingBytes(scaling.float, -count * zeroPointOf(given.type)))
    const { min, max } = requant
    if (isImage) {
      const [, height, width, channels] = nhwc(given.type, 'x')
      const kernel = poolKernel({
        vertical: wholeAxis(height),
        horizontal: wholeAxis(width),
        channels,
        inputRow: given.rowPitch,
        outputRow: channels,
        average,
        min,
        max,
      })
      const image = contiguous({ ...y.type, shape: [given.images, 1, 1, channels] }, y.place)
      stepEachImage(lowering, node, kernel, [given], [scalings], image)
    } else {
      const { place, outer, inner } = flatRows(node, lowering, given, reduced)
      const kernel = poolKernel({
        vertical: { input: outer * count, output: outer, kernel: count, stride: count, padBefore: 0 },
        horizontal: wholeAxis(1),
        channels: inner,
        inputRow: inner,
        outputRow: inner,
        average,
        min,
        max,
      })
      lowering.step(node, kernel, [place, scalings, y.place])
    }
  }
  finish()
}

function wholeAxis(size: number): PoolAxis {
  return { input: size, output: 1, kernel: size, stride: 1, padBefore: 0 }
}

/** For each axis whether it is reduced; one of size 1 is as its neighbour wants it. */
function reducedAxes(shape: readonly number[], axes: readonly number[]): readonly boolean[] {
  const isImage = shape.length === 4
  return shape.map((size, axis) => (size === 1 && isImage ? axis === 1 || axis === 2 : axes.includes(axis)))
}

/** A tensor as [outer, count, inner], of which the middle is reduced: elements without gaps. */
export interface FlatRows {
  readonly place: Place
  readonly outer: number
  readonly count: number
  readonly inner: number
}

/** Brings the reduced axes next to each other, where they are not. */
function flatRows(node: Node, lowering: Lowering, x: Placement, reduced: readonly boolean[]): FlatRows {
  const { shape } = x.type
  const first = reduced.indexOf(true) < 0 ? shape.length : reduced.indexOf(true)
  const axes = shape.map((_, axis) => axis)
  const order = [
    ...axes.slice(0, first),
    ...axes.filter((axis) => reduced[axis]),
    ...axes.slice(first).filter((axis) => !reduced[axis]),
  ]
  const sizes = (list: readonly number[]) => list.map((axis) => must(shape[axis], 'axis'))
  const outer = elementCount(sizes(axes.slice(0, first)))
  const count = elementCount(sizes(axes.filter((axis) => reduced[axis])))
  const inner = elementCount(shape) / (outer * count)
  const isInOrder = order.every((axis, n) => axis === n)
  if (isInOrder && isContiguous(x)) return { place: x.place, outer, count, inner }
  const size = elementBytes(x.type.dtype)
  const place = lowering.buffer(elementCount(shape) * size)
  const strides = byteStrides(x)
  const ordered = { ...x.type, shape: sizes(order) }
  lowering.move(
    node,
    ordered.shape,
    size,
    { place: x.place, strides: order.map((axis) => must(strides[axis], 'axis')) },
    { place, strides: byteStrides(contiguous(ordered, place)) },
  )
  return { place, outer, count, inner }
}

function meanScaling(requant: TensorRequant, x: TensorType, count: number) {
  const zeroPoint = zeroPointOf(x)
  const sums = { min: count * (-128 - zeroPoint), max: count * (127 - zeroPoint) }
  return oneScaling(requant, sums)
}
