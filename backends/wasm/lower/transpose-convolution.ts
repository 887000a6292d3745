/**
 * The rule of transpose_conv2d for int8. With stride s the outputs of each phase, those at r, r + s, r + 2s, ..., see every
 * s-th tap of the kernel only, and neighbours among them see neighbouring inputs: each phase of rows and columns is a
 * convolution with stride 1, and writes every s-th pixel.
 */
import { convRequant } from '../../../ir/arith/requant.ts'
import type { Arithmetic } from '../../../ir/arith/rounding.ts'
import type { Activation } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Node } from '../../../ir/graph.ts'
import { pads, pair } from '../../../ir/ops/convolution.ts'
import { nhwc, withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { elementCount } from '../../../ir/tensor.ts'
import { borderKernel } from '../kernels/border.ts'
import { at, type Border, bordered, type Placement } from '../storage.ts'
import { elementRange } from './layers.ts'
import type { Lowering } from './lowering.ts'
import { product } from './products.ts'

/** The outputs along one axis that have one position modulo the stride. */
interface Phase {
  /** The first of them, and how many there are. */
  readonly first: number
  readonly outputs: number
  /** The input of the first tap for the first output; perhaps outside. */
  readonly start: number
  /** For each tap, from the first input on, the kernel's; -1 for one that adds nothing. */
  readonly taps: readonly number[]
}

interface Axis {
  readonly input: number
  readonly output: number
  readonly kernel: number
  readonly stride: number
  readonly padBefore: number
}

function phases({ output, kernel, stride, padBefore }: Axis): readonly Phase[] {
  return Array.from({ length: Math.min(stride, output) }, (_, first) => {
    // Input i meets output o at tap o + padBefore - i * stride.
    const lastTap = (first + padBefore) % stride
    const inputOfLast = Math.floor((first + padBefore) / stride)
    const count = Math.max(0, Math.ceil((kernel - lastTap) / stride))
    const taps = Array.from({ length: count }, (_, n) => lastTap + stride * (count - 1 - n))
    return {
      first,
      outputs: Math.ceil((output - first) / stride),
      start: inputOfLast - Math.max(0, count - 1),
      taps: count === 0 ? [-1] : taps,
    }
  })
}

export function transposeConv2d(node: Node, lowering: Lowering): void {
  const [xId, wId, biasId] = node.inputs
  const wType = lowering.type(must(wId, 'w'))
  const weights = must(lowering.constant(wId), 'constant weights')
  const attrs = withDefaults(OPS.transpose_conv2d.attrs, node.attrs)
  const [strideY, strideX] = pair(attrs.stride as readonly number[], 'stride')
  const [top, left] = pads(attrs.pads as readonly number[])
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const [, height, width, channels] = nhwc(lowering.type(must(xId, 'x')), 'x')
  const [, outputHeight, outputWidth, outputs] = nhwc(y.type, 'y')
  const [, kernelHeight, kernelWidth] = nhwc(wType, 'w')
  const vertical = phases({
    input: height,
    output: outputHeight,
    kernel: kernelHeight,
    stride: strideY,
    padBefore: top,
  })
  const horizontal = phases({
    input: width,
    output: outputWidth,
    kernel: kernelWidth,
    stride: strideX,
    padBefore: left,
  })
  const [above, below] = outside(vertical, height)
  const [before, after] = outside(horizontal, width)
  const border = { top: above, left: before, bottom: below, right: after }
  const x = withBorder(node, lowering, lowering.placement(must(xId, 'x')), border)
  const biasType = biasId === undefined ? undefined : lowering.type(biasId)
  const requant = convRequant(
    x.type,
    wType,
    y.type,
    attrs.activation as Activation,
    biasType,
    attrs.arithmetic as Arithmetic,
  )
  const macs = (elementCount(x.type.shape) * elementCount(wType.shape)) / channels
  const steps = vertical.length * horizontal.length * x.images
  for (const rows of vertical) {
    for (const columns of horizontal) {
      const runBytes = columns.taps.length * channels
      const paddedBytes = Math.ceil(runBytes / 4) * 4
      const { kernel, weights: packed } = product(
        lowering,
        {
          channels: outputs,
          weight(channel, k) {
            const within = k % paddedBytes
            const tapY = must(rows.taps[Math.floor(k / paddedBytes)], 'tap')
            const tapX = columns.taps[Math.floor(within / channels)] ?? -1
            if (tapY < 0 || tapX < 0) return 0
            const tap = (channel * kernelHeight + tapY) * kernelWidth + tapX
            return Number(weights[tap * channels + (within % channels)])
          },
          bias: lowering.constant(biasId),
          requant,
          inputRange: elementRange(x.type),
        },
        {
          rows: rows.outputs,
          columns: columns.outputs,
          inputColumn: channels,
          inputRow: x.rowPitch,
          outputColumn: strideX * outputs,
          outputRow: strideY * y.rowPitch,
          outer: { count: rows.taps.length, step: x.rowPitch },
          inner: { count: 1, step: 0 },
          bytes: runBytes,
        },
        node.name,
      )
      const from = at(x.place, rows.start * x.rowPitch + columns.start * channels)
      const to = at(y.place, rows.first * y.rowPitch + columns.first * outputs)
      for (let n = 0; n < x.images; n++) {
        const places = [at(from, n * x.imagePitch), at(to, n * y.imagePitch), ...packed]
        lowering.step(node, kernel, places, macs / steps)
      }
    }
  }
}

/** How far the phases reach over both ends of an axis. */
function outside(list: readonly Phase[], inputs: number): readonly [before: number, after: number] {
  const before = list.map(({ start }) => -start)
  const after = list.map(({ start, outputs, taps }) => start + outputs - 1 + taps.length - inputs)
  return [Math.max(0, ...before), Math.max(0, ...after)]
}

/** The image with at least this border: itself, or a copy. */
function withBorder(node: Node, lowering: Lowering, x: Placement, border: Border): Placement {
  const sides = ['top', 'left', 'bottom', 'right'] as const
  if (sides.every((side) => x.border[side] >= border[side])) return x
  const { images, imagePitch } = bordered(x.type, border, '')
  const copy = bordered(x.type, border, lowering.buffer(images * imagePitch).buffer)
  lowering.step(node, borderKernel(copy, must(x.type.quant?.zeroPoint[0], 'zero point')), [
    { buffer: copy.place.buffer, offset: 0 },
  ])
  lowering.copy(x, copy, node)
  return copy
}
