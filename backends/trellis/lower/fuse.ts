/** Ops that join the stage before them: an addition, or an activation by table. */
import { must } from '../../../ir/diagnostic.ts'
import { DTYPE_RANGE } from '../../../ir/dtype.ts'
import type { Node } from '../../../ir/graph.ts'
import { typeOf, valueOf } from '../../../ir/graph.ts'
import { LINE_BYTES, lineBlockBytes, thresholdBlockBytes } from '../isa/costs.ts'
import { fromStored } from '../stored.ts'
import { capacities } from '../target.ts'
import { allInt8, type LoweringContext, type MutableMap, mapFor } from './context.ts'
import { binaryConstants, sameRows, tableOf } from './elementwise.ts'
import type { ConvStage, DepthwiseStage } from './stage.ts'
import { lineOf, type Reach } from './staircase.ts'

const BY_TABLE = new Set(['logistic', 'tanh', 'leaky_relu', 'hard_swish'])

/** Whether the node is now part of an earlier stage. */
export function fuse(ctx: LoweringContext, node: Node): boolean {
  if (node.op === 'add') return allInt8(ctx, node) && fuseAdd(ctx, node)
  if (node.op === 'threshold') return fuseThresholds(ctx, node)
  if (BY_TABLE.has(node.op)) return allInt8(ctx, node) && fuseTable(ctx, node)
  return false
}

/** The stage of this stretch that computes a value which nothing but `reader` sees. */
function privateProducer(
  ctx: LoweringContext,
  id: string,
): { readonly stage: ConvStage | DepthwiseStage; readonly at: number } | undefined {
  const map = ctx.mapOf.get(id)
  const at = ctx.stages.findIndex((s) => s.output === map)
  const stage = ctx.stages[at]
  if (stage?.kind !== 'conv' && stage?.kind !== 'depthwise') return undefined
  if (ctx.consumers.get(id)?.length !== 1 || ctx.graph.outputs.includes(id) || map !== id) return undefined
  return { stage, at }
}

function fuseAdd(ctx: LoweringContext, node: Node): boolean {
  const [a, b] = node.inputs.map((id) => mapFor(ctx, id)) as [MutableMap | undefined, MutableMap | undefined]
  const output = mapFor(ctx, must(node.outputs[0], 'output'))
  if (!a || !b || !output || a === b || a.h !== b.h || a.w !== b.w || a.c !== b.c) return false
  const choices = node.inputs.map((id, operand) => ({ operand, found: privateProducer(ctx, id) }))
  // The later of two convolutions, so that the other operand is there in time.
  choices.sort((x, y) => (y.found?.at ?? -1) - (x.found?.at ?? -1))
  for (const { operand, found } of choices) {
    const stage = found?.stage
    if (!found || stage?.kind !== 'conv' || stage.residual || stage.table || stage.phases.length > 1) continue
    if (stage.finish !== 'requantize') continue
    // The sum's clamp is the only one, so the convolution's own must do nothing.
    if (stage.requant.min > -128 || stage.requant.max < 127) continue
    const other = operand === 0 ? b : a
    const otherAt = ctx.stages.findIndex((s) => s.output === other.id)
    if (otherAt >= found.at) continue
    const constants = binaryConstants(ctx, node)
    if (!constants) return false
    const swapped = {
      ...constants,
      a: constants.b,
      b: constants.a,
      zeroPointA: constants.zeroPointB,
      zeroPointB: constants.zeroPointA,
    }
    ctx.stages[found.at] = {
      ...stage,
      inputs: [...stage.inputs, sameRows(other)],
      output: output.id,
      residual: operand === 0 ? constants : swapped,
    }
    return true
  }
  return false
}

function fuseTable(ctx: LoweringContext, node: Node): boolean {
  const input = must(node.inputs[0], 'input')
  const output = mapFor(ctx, must(node.outputs[0], 'output'))
  const found = privateProducer(ctx, input)
  if (!found || !output) return false
  const { stage, at } = found
  if ((stage.kind === 'conv' && stage.residual) || stage.table || stage.finish !== 'requantize') return false
  ctx.stages[at] = { ...stage, table: tableOf(ctx, node), output: output.id }
  return true
}

/** Thresholds of a column that an instruction can name. */
const MOST_STEPS = 255
/** Up to here thresholds take no more room than a line, and are always exact. */
const FEW_STEPS = 3

/** The sums of each channel with their bias that inputs of the type can make; all of int32 where they may wrap. */
function reachOf(ctx: LoweringContext, stage: ConvStage | DepthwiseStage, channels: number): Reach[] {
  const { dtype } = typeOf(ctx.graph, must(stage.inputs[0], 'input').map)
  const [least, most] = must(DTYPE_RANGE[dtype], 'a range')
  const bits = stage.kind === 'conv' ? stage.bits : 8
  const bytes = new Uint8Array(stage.weights.buffer, stage.weights.byteOffset, stage.weights.length)
  const count = (bytes.length * 8) / bits
  const weights = fromStored(bytes, bits === 1 ? 'b1' : (`i${bits}` as 'i8' | 'i4' | 'i2'), bits, count)
  const each = count / channels
  return Array.from({ length: channels }, (_, c) => {
    const biases = stage.kind === 'conv' ? stage.phases.map((p) => p.bias[c] ?? 0) : [stage.bias[c] ?? 0]
    // Not every phase has all taps.
    const absent = biases.length > 1 ? [0] : []
    let [lowest, highest] = [Math.min(...biases), Math.max(...biases)]
    for (let k = 0; k < each; k++) {
      // Convolutions keep a channel's weights together, depthwise ones a kernel position's.
      const w = weights[stage.kind === 'conv' ? c * each + k : k * channels + c] as number
      lowest += Math.min(w * least, w * most, ...absent)
      highest += Math.max(w * least, w * most, ...absent)
    }
    const wraps = lowest < -(2 ** 31) || highest >= 2 ** 31
    return wraps ? { lowest: -(2 ** 31), highest: 2 ** 31 - 1 } : { lowest, highest }
  })
}

function fuseThresholds(ctx: LoweringContext, node: Node): boolean {
  const [sums, thresholds, directions] = node.inputs
  const found = privateProducer(ctx, must(sums, 'sums'))
  const values = valueOf(ctx.graph, must(thresholds, 'thresholds'))
  const [channels = 0, steps = 0] = values.type.shape
  const direction = directions === undefined ? undefined : valueOf(ctx.graph, directions).data
  if (found?.stage.finish !== 'sums' || !(values.data instanceof Int32Array)) return false
  if (directions !== undefined && !(direction instanceof Int8Array)) return false
  if (steps < 1 || steps > MOST_STEPS) return false
  const id = must(node.outputs[0], 'output')
  const output = mapFor(ctx, id)
  if (!output) return false
  const sorted = Int32Array.from(values.data)
  for (let c = 0; c < channels; c++) sorted.subarray(c * steps, (c + 1) * steps).sort()
  const signs = (direction as Int8Array | undefined) ?? new Int8Array(channels).fill(1)
  const line = steps > FEW_STEPS ? lineOf(sorted, signs, reachOf(ctx, found.stage, channels)) : undefined
  // Half of parameter memory for one block, the other half for the next.
  const bytes = line ? lineBlockBytes(ctx.target) : thresholdBlockBytes(ctx.target, steps)
  if (2 * bytes > capacities(ctx.target).parameterBytes) return false
  ctx.stages[found.at] = {
    ...found.stage,
    output: output.id,
    finish: {
      steps,
      values: sorted,
      directions: signs,
      start: node.attrs.min as number,
      step: typeOf(ctx.graph, id).dtype === 'b1' ? 2 : 1,
      ...(line && { line }),
    },
  }
  // The constants of the layer are these now, not multipliers.
  const layer = must(ctx.layers[found.stage.layer], 'layer')
  ctx.layers[found.stage.layer] = {
    ...layer,
    parameterBytes: line ? channels * LINE_BYTES : channels * (4 + 4 * steps),
  }
  return true
}
