/** What the rules of the ops with weights share: attributes, results, steps. */
import type { ChannelRequant } from '../../../ir/arith/requant.ts'
import type { Arithmetic } from '../../../ir/arith/rounding.ts'
import type { Activation } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import { DTYPE_RANGE } from '../../../ir/dtype.ts'
import type { Node } from '../../../ir/graph.ts'
import { pads, pair } from '../../../ir/ops/convolution.ts'
import { withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import type { TensorType } from '../../../ir/tensor.ts'
import type { Staircase } from '../kernels/epilogue.ts'
import type { Kernel } from '../kernels/kernel.ts'
import { at, type Place, type Placement } from '../storage.ts'
import type { Lowering } from './lowering.ts'
import type { LayerStaircase } from './weights.ts'

interface WindowAttrs {
  readonly strideY: number
  readonly strideX: number
  readonly dilationY: number
  readonly dilationX: number
  readonly top: number
  readonly left: number
  readonly activation: Activation
  readonly arithmetic: Arithmetic
}

export function windowAttrs(node: Node): WindowAttrs {
  const attrs = withDefaults(OPS[node.op].attrs, node.attrs)
  const [strideY, strideX] = pair(attrs.stride as readonly number[], 'stride')
  const [dilationY, dilationX] = pair(attrs.dilation as readonly number[], 'dilation')
  const [top, left] = pads(attrs.pads as readonly number[])
  return {
    strideY,
    strideX,
    dilationY,
    dilationX,
    top,
    left,
    activation: attrs.activation as Activation,
    arithmetic: attrs.arithmetic as Arithmetic,
  }
}

/** Where a layer's result goes. */
export interface LayerResult {
  readonly y: Placement
  /** Of the layer's own output, before thresholds that are computed with it. */
  readonly sumsType: TensorType
  /** Those thresholds for the channels from `first` on. */
  readonly staircase?: (first: number) => LayerStaircase
  /** To be called after the layer's steps. */
  readonly finish: () => void
}

/** `windows` results lie where the plan wants them, `flat` ones in one run, and those of bits perhaps as bits. */
export function result(node: Node, lowering: Lowering, kind: 'windows' | 'flat' | 'bits'): LayerResult {
  const sums = must(node.outputs[0], 'an output')
  const sumsType = lowering.type(sums)
  const fused = lowering.fusion.thresholds.get(node)
  const id = fused === undefined ? sums : must(fused.node.outputs[0], 'an output')
  const isBits = lowering.fusion.bits.has(id)
  const isFlat = kind === 'flat' || (kind === 'bits' && node.op === 'fully_connected')
  const placed = isBits
    ? { placement: lowering.allocateBits(id), finish: () => {} }
    : isFlat
      ? lowering.flatResult(id, node)
      : { placement: lowering.allocate(id, node), finish: () => {} }
  const target = { y: placed.placement, finish: placed.finish, sumsType }
  if (fused === undefined) return target
  const { min, steps, words } = fused.thresholds
  const { dtype } = placed.placement.type
  const form: Staircase = isBits ? 'bits' : dtype === 'b1' ? 'signs' : `thresholds ${steps}`
  const staircase = (first: number) => ({ form, min, words: (channel: number) => words(first + channel) })
  return { ...target, staircase }
}

/** The smallest and the largest element. */
export function elementRange({ dtype }: TensorType): readonly [min: number, max: number] {
  return must(DTYPE_RANGE[dtype], 'a range')
}

export function channelsOf(requant: ChannelRequant, from: number, count: number): ChannelRequant {
  return {
    ...requant,
    factor: requant.factor.slice(from, from + count),
    multiplier: requant.multiplier.slice(from, from + count),
    shift: requant.shift.slice(from, from + count),
  }
}

/** One step for each image of the batch; together they count the node's work, or their share of `parts`. */
export function eachImage(
  node: Node,
  lowering: Lowering,
  x: Placement,
  y: Placement,
  kernel: Kernel,
  input: Place,
  output: Place,
  weights: readonly Place[],
  parts: number,
): void {
  const macs = macsOf(node, lowering) / (x.images * parts)
  for (let image = 0; image < x.images; image++) {
    const places = [at(input, image * x.imagePitch), at(output, image * y.imagePitch), ...weights]
    lowering.step(node, kernel, places, macs)
  }
}

export function macsOf(node: Node, lowering: Lowering): number {
  return OPS[node.op].macs({
    inputs: node.inputs.map((id) => lowering.type(id)),
    outputs: node.outputs.map((id) => lowering.type(id)),
    attrs: node.attrs,
  })
}
