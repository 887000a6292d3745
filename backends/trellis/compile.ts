/** The Trellis compiler: from a graph to a program. */
import { attempt, Diagnosed, type Diagnostic, must, type Result } from '../../ir/diagnostic.ts'
import type { Graph } from '../../ir/graph.ts'
import { elementCount, type TensorType } from '../../ir/tensor.ts'
import { ConstantPool } from './emit/constants.ts'
import { type DramPlace, type Emitted, Emitter, type Pool } from './emit/emitter.ts'
import { emitGroup } from './emit/group.ts'
import { type Ordered, orderProgram } from './emit/order.ts'
import { INSTRUCTION_BYTES, type Instruction } from './isa/table.ts'
import { splitBatch } from './lower/batch.ts'
import { lower } from './lower/lower.ts'
import type { Lowered, MapId, Stage } from './lower/stage.ts'
import { keptWork, lowerBound } from './lower-bound.ts'
import type { Buffer, DramRegion, Layer, Program, Segment, Step } from './program.ts'
import type { Placed } from './schedule/buffer.ts'
import { type Group, type Plan, plan, type ScheduleSettings } from './schedule/cascade.ts'
import { createCostModel } from './schedule/cost.ts'
import { place, type Request } from './schedule/place.ts'
import { storedBytes } from './stored.ts'
import { capacities, type Target } from './target.ts'

/** DRAM tensors and constants start on multiples of this: the widest bus. */
const DRAM_ALIGN = 64

/**
 * Compiles a verified graph for a target. Ops that the machine has no instruction for become host ops; a target whose
 * memories are too small for a layer is a diagnostic.
 */
export function compileTrellis(
  graph: Graph,
  target: Target,
  settings: ScheduleSettings = {},
): Result<Program> {
  return attempt(() => compile(graph, target, settings))
}

function compile(model: Graph, target: Target, settings: ScheduleSettings): Program {
  const { graph, batch } = splitBatch(model)
  const lowered = lower(graph, target)
  const tensors = layoutBuffers(lowered)
  const pools = { weights: new ConstantPool(DRAM_ALIGN), parameters: new ConstantPool(DRAM_ALIGN) }
  const streams: Emitted[][] = []
  const schedules = new Map<number, string>()
  const steps: Step[] = lowered.steps.map((step) => {
    if ('host' in step) return { host: step.host }
    streams.push(emitStretch(step.stages, lowered, target, pools, tensors.placeOf, schedules, settings))
    return { run: streams.length - 1 }
  })

  const base = {
    weights: tensors.runtimeBytes,
    parameters: tensors.runtimeBytes + pools.weights.bytes,
    tensors: tensors.runtimeBytes + pools.weights.bytes + pools.parameters.bytes,
  }
  const constantsEnd = base.tensors + tensors.constantBytes
  const ordered = streams.map((stream) =>
    orderProgram(
      stream.map((e) => rebased(e, base)),
      target,
    ),
  )
  const segments = placeSegments(ordered, constantsEnd)
  const end = segments.reduce(
    (n, s) => Math.max(n, s.address + s.instructions.length * INSTRUCTION_BYTES),
    constantsEnd,
  )

  const addressOf = (id: string): number => {
    const { address, pool } = tensors.placeOf(id)
    return pool === undefined ? address : base[pool] + address
  }
  const weights = new Uint8Array(constantsEnd - base.weights)
  pools.weights.writeTo(weights, 0)
  pools.parameters.writeTo(weights, base.parameters - base.weights)
  for (const { id, data } of lowered.buffers) if (data) weights.set(data, addressOf(id) - base.weights)

  const bitsOf = new Map(lowered.buffers.map((b) => [b.id, b.bits]))
  const buffer = (id: string, type: TensorType, name: string): Buffer => {
    const bits = must(bitsOf.get(id), `bits of ${id}`)
    return {
      id: name,
      type,
      bits,
      address: addressOf(id),
      bytes: storedBytes(elementCount(type.shape), bits),
    }
  }
  const regions: DramRegion[] = [
    { kind: 'activations', start: 0, end: base.weights },
    { kind: 'weights', start: base.weights, end: base.parameters },
    { kind: 'parameters', start: base.parameters, end: base.tensors },
    { kind: 'weights', start: base.tensors, end: constantsEnd },
    { kind: 'instructions', start: constantsEnd, end },
  ]
  const buffers = lowered.buffers.map((b) => buffer(b.id, b.type, b.id))
  const outputs = lowered.outputs.map((p) => buffer(p.buffer, p.type, p.name))
  const known = new Set(buffers.map((b) => b.id))
  return {
    model: model.name,
    target,
    batch,
    inputs: lowered.inputs.map((p) => buffer(p.buffer, p.type, p.name)),
    outputs,
    // An output that shows the bytes of another tensor has a name and a type of its own.
    buffers: [...buffers, ...outputs.filter((b) => !known.has(b.id))],
    steps,
    segments,
    layers: layersOf(lowered, schedules, target),
    weights,
    weightsAddress: base.weights,
    regions: regions.filter((r) => r.end > r.start),
    dramBytes: end,
    estimatedCycles: ordered.reduce((n, o) => n + o.estimatedCycles, 0),
    lowerBound: lowerBound(lowered, target),
  }
}

function layersOf(lowered: Lowered, schedules: ReadonlyMap<number, string>, target: Target): Layer[] {
  const kept = new Map<number, ReturnType<typeof keptWork>>()
  const edges = new Map<number, Pick<Layer, 'inputs' | 'outputs'>>()
  for (const step of lowered.steps) {
    if ('host' in step) continue
    for (const stage of step.stages) {
      const layer = must(lowered.layers[stage.layer], 'layer')
      kept.set(stage.layer, keptWork(stage, layer, must(lowered.maps.get(stage.output), 'map'), target))
      edges.set(stage.layer, edgesOf(stage, lowered))
    }
  }
  return lowered.layers.map((layer, index) => ({
    ...layer,
    ...(kept.get(index) ?? { density: 1, usefulMacs: layer.macs }),
    ...(edges.get(index) ?? { inputs: [], outputs: [] }),
    schedule: schedules.get(index) ?? '',
  }))
}

function edgesOf(stage: Stage, { maps, buffers }: Lowered): Pick<Layer, 'inputs' | 'outputs'> {
  const constant = new Set(buffers.filter((b) => b.data !== undefined).map((b) => b.id))
  const nameOf = (id: MapId): string => must(maps.get(id), 'map').buffer
  const read = new Set(stage.inputs.map((use) => nameOf(use.map)))
  return { inputs: [...read].filter((name) => !constant.has(name)), outputs: [nameOf(stage.output)] }
}

const align = (n: number) => Math.ceil(n / DRAM_ALIGN) * DRAM_ALIGN

/** Tensors that are written at run time stand at the start of DRAM; constant ones in a pool of their own. */
function layoutBuffers(lowered: Lowered) {
  const places = new Map<string, DramPlace>()
  let runtimeBytes = 0
  let constantBytes = 0
  for (const { id, type, bits, data } of lowered.buffers) {
    if (data) {
      places.set(id, { address: constantBytes, pool: 'tensors' })
      constantBytes = align(constantBytes + data.length)
    } else {
      places.set(id, { address: runtimeBytes })
      runtimeBytes = align(runtimeBytes + storedBytes(elementCount(type.shape), bits))
    }
  }
  return {
    placeOf: (id: string): DramPlace => must(places.get(id), `buffer ${id}`),
    runtimeBytes,
    constantBytes,
  }
}

function rebased(e: Emitted, base: Readonly<Record<Pool, number>>): Emitted {
  if (!e.pool || !('dram' in e.instruction)) return e
  return { ...e, instruction: { ...e.instruction, dram: e.instruction.dram + base[e.pool] } as Instruction }
}

function placeSegments(ordered: readonly Ordered[], start: number): Segment[] {
  let at = start
  return ordered.map(({ instructions, layerOf }) => {
    const segment = { instructions, layerOf, address: at }
    at = align(at + instructions.length * INSTRUCTION_BYTES)
    return segment
  })
}

/** Plans, places and emits one stretch of stages, and says in `schedules` how each layer is run; where the plan's buffers cannot be placed, plans again for less memory. */
function emitStretch(
  stages: readonly Stage[],
  lowered: Lowered,
  target: Target,
  pools: { readonly weights: ConstantPool; readonly parameters: ConstantPool },
  dramPlace: (id: string) => DramPlace,
  schedules: Map<number, string>,
  settings: ScheduleSettings,
): Emitted[] {
  const { maps } = lowered
  const model = createCostModel(maps, target)
  const { activationBytes } = capacities(target)
  for (let share = 1; share > 0.3; share -= 0.06) {
    const planned = attempt(() =>
      plan(stages, maps, model, target, Math.floor(activationBytes * share), settings),
    )
    if (!planned.ok) throw new Diagnosed(share === 1 ? planned.diagnostics : [tooScattered(target)])
    const placed = placeGroups(planned.value, stages, target)
    if (!placed) continue
    const emitter = new Emitter(target, maps, pools, dramPlace)
    planned.value.groups.forEach((group, index) => {
      emitter.placed = must(placed[index], 'group')
      emitGroup(emitter, group, stages, model)
      for (const stage of stages.slice(group.from, group.to))
        schedules.set(stage.layer, describe(group, stage))
    })
    return emitter.emitted
  }
  throw new Diagnosed([tooScattered(target)])
}

function tooScattered(target: Target): Diagnostic {
  return {
    code: 'trellis/memory-too-small',
    severity: 'error',
    message: `the buffers of a layer do not fit side by side in the ${target.memories.activation_kib} KiB of activation memory`,
    hint: 'give the target more memories.activation_kib',
  }
}

/** Addresses for the buffers of every group. */
function placeGroups(
  planned: Plan,
  stages: readonly Stage[],
  target: Target,
): Map<MapId, Placed>[] | undefined {
  const requests: Request[] = []
  for (const [id, shape] of planned.resident) {
    const used = planned.groups.flatMap((g, index) => (g.resident.has(id) ? [index] : []))
    requests.push({ key: id, shape, from: Math.min(...used), to: Math.max(...used) })
  }
  planned.groups.forEach((group, index) => {
    for (const [id, shape] of group.local)
      requests.push({ key: `${index} ${id}`, shape, from: index, to: index })
  })
  const { activationBytes, bankBytes } = capacities(target)
  const roles = rolesOf(planned, stages)
  const apart = (a: Request, b: Request) => {
    const [x, y] = [roles.get(a.key), roles.get(b.key)]
    return x !== undefined && y !== undefined && portsClash(x, y)
  }
  const placed = place(requests, { bytes: activationBytes, bankBytes, apart })
  if (!placed) return undefined
  return planned.groups.map((group, index) => {
    const here = new Map<MapId, Placed>()
    for (const id of group.resident) here.set(id, must(placed.get(id), `place of ${id}`))
    for (const id of group.local.keys()) here.set(id, must(placed.get(`${index} ${id}`), `place of ${id}`))
    return here
  })
}

/** Which units read and write a buffer. */
interface Roles {
  readonly readers: Set<string>
  readonly writers: Set<string>
}

function rolesOf(planned: Plan, stages: readonly Stage[]): Map<string, Roles> {
  const roles = new Map<string, Roles>()
  const of = (group: Group, index: number, id: MapId): Roles => {
    const key = group.resident.has(id) ? id : `${index} ${id}`
    let r = roles.get(key)
    if (!r) {
      r = { readers: new Set(), writers: new Set() }
      roles.set(key, r)
    }
    return r
  }
  planned.groups.forEach((group, index) => {
    for (const stage of stages.slice(group.from, group.to)) {
      stage.inputs.forEach((use, k) => {
        const mac = (stage.kind === 'conv' || stage.kind === 'depthwise') && k === 0
        of(group, index, use.map).readers.add(mac ? 'mac' : 'post')
      })
      of(group, index, stage.output).writers.add('post')
    }
    for (const id of group.loaded) of(group, index, id).writers.add('load')
    for (const id of group.stored) of(group, index, id).readers.add('store')
  })
  return roles
}

function portsClash(a: Roles, b: Roles): boolean {
  const differ = (x: Set<string>, y: Set<string>) => [...x].some((u) => [...y].some((v) => u !== v))
  return differ(a.readers, b.readers) || differ(a.writers, b.writers)
}

/** How the stages of a group are run, for people. */
function describe(group: Group, stage: Stage): string {
  const through = group.loaded.has(must(stage.inputs[0], 'input').map) ? 'from DRAM' : 'on chip'
  const stripes = group.rows.stripes === 1 ? 'whole' : `${group.rows.stripes} stripes`
  const cascade = group.to - group.from > 1 ? `, cascade of ${group.to - group.from}` : ''
  return `${stripes}${cascade}, input ${through}${group.stored.has(stage.output) ? ', output to DRAM' : ''}`
}
