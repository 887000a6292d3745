/** Lowering of convolutions, transposed convolutions and fully connected layers. */

import { must } from '../../../ir/diagnostic.ts'
import { type Node, typeOf, type ValueId } from '../../../ir/graph.ts'
import { withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import type { WeightBlocks } from '../schedule/blocks.ts'
import { storedBytes, toStored } from '../stored.ts'
import {
  addLayer,
  type LoweringContext,
  type MutableMap,
  mapFor,
  parameterBytes,
  resultMapFor,
  type Unsupported,
  unsupported,
} from './context.ts'
import { type Constants, constantsOf, foldBias } from './conv-constants.ts'
import {
  type ConvStage,
  channelsOf,
  type DepthwiseStage,
  type InputUse,
  type Phase,
  type Stage,
  type Tap,
} from './stage.ts'

type Pair = readonly [number, number]
type Pads = readonly [top: number, left: number, bottom: number, right: number]

interface ConvAttrs {
  readonly stride: Pair
  readonly dilation: Pair
  readonly pads: Pads
}

/** The rows and padding of an input that `taps` reach, for outputs at input strides. */
function useOf(
  map: MutableMap,
  taps: readonly Tap[],
  out: { readonly h: number; readonly w: number },
  strideY: number,
  strideX: number,
  stepY = 1,
): InputUse {
  const minDy = Math.min(...taps.map((t) => t.dy))
  const maxDy = Math.max(...taps.map((t) => t.dy))
  const minDx = Math.min(...taps.map((t) => t.dx))
  const maxDx = Math.max(...taps.map((t) => t.dx))
  return {
    map: map.id,
    padding: {
      top: Math.max(0, -minDy),
      left: Math.max(0, -minDx),
      bottom: Math.max(0, (out.h - 1) * strideY + maxDy + 1 - map.h),
      right: Math.max(0, (out.w - 1) * strideX + maxDx + 1 - map.w),
    },
    rows: (from, to) => [
      Math.floor(from / stepY) * strideY + minDy,
      (Math.ceil(to / stepY) - 1) * strideY + maxDy + 1,
    ],
  }
}

/** Every position of a kernel, relative to the window's origin. */
function kernelTaps(kh: number, kw: number, { dilation, pads }: Pick<ConvAttrs, 'dilation' | 'pads'>): Tap[] {
  const taps: Tap[] = []
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < kw; kx++) {
      taps.push({ dy: ky * dilation[0] - pads[0], dx: kx * dilation[1] - pads[1], kernelIndex: ky * kw + kx })
    }
  }
  return taps
}

export function lowerConv(ctx: LoweringContext, node: Node): Stage | Unsupported {
  const attrs = withDefaults(OPS.conv2d.attrs, node.attrs) as unknown as ConvAttrs
  const constants = constantsOf(ctx, node)
  if ('unsupported' in constants) return constants
  const [, kh = 0, kw = 0, cin = 0] = constants.shape
  const input = mapFor(ctx, must(node.inputs[0], 'input'))
  const output = resultMapFor(ctx, must(node.outputs[0], 'output'))
  if (!input || !output) return unsupported('its batch is not 1')
  if (cin !== channelsOf(input)) return unsupported('it is a grouped convolution')
  const taps = kernelTaps(kh, kw, attrs)
  return convStage(ctx, node, constants, input, output, [{ originY: 0, originX: 0, taps }], {
    strideY: attrs.stride[0],
    strideX: attrs.stride[1],
    stepY: 1,
    stepX: 1,
    kernelSize: kh * kw,
  })
}

export function lowerTransposeConv(ctx: LoweringContext, node: Node): Stage | Unsupported {
  const attrs = withDefaults(OPS.transpose_conv2d.attrs, node.attrs) as unknown as ConvAttrs
  const constants = constantsOf(ctx, node)
  if ('unsupported' in constants) return constants
  const [, kh = 0, kw = 0] = constants.shape
  const input = mapFor(ctx, must(node.inputs[0], 'input'))
  const output = resultMapFor(ctx, must(node.outputs[0], 'output'))
  if (!input || !output) return unsupported('its batch is not 1')
  const [sy, sx] = attrs.stride
  const phases: Omit<Phase, 'bias'>[] = []
  for (let py = 0; py < sy; py++) {
    for (let px = 0; px < sx; px++) {
      phases.push({ originY: py, originX: px, taps: phaseTaps(py, px, kh, kw, attrs) })
    }
  }
  if (phases.some((p) => p.taps.length === 0)) return unsupported('its kernel is smaller than its stride')
  return convStage(ctx, node, constants, input, output, phases, {
    strideY: 1,
    strideX: 1,
    stepY: sy,
    stepX: sx,
    kernelSize: kh * kw,
  })
}

/**
 * A transposed convolution adds input pixel i at outputs i * stride + k - pad. Outputs o = stride * m + p of one phase
 * therefore see the kernel positions k = (p + pad) mod stride + stride * t, at input m + floor((p + pad) / stride) - t.
 */
function phaseTaps(
  py: number,
  px: number,
  kh: number,
  kw: number,
  { stride: [sy, sx], pads }: ConvAttrs,
): Tap[] {
  const taps: Tap[] = []
  const [top, left] = pads
  for (let ky = (py + top) % sy; ky < kh; ky += sy) {
    for (let kx = (px + left) % sx; kx < kw; kx += sx) {
      taps.push({ dy: (py + top - ky) / sy, dx: (px + left - kx) / sx, kernelIndex: ky * kw + kx })
    }
  }
  return taps.sort((a, b) => a.dy - b.dy || a.dx - b.dx)
}

interface ConvGeometry {
  readonly strideY: number
  readonly strideX: number
  readonly stepY: number
  readonly stepX: number
  readonly kernelSize: number
}

function convStage(
  ctx: LoweringContext,
  node: Node,
  constants: Constants,
  input: MutableMap,
  output: MutableMap,
  phases: readonly Omit<Phase, 'bias'>[],
  geometry: ConvGeometry,
): ConvStage {
  const { data, bias, requant, inputZeroPoint } = constants
  const channels = channelsOf(output)
  const cin = channelsOf(input)
  const perChannel = geometry.kernelSize * cin
  const folded = phases.map((phase) => ({
    ...phase,
    bias: foldBias(bias, channels, inputZeroPoint, (o) => {
      let sum = 0
      for (const { kernelIndex } of phase.taps) {
        const at = o * perChannel + kernelIndex * cin
        for (let i = at; i < at + cin; i++) sum += data[i] as number
      }
      return sum
    }),
  }))
  const allTaps = phases.flatMap((p) => p.taps)
  const lanes = { ...geometry, cin: input.c, bits: input.bits }
  const work = phaseWork(folded, output, lanes, output.h)
  const phaseOut = { h: Math.ceil(output.h / geometry.stepY), w: Math.ceil(output.w / geometry.stepX) }
  return {
    kind: 'conv',
    name: node.name,
    layer: addLayer(ctx, node, {
      precision: constants.precision,
      macs: Math.min(macsOf(ctx, node), work.macs),
      weightBytes: storedBytes(work.weights, constants.weightBits),
      parameterBytes: parameterBytes(channels, requant.multiplier.length > 1),
    }),
    inputs: [useOf(input, allTaps, phaseOut, geometry.strideY, geometry.strideX, geometry.stepY)],
    output: output.id,
    phases: folded,
    weights: laneBytes(data, input.bits),
    weightBits: constants.weightBits,
    requant,
    finish: constants.finish,
    ...lanes,
  }
}

/** Weights as they stand in lanes of operands of `bits` bits: pixels are whole bytes, so they are packed without gaps. */
function laneBytes(data: Int8Array, bits: number): Int8Array {
  if (bits === 8) return data
  const packed = toStored(data, bits === 1 ? 'b1' : (`i${bits}` as 'i4' | 'i2'), bits)
  return new Int8Array(packed.buffer, packed.byteOffset, packed.length)
}

/**
 * What the first `rows` rows of a map that phases make cost: multiply-accumulates, and weights that they need. A cropped
 * transposed convolution leaves phases out.
 */
export function phaseWork(
  phases: readonly Phase[],
  output: { readonly w: number; readonly c: number; readonly bits: number },
  g: Pick<ConvStage, 'stepY' | 'stepX' | 'cin' | 'bits'>,
  rows: number,
  /** Blocks of weights that count; without it, all do. */
  kept?: { readonly isKept: WeightBlocks['isKept']; readonly cols: number },
): { readonly macs: number; readonly weights: number } {
  const count = (size: number, origin: number, step: number) => Math.max(0, Math.ceil((size - origin) / step))
  const channels = channelsOf(output)
  let macs = 0
  let weights = 0
  for (const { originY, originX, taps } of phases) {
    const outputs = count(rows, originY, g.stepY) * count(output.w, originX, g.stepX)
    const bytes = kept ? keptBytes(taps, g.cin, channels, kept) : taps.length * g.cin * channels
    const perOutput = (bytes * 8) / g.bits
    macs += outputs * perOutput
    if (outputs > 0) weights += perOutput
  }
  return { macs, weights }
}

/** Bytes of lanes in kept blocks, of these taps for all output channels. */
function keptBytes(
  taps: readonly Tap[],
  cin: number,
  channels: number,
  { isKept, cols }: { readonly isKept: WeightBlocks['isKept']; readonly cols: number },
): number {
  let weights = 0
  for (let column = 0; column * cols < channels; column++) {
    const outputs = Math.min(cols, channels - column * cols)
    for (const { kernelIndex } of taps)
      for (let c = 0; c < cin; c++) if (isKept(column, kernelIndex, c)) weights += outputs
  }
  return weights
}

function macsOf(ctx: LoweringContext, node: Node): number {
  return OPS[node.op].macs({
    inputs: node.inputs.map((id) => typeOf(ctx.graph, id)),
    outputs: node.outputs.map((id) => typeOf(ctx.graph, id)),
    attrs: node.attrs,
  })
}

/** A fully connected layer is a 1x1 convolution; behind a flattening reshape, a convolution with the map's own size. */
export function lowerFullyConnected(ctx: LoweringContext, node: Node): Stage | Unsupported {
  const constants = constantsOf(ctx, node)
  if ('unsupported' in constants) return constants
  const [, depth = 0] = constants.shape
  const output = resultMapFor(ctx, must(node.outputs[0], 'output'))
  const input = flattened(ctx, must(node.inputs[0], 'input'), depth)
  if (!input || !output) return unsupported('its input has more than three dimensions')
  const whole = output.h * output.w === 1 && input.h * input.w * channelsOf(input) === depth
  if (!whole && channelsOf(input) !== depth) return unsupported('its input is a reshaped map')
  const kh = whole ? input.h : 1
  const kw = whole ? input.w : 1
  const taps = kernelTaps(kh, kw, { dilation: [1, 1], pads: [0, 0, 0, 0] })
  return convStage(ctx, node, constants, input, output, [{ originY: 0, originX: 0, taps }], {
    strideY: 1,
    strideX: 1,
    stepY: 1,
    stepX: 1,
    kernelSize: kh * kw,
  })
}

/** The map before a chain of reshapes, when it holds exactly one row of the matrix. */
function flattened(ctx: LoweringContext, id: ValueId, depth: number): MutableMap | undefined {
  const producer = ctx.producers.get(id)
  if (producer?.op === 'reshape') {
    const source = flattened(ctx, must(producer.inputs[0], 'input'), depth)
    if (source && source.h * source.w * channelsOf(source) === depth) return source
  }
  return mapFor(ctx, id)
}

export function lowerDepthwise(ctx: LoweringContext, node: Node): Stage | Unsupported {
  const attrs = withDefaults(OPS.depthwise_conv2d.attrs, node.attrs) as unknown as ConvAttrs
  const constants = constantsOf(ctx, node)
  if ('unsupported' in constants) return constants
  const [, kh = 0, kw = 0, channels = 0] = constants.shape
  const input = mapFor(ctx, must(node.inputs[0], 'input'))
  const output = resultMapFor(ctx, must(node.outputs[0], 'output'))
  if (!input || !output) return unsupported('its batch is not 1')
  const { data, bias, requant, inputZeroPoint } = constants
  const taps = kernelTaps(kh, kw, attrs)
  const plain =
    channels === channelsOf(input) &&
    attrs.dilation.every((d) => d === 1) &&
    attrs.stride.every((s) => s <= 7)
  if (!plain) {
    // As a dense convolution whose weights are zero between channels that do not belong together.
    const multiplier = channels / input.c
    const dense = new Int8Array(channels * kh * kw * input.c)
    for (let o = 0; o < channels; o++) {
      for (let k = 0; k < kh * kw; k++) {
        dense[(o * kh * kw + k) * input.c + Math.floor(o / multiplier)] = data[k * channels + o] as number
      }
    }
    const stage = convStage(
      ctx,
      node,
      { ...constants, data: dense },
      input,
      output,
      [{ originY: 0, originX: 0, taps }],
      {
        strideY: attrs.stride[0],
        strideX: attrs.stride[1],
        stepY: 1,
        stepX: 1,
        kernelSize: kh * kw,
      },
    )
    const layer = must(ctx.layers[stage.layer], 'layer')
    // Zero blocks are left out of the dense form, and may hold some of these.
    const others = data.filter((w) => w !== 0).length
    ctx.layers[stage.layer] = { ...layer, weightBytes: storedBytes(others, constants.weightBits) }
    return stage
  }
  const stage: DepthwiseStage = {
    kind: 'depthwise',
    name: node.name,
    layer: addLayer(ctx, node, {
      precision: constants.precision,
      macs: macsOf(ctx, node),
      weightBytes: storedBytes(data.length, constants.weightBits),
      parameterBytes: parameterBytes(channels, requant.multiplier.length > 1),
    }),
    inputs: [useOf(input, taps, output, attrs.stride[0], attrs.stride[1])],
    output: output.id,
    kernelH: kh,
    kernelW: kw,
    strideY: attrs.stride[0],
    strideX: attrs.stride[1],
    padTop: attrs.pads[0],
    padLeft: attrs.pads[1],
    weights: data,
    weightBits: constants.weightBits,
    finish: constants.finish,
    bias: foldBias(bias, channels, inputZeroPoint, (o) => {
      let sum = 0
      for (let k = 0; k < kh * kw; k++) sum += data[k * channels + o] as number
      return sum
    }),
    requant,
  }
  return stage
}
