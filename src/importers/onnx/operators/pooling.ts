/** Pools and resizing. */
import type { Attrs } from '../../../../ir/graph.ts'
import { nearestPositions } from '../../../../ir/ops/resize_nearest.ts'
import type { TensorType } from '../../../../ir/tensor.ts'
import type { NodeContext, OperatorRule } from '../context.ts'
import { roundedUp, windowsOf } from './windows.ts'

/** What an average of quantized elements has beside its windows. */
export interface QuantizedResult {
  readonly attrs: Attrs
  readonly result: Omit<TensorType, 'shape'>
}

export function pool(
  op: 'max_pool2d' | 'avg_pool2d',
  quantized: (node: NodeContext) => QuantizedResult | undefined = () => undefined,
): OperatorRule {
  return (node) => {
    const x = node.image(0)
    const rank = node.computed(0).shape.length
    const { shape } = node.builder.type(x)
    const [, height = 1, width = 1] = shape
    node.ignore('storage_order')
    const kernelShape = node.ints('kernel_shape') ?? []
    if (kernelShape.length !== rank - 2)
      node.reject('bad-attribute', `kernel_shape [${kernelShape}] does not fit its input`)
    if (node.outputs[1])
      node.reject('unsupported-attribute', 'indices of the largest elements are not supported')
    const given = windowsOf(node, [height, width], kernelShape)
    if (given.dilation.some((d) => d !== 1))
      node.reject('unsupported-attribute', 'dilations are not supported')
    const rounded = node.int('ceil_mode', 0) !== 0 ? roundedUp(given, [height, width]) : given
    const { kernel, stride } = rounded
    const own = quantized(node)
    const result = own?.result ?? node.builder.resultOf(x)
    const attrs = { kernel, stride, ...own?.attrs }
    // What a last window reaches beyond the file's padding does not count.
    const countsAll = rounded.pads.every(
      (pad, side) => pad === given.pads[side] && pad < (kernel[side % 2] ?? 0),
    )
    if (op === 'avg_pool2d' && node.int('count_include_pad', 0) !== 0 && given.pads.some((pad) => pad > 0)) {
      if (countsAll) {
        const counted = { ...attrs, pads: given.pads, include_pad: true }
        return node.imageResult(node.emit(op, [x], counted, undefined, result), rank)
      }
      const [top = 0, left = 0, bottom = 0, right = 0] = given.pads
      const paddings = [0, 0, top, bottom, left, right, 0, 0]
      const elements = node.builder.resultOf(x)
      const value = elements.quant?.zeroPoint[0] ?? 0
      const padded = node.emit('pad', [x], { paddings, value }, `${node.outputs[0]} padded`, elements)
      const behind = rounded.pads.map((pad, side) => pad - (given.pads[side] ?? 0))
      return node.imageResult(node.emit(op, [padded], { ...attrs, pads: behind }, undefined, result), rank)
    }
    return node.imageResult(node.emit(op, [x], { ...attrs, pads: rounded.pads }, undefined, result), rank)
  }
}

export function globalPool(
  op: 'max_pool2d' | 'mean',
  quantized: (node: NodeContext) => QuantizedResult | undefined = () => undefined,
): OperatorRule {
  return (node) => {
    const x = node.image(0)
    const rank = node.computed(0).shape.length
    const [, height = 1, width = 1] = node.builder.type(x).shape
    const attrs =
      op === 'mean' ? { axes: [1, 2], keep_dims: true } : { kernel: [height, width], stride: [1, 1] }
    const given = quantized(node)
    const result = given?.result ?? node.builder.resultOf(x)
    return node.imageResult(node.emit(op, [x], { ...attrs, ...given?.attrs }, undefined, result), rank)
  }
}

interface Resized {
  readonly size: readonly [height: number, width: number]
  /** Output pixels for each input pixel: as given, not as the whole sizes say. */
  readonly scales: readonly [vertical: number, horizontal: number]
}

/** Height and width of the result, from sizes or factors. */
function resizedTo(node: NodeContext, height: number, width: number): Resized {
  const isUpsample = node.opType === 'Upsample'
  const factors =
    isUpsample && node.opset < 9
      ? Float64Array.from(node.floats('scales') ?? [])
      : scalesOf(node, isUpsample ? 1 : node.opset < 11 ? 1 : 2)
  const sizes = isUpsample || node.opset < 11 ? undefined : node.optionalConstant(3, 'sizes')?.data
  if (node.has('axes')) node.reject('unsupported-attribute', 'axes are not supported')
  const isSized = sizes !== undefined && sizes.length > 0
  const list = isSized ? sizes : factors
  if (list?.length !== 4)
    node.reject('unsupported-rank', 'only the height and width of images can be changed')
  if (!isSized && (list[0] !== 1 || list[1] !== 1)) {
    node.reject('unsupported-attribute', 'only the height and width of images can be changed')
  }
  const [vertical = 0, horizontal = 0] = list.slice(2)
  const size = isSized
    ? ([vertical, horizontal] as const)
    : ([Math.floor(height * vertical), Math.floor(width * horizontal)] as const)
  if (!size.every((extent) => extent > 0)) node.reject('bad-attribute', `the size [${size}] is not positive`)
  return { size, scales: isSized ? [vertical / height, horizontal / width] : [vertical, horizontal] }
}

function scalesOf(node: NodeContext, n: number): Float64Array | undefined {
  return node.inputs[n] === undefined ? undefined : node.constant(n, 'scales').data
}

const resize: OperatorRule = (node) => {
  const x = node.image(0)
  const rank = node.computed(0).shape.length
  const [, height = 1, width = 1] = node.builder.type(x).shape
  const { size, scales } = resizedTo(node, height, width)
  const mode = node.string('mode', 'nearest')
  node.ignore('cubic_coeff_a', 'exclude_outside', 'extrapolation_value')
  const isOld = node.opType === 'Upsample' || node.opset < 11
  const coordinates = isOld ? 'asymmetric' : node.string('coordinate_transformation_mode', 'half_pixel')
  const quantization = node.builder.resultOf(x)
  if (mode === 'linear') {
    const attrs = {
      align_corners: coordinates === 'align_corners',
      half_pixel_centers: coordinates === 'half_pixel',
    }
    const isKnown = ['asymmetric', 'align_corners', 'half_pixel'].includes(coordinates)
    const isPytorch = coordinates === 'pytorch_half_pixel' && size.every((extent) => extent > 1)
    if (!isKnown && !isPytorch)
      node.reject('unsupported-attribute', `linear resizing with ${coordinates} is not supported`)
    if (size[0] !== height * scales[0] || size[1] !== width * scales[1])
      node.reject('unsupported-attribute', `linear resizing by ${scales.join(' x ')} gives no whole size`)
    return node.imageResult(
      node.emit(
        'resize_bilinear',
        [x],
        { size, ...attrs, ...(isPytorch && { half_pixel_centers: true }) },
        undefined,
        quantization,
      ),
      rank,
    )
  }
  if (mode !== 'nearest') node.reject('unsupported-attribute', `resizing by ${mode} is not supported`)
  const rounding = isOld ? 'floor' : node.string('nearest_mode', 'round_prefer_floor')
  const wanted = [height, width].map((extent, axis) =>
    nearest(extent, size[axis] ?? 1, scales[axis] ?? 1, coordinates, rounding),
  )
  // Ours have other rules, which give the same pixels for most factors.
  for (const [align_corners, half_pixel_centers] of [
    [false, false],
    [false, true],
    [true, false],
  ] as const) {
    const ours = [height, width].map((extent, axis) =>
      nearestPositions(extent, size[axis] ?? 1, align_corners, half_pixel_centers),
    )
    if (ours.every((positions, axis) => positions.every((position, i) => position === wanted[axis]?.[i]))) {
      const attrs = { size, align_corners, half_pixel_centers }
      return node.imageResult(node.emit('resize_nearest', [x], attrs, undefined, quantization), rank)
    }
  }
  return node.reject(
    'unsupported-attribute',
    `resizing from ${height} x ${width} to ${size.join(' x ')} with ${coordinates} and ${rounding} is not supported`,
  )
}

/** The input position of each output position (ONNX, Resize). */
function nearest(
  inputs: number,
  outputs: number,
  scale: number,
  coordinates: string,
  rounding: string,
): readonly number[] {
  return Array.from({ length: outputs }, (_, i) => {
    const at =
      coordinates === 'asymmetric'
        ? i / scale
        : coordinates === 'align_corners'
          ? outputs === 1
            ? 0
            : (i * (inputs - 1)) / (outputs - 1)
          : coordinates === 'pytorch_half_pixel' && outputs === 1
            ? 0
            : (i + 0.5) / scale - 0.5
    const rounded =
      rounding === 'floor'
        ? Math.floor(at)
        : rounding === 'ceil'
          ? Math.ceil(at)
          : rounding === 'round_prefer_ceil'
            ? Math.floor(at + 0.5)
            : Math.ceil(at - 0.5)
    return Math.max(0, Math.min(inputs - 1, rounded))
  })
}

export const POOLING = {
  MaxPool: pool('max_pool2d'),
  AveragePool: pool('avg_pool2d'),
  GlobalAveragePool: globalPool('mean'),
  GlobalMaxPool: globalPool('max_pool2d'),
  Resize: resize,
  Upsample: resize,
}
