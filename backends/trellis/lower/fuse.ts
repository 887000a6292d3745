/** Ops that join the stage before them: an addition, or an activation by table. */
import { must } from '../../../ir/diagnostic.ts'
import type { Node } from '../../../ir/graph.ts'
import { type LoweringContext, type MutableMap, mapFor } from './context.ts'
import { binaryConstants, sameRows, tableOf } from './elementwise.ts'
import type { ConvStage, DepthwiseStage } from './stage.ts'

const BY_TABLE = new Set(['logistic', 'tanh', 'leaky_relu', 'hard_swish'])

/** Whether the node is now part of an earlier stage. */
export function fuse(ctx: LoweringContext, node: Node): boolean {
  if (node.op === 'add') return fuseAdd(ctx, node)
  if (BY_TABLE.has(node.op)) return fuseTable(ctx, node)
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
  if ((stage.kind === 'conv' && stage.residual) || stage.table) return false
  ctx.stages[at] = { ...stage, table: tableOf(ctx, node), output: output.id }
  return true
}
