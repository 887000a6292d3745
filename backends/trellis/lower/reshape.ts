/** Reshapes cost nothing: the same bytes under other dimensions. */
import { must } from '../../../ir/diagnostic.ts'
import { type Node, typeOf } from '../../../ir/graph.ts'
import { imageDims, type LoweringContext, type MutableMap, mapFor, unsupported, viewOf } from './context.ts'
import type { Lowering } from './rules.ts'
import { channelsOf } from './stage.ts'

export function lowerReshape(ctx: LoweringContext, node: Node): Lowering {
  const from = must(node.inputs[0], 'input')
  const to = must(node.outputs[0], 'output')
  const source = mapFor(ctx, from)
  const type = typeOf(ctx.graph, to)
  const dims = imageDims(type.shape)
  if (!source || !dims || type.dtype === 'i32')
    return unsupported('its tensor is not a map of at most 8 bits and three dimensions')
  if (dims[0] === source.h && dims[1] === source.w && dims[2] === channelsOf(source)) {
    ctx.mapOf.set(to, source.id)
    if (ctx.graph.outputs.includes(to)) source.toDram = true
    return undefined
  }
  const readers = ctx.consumers.get(to) ?? []
  // A fully connected layer reads the map before the reshape as it is.
  if (!ctx.graph.outputs.includes(to) && readers.every((reader) => flattens(ctx, reader, source)))
    return undefined
  viewOf(ctx, source, to)
  return undefined
}

function flattens(ctx: LoweringContext, reader: Node, source: MutableMap): boolean {
  if (reader.op !== 'fully_connected') return false
  const depth = typeOf(ctx.graph, must(reader.inputs[1], 'weights')).shape[1]
  const rows = must(typeOf(ctx.graph, must(reader.outputs[0], 'output')).shape, 'shape').slice(0, -1)
  return source.h * source.w * channelsOf(source) === depth && rows.every((d) => d === 1)
}
