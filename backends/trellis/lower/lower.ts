/** From a graph to stages and host ops, in an order with as few changes between machine and host as possible. */
import { must } from '../../../ir/diagnostic.ts'
import { type Graph, type Node, typeOf } from '../../../ir/graph.ts'
import type { HostOp } from '../program.ts'
import type { Target } from '../target.ts'
import { addBuffer, createContext, type LoweringContext } from './context.ts'
import { fuse } from './fuse.ts'
import { type Lowering, NO_FLOATING_POINT, RULES } from './rules.ts'
import type { Lowered, LoweredPort, LoweredStep, MapId } from './stage.ts'

export function lower(graph: Graph, target: Target): Lowered {
  const ctx = createContext(graph, target)
  for (const id of graph.inputs) addBuffer(ctx, id)
  const steps = order(ctx)
  markCrossings(ctx, steps)
  const port = (name: string): LoweredPort => ({
    name,
    type: typeOf(graph, name),
    buffer: bufferOf(ctx, name),
  })
  const outputs = graph.outputs.map((id) => {
    const map = ctx.mapOf.get(id)
    if (map !== undefined) must(ctx.maps.get(map), 'map').toDram = true
    else addBuffer(ctx, id)
    return port(id)
  })
  return {
    maps: ctx.maps,
    steps,
    layers: ctx.layers,
    buffers: usedBuffers(ctx, steps, outputs),
    inputs: graph.inputs.map(port),
    outputs,
  }
}

/** Runs every node that can become a stage before the first that cannot, then the host ops, and so on. */
function order(ctx: LoweringContext): LoweredStep[] {
  const steps: LoweredStep[] = []
  const known = new Set([...ctx.graph.inputs])
  for (const [id, value] of ctx.graph.values) if (value.data !== undefined) known.add(id)
  let waiting = [...ctx.graph.nodes]
  let deferred: { readonly node: Node; readonly reason: string }[] = []
  const finish = (node: Node): void => {
    for (const id of node.outputs) known.add(id)
  }
  while (waiting.length > 0 || deferred.length > 0) {
    const rest: Node[] = []
    for (const node of waiting) {
      if (!node.inputs.every((id) => known.has(id))) {
        rest.push(node)
        continue
      }
      const lowering: Lowering = fuse(ctx, node) ? undefined : lowerNode(ctx, node)
      if (lowering !== undefined && 'unsupported' in lowering) {
        deferred.push({ node, reason: lowering.unsupported })
        continue
      }
      if (lowering !== undefined) ctx.stages.push(lowering)
      finish(node)
    }
    waiting = rest
    if (waiting.some((n) => n.inputs.every((id) => known.has(id)))) continue
    must(deferred.length > 0 || waiting.length === 0 || undefined, 'a graph in topological order')
    flush(ctx, steps)
    for (const { node, reason } of deferred) {
      steps.push({ host: hostOp(ctx, node, reason) })
      finish(node)
    }
    deferred = []
  }
  flush(ctx, steps)
  return steps
}

/** By the op's rule, unless the node computes on real numbers. */
function lowerNode(ctx: LoweringContext, node: Node): Lowering {
  const isReal = [...node.inputs, ...node.outputs].every((id) => typeOf(ctx.graph, id).dtype === 'f32')
  return isReal ? NO_FLOATING_POINT : RULES[node.op].lower(ctx, node)
}

function flush(ctx: LoweringContext, steps: LoweredStep[]): void {
  if (ctx.stages.length > 0) steps.push({ stages: [...ctx.stages] })
  ctx.stages.length = 0
}

function hostOp(ctx: LoweringContext, node: Node, reason: string): HostOp {
  const read = (id: string): string => {
    const map = ctx.mapOf.get(id)
    const producer = ctx.producers.get(id)
    if (map !== undefined) must(ctx.maps.get(map), 'map').toDram = true
    // A reshape that was left to a fully connected layer, which then came to the host: the bytes are those before it.
    else if (producer?.op === 'reshape') return read(must(producer.inputs[0], 'input'))
    else addBuffer(ctx, id)
    return bufferOf(ctx, id)
  }
  for (const id of node.outputs) addBuffer(ctx, id)
  return {
    name: node.name,
    op: node.op,
    attrs: node.attrs,
    reason,
    inputs: node.inputs.map(read),
    inputTypes: node.inputs.map((id) => typeOf(ctx.graph, id)),
    outputs: node.outputs.map((id) => bufferOf(ctx, id)),
    outputTypes: node.outputs.map((id) => typeOf(ctx.graph, id)),
  }
}

function bufferOf(ctx: LoweringContext, id: string): string {
  const map = ctx.mapOf.get(id)
  return map === undefined ? id : must(ctx.maps.get(map), 'map').buffer
}

/** Maps that a later stretch reads must be in DRAM when their own ends. */
function markCrossings(ctx: LoweringContext, steps: readonly LoweredStep[]): void {
  const producedIn = new Map<MapId, number>()
  steps.forEach((step, index) => {
    if (!('stages' in step)) return
    for (const stage of step.stages) {
      for (const use of stage.inputs) {
        const produced = producedIn.get(use.map)
        if (produced !== undefined && produced !== index) must(ctx.maps.get(use.map), 'map').toDram = true
      }
      producedIn.set(stage.output, index)
    }
  })
}

/** Buffers that something reads or writes; lowering may have made some for values that fusion removed. */
function usedBuffers(ctx: LoweringContext, steps: readonly LoweredStep[], outputs: readonly LoweredPort[]) {
  const used = new Set<string>([...ctx.graph.inputs, ...outputs.map((p) => p.buffer)])
  const touch = (id: MapId) => used.add(must(ctx.maps.get(id), 'map').buffer)
  for (const step of steps) {
    if ('host' in step) for (const id of [...step.host.inputs, ...step.host.outputs]) used.add(id)
    else {
      for (const stage of step.stages) {
        touch(stage.output)
        for (const use of stage.inputs) touch(use.map)
      }
    }
  }
  return [...ctx.buffers.values()].filter((b) => used.has(b.id))
}
