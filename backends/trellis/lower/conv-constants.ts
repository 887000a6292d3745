/** Weights, biases and requantization of convolutions and fully connected layers. */
import { integerEquivalent } from '../../../ir/arith/equivalent.ts'
import { type ChannelRequant, convRequant, fullyConnectedRequant } from '../../../ir/arith/requant.ts'
import type { Arithmetic } from '../../../ir/arith/rounding.ts'
import type { Activation } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import { DTYPE_BITS } from '../../../ir/dtype.ts'
import { type Node, typeOf, type ValueId, valueOf } from '../../../ir/graph.ts'
import { withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { type LoweringContext, type Unsupported, unsupported } from './context.ts'
import { POST_RULES, type PostRule, type Requant } from './stage.ts'
import { isLowBit } from './widths.ts'

type PostRequant = ChannelRequant & { readonly rule: PostRule }

/** Weights, bias and requantization of a node, or why the array cannot use them. */
export function constantsOf(ctx: LoweringContext, node: Node): Constants | Unsupported {
  const { activation, arithmetic } = withDefaults(OPS[node.op].attrs, node.attrs) as {
    readonly activation: Activation
    readonly arithmetic: Arithmetic
  }
  const [x, w, b] = node.inputs as [ValueId, ValueId, ValueId | undefined]
  const input = typeOf(ctx.graph, x)
  const weights = valueOf(ctx.graph, w)
  const bias = b === undefined ? undefined : valueOf(ctx.graph, b)
  const output = typeOf(ctx.graph, must(node.outputs[0], 'output'))
  if (input.dtype !== 'i8' && !isLowBit(input.dtype))
    return unsupported(`the array multiplies activations of at most 8 bits, not ${input.dtype}`)
  if (weights.data === undefined) return unsupported('its weights are computed, not constant')
  if (!(weights.data instanceof Int8Array))
    return unsupported(`the array multiplies weights of at most 8 bits, not ${weights.type.dtype}`)
  if (weights.type.quant?.zeroPoint.some((z) => z !== 0))
    return unsupported('its weights have a zero point other than 0')
  if (bias !== undefined && !(bias.data instanceof Int32Array))
    return unsupported('its bias is not a constant int32 tensor')
  const exact = (node.op === 'fully_connected' ? fullyConnectedRequant : convRequant)(
    input,
    weights.type,
    output,
    activation,
    bias?.type,
    arithmetic,
  )
  const requant = exact.rule === 'real' ? integerEquivalent(exact) : exact
  const types = [input.dtype, weights.type.dtype]
  const constants = {
    data: weights.data,
    weightBits: DTYPE_BITS[weights.type.dtype],
    shape: weights.type.shape,
    bias: bias?.data as Int32Array | undefined,
    inputZeroPoint: exact.inputZeroPoint,
    precision: types.every((t) => t === 'i8') ? 'i8' : types.join('x'),
  }
  if (requant?.rule === 'none') return { ...constants, requant: NO_REQUANT, finish: 'sums' }
  const rule = POST_RULES.find((known) => known === requant?.rule)
  if (requant === undefined || rule === undefined)
    return unsupported(`the post unit cannot round by ${exact.rule}`)
  return { ...constants, requant: requantOf({ ...requant, rule }), finish: 'requantize' }
}

export interface Constants {
  /** One element each. */
  readonly data: Int8Array
  /** Bits of an element. */
  readonly weightBits: number
  readonly shape: readonly number[]
  readonly bias: Int32Array | undefined
  readonly inputZeroPoint: number
  readonly requant: Requant
  readonly finish: 'requantize' | 'sums'
  /** Types of input and weights. */
  readonly precision: string
}

const NO_REQUANT: Requant = {
  multiplier: new Int32Array(1),
  shift: new Int32Array(1),
  rule: 'tflite',
  zeroPoint: 0,
  min: 0,
  max: 0,
}

/** Sums each output channel's weights to fold the input's zero point into the bias; int32 wraps as the accumulator does. */
export function foldBias(
  bias: Int32Array | undefined,
  channels: number,
  zeroPoint: number,
  weightSum: (channel: number) => number,
): Int32Array {
  return Int32Array.from(
    { length: channels },
    (_, o) => ((bias?.[o] ?? 0) - Math.imul(zeroPoint, weightSum(o))) | 0,
  )
}

function requantOf(r: PostRequant): Requant {
  const same = r.multiplier.every((m, i) => m === r.multiplier[0] && r.shift[i] === r.shift[0])
  return {
    multiplier: same ? r.multiplier.slice(0, 1) : r.multiplier,
    shift: same ? r.shift.slice(0, 1) : r.shift,
    rule: r.rule,
    zeroPoint: r.outputZeroPoint,
    min: r.min,
    max: r.max,
  }
}
