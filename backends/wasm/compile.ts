/** The compiler to WebAssembly: a graph becomes steps, a memory plan, a weights file, and a module for each variant. */
import { attempt, must, type Result } from '../../ir/diagnostic.ts'
import type { Graph, ValueId } from '../../ir/graph.ts'
import { typeOf } from '../../ir/graph.ts'
import { VARIANTS, type Variant, type WasmArtifact, type WasmLayer, type WasmPort } from './artifact.ts'
import { Dot } from './codegen/dot.ts'
import { ModuleBuilder } from './codegen/module.ts'
import { callKernel } from './kernels/kernel.ts'
import { borders } from './lower/borders.ts'
import { planFusion } from './lower/fusion.ts'
import { Lowering, type Step, WEIGHTS } from './lower/lowering.ts'
import { realRule } from './lower/real.ts'
import { RULES } from './lower/rules.ts'
import { align, planMemory } from './memory-plan.ts'
import { operands } from './operands.ts'
import { contiguous, isStoredAsInt8, type Place, placedBytes } from './storage.ts'
import { FILE_VECTOR_BYTES, weightBytes } from './weight-blocks.ts'

export interface CompileOptions {
  /** Modules export each step besides, to be timed. */
  readonly exportsLayers?: boolean
}

/** Where the weights start; nothing lies at address 0. */
const WEIGHTS_ADDRESS = 16
/** Kernels may read up to a vector and a half past a tensor's end. */
const SLACK_BYTES = 64

/** The modules that compute exactly what the verified graph does. Diagnostics: `wasm/...`. */
export function compileWasm(graph: Graph, options: CompileOptions = {}): Result<WasmArtifact> {
  return attempt(() => {
    const lowering = new Lowering(graph, borders(graph), planFusion(graph))
    const inputs = graph.inputs.map((id) => port(lowering, id, `input ${id}`))
    graph.inputs.forEach((id, n) => {
      takeInput(lowering, id, must(inputs[n], 'input').place)
    })
    for (const node of graph.nodes) {
      if (lowering.fusion.skipped.has(node)) continue
      const rule = realRule(node, lowering) ?? RULES[node.op]
      rule(node, lowering)
    }
    const outputs = graph.outputs.map((id) => port(lowering, id, `output ${id}`))
    graph.outputs.forEach((id, n) => {
      giveOutput(lowering, id, must(outputs[n], 'output').place)
    })

    const weights = lowering.weightsFile()
    const kept = new Set([...inputs, ...outputs].map(({ place }) => place.buffer))
    const buffers = lowering.buffers(kept)
    const plan = planMemory(buffers, WEIGHTS_ADDRESS + weights.length)
    const address = ({ buffer, offset }: Place) =>
      offset + (buffer === WEIGHTS ? WEIGHTS_ADDRESS : must(plan.addresses.get(buffer), buffer))
    const ports = (list: readonly { readonly id: ValueId; readonly place: Place }[]): readonly WasmPort[] =>
      list.map(({ id, place }) => ({ name: id, type: typeOf(graph, id), address: address(place) }))
    const operandsOf = operands(lowering, new Map(buffers.map(({ name, bytes }) => [name, bytes])))
    const modules = VARIANTS.map((variant) => {
      const bytes = emitModule(variant, lowering, plan.end, address, options)
      return [variant, bytes] as const
    })
    return {
      model: graph.name,
      inputs: ports(inputs),
      outputs: ports(outputs),
      layers: lowering.steps.map((step) => ({ ...layerOf(step), operands: operandsOf(step) })),
      weights,
      weightsAddress: WEIGHTS_ADDRESS,
      modules: Object.fromEntries(modules) as { readonly [V in Variant]: Uint8Array },
    }
  })
}

function port(lowering: Lowering, id: ValueId, buffer: string) {
  const bytes = placedBytes(contiguous(lowering.type(id), { buffer, offset: 0 }))
  return { id, place: lowering.buffer(bytes, buffer) }
}

/** Elements of one byte are brought into the form and place that the kernels expect; others stay where they are. */
function takeInput(lowering: Lowering, id: ValueId, place: Place): void {
  const given = contiguous(lowering.type(id), place)
  if (!isStoredAsInt8(given.type.dtype)) {
    lowering.place(id, given)
    return
  }
  const label = { name: id, op: 'input' }
  lowering.copy(given, lowering.allocate(id, label), label, true)
}

function giveOutput(lowering: Lowering, id: ValueId, place: Place): void {
  const type = lowering.type(id)
  const label = { name: id, op: 'output' }
  lowering.copy(lowering.placement(id), contiguous(type, place), label, isStoredAsInt8(type.dtype))
}

function layerOf({ layer, op, macs, kernel }: Step): Omit<WasmLayer, 'operands'> {
  return { name: layer, op, macs, kernel: kernel.name }
}

function emitModule(
  variant: Variant,
  lowering: Lowering,
  plannedEnd: number,
  sharedAddress: (place: Place) => number,
  { exportsLayers = false }: CompileOptions,
): Uint8Array {
  const { addresses, end } = placeLayers(variant, lowering, plannedEnd, sharedAddress)
  const address = (place: Place) => {
    const layer = addresses.get(place.buffer)
    return layer === undefined ? sharedAddress(place) : layer + place.offset
  }
  const b = new ModuleBuilder(variant, end + SLACK_BYTES)
  const call = ({ kernel, places }: Step) => callKernel(b, kernel, places.map(address))
  b.exportFunction('init', lowering.initial.map(call))
  b.exportFunction('run', lowering.steps.map(call))
  if (exportsLayers) {
    lowering.steps.forEach((step, n) => {
      b.exportFunction(`layer_${n}`, [call(step)])
    })
  }
  return b.finish()
}

/** Where kernels read each layer's weights: in the file, or unpacked and widened behind everything else. */
function placeLayers(
  variant: Variant,
  { layers }: Lowering,
  plannedEnd: number,
  sharedAddress: (place: Place) => number,
): { readonly addresses: ReadonlyMap<string, number>; readonly end: number } {
  const addresses = new Map<string, number>()
  const vectorBytes = Dot.weightBytes(variant)
  let end = align(plannedEnd)
  for (const { buffer, unpacked, file, blocks, bits } of layers) {
    if (bits === 8 && vectorBytes === FILE_VECTOR_BYTES) {
      addresses.set(buffer, sharedAddress(file))
      continue
    }
    addresses.set(buffer, end)
    end += weightBytes(blocks, vectorBytes)
    // At the end of their place: what is widened from its beginning on reaches them when they have been read.
    if (bits !== 8) addresses.set(unpacked, end - weightBytes(blocks, FILE_VECTOR_BYTES))
  }
  return { addresses, end }
}
