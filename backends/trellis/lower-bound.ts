/** What no schedule can beat: the larger of MACs of kept blocks / peak and compulsory DRAM bytes / bandwidth. */
import { must } from '../../ir/diagnostic.ts'
import { phaseWork } from './lower/conv.ts'
import type { FeatureMap, Lowered, MapId, Stage } from './lower/stage.ts'
import type { Layer, Program } from './program.ts'
import { weightBlocks } from './schedule/blocks.ts'
import { groupRows, stripeRows } from './schedule/rows.ts'
import { storedBytes } from './stored.ts'
import type { Target } from './target.ts'

/**
 * Rows that nobody reads need not be computed or loaded, and the compiler leaves them out; so only rows that an output
 * needs count. Compulsory bytes are weights of kept blocks and parameters, what the machine reads without having made it, and what the
 * host or the user reads. Instructions are not among them.
 */
export function lowerBound(lowered: Lowered, target: Target): Program['lowerBound'] {
  const asked = new Set(lowered.outputs.map((p) => p.buffer))
  for (const step of lowered.steps) if ('host' in step) for (const id of step.host.inputs) asked.add(id)
  const made = new Set<string>()
  const read = new Map<string, number>()
  const written = new Map<string, number>()
  /** MACs of the array at 8 bits in the same time. */
  let macs = 0
  let dramBytes = 0
  for (const step of lowered.steps) {
    if ('host' in step) continue
    const mapAt = (id: MapId): FeatureMap => must(lowered.maps.get(id), `map ${id}`)
    const computed = new Set(step.stages.map((s) => s.output))
    const rows = groupRows(step.stages, lowered.maps, 1, (id) => computed.has(id) && mapAt(id).toDram)
    const needed = (map: FeatureMap) => stripeRows(rows, map, 0)[1]
    for (const stage of step.stages) {
      const out = mapAt(stage.output)
      const layer = must(lowered.layers[stage.layer], 'layer')
      const work = workOf(stage, layer, out, needed(out), target)
      macs += stage.kind === 'conv' ? (work.macs * stage.bits) / 8 : work.macs
      if (needed(out) > 0) dramBytes += work.weights + layer.parameterBytes
      for (const use of stage.inputs) {
        const map = mapAt(use.map)
        if (!made.has(map.buffer)) read.set(map.buffer, needed(map) * map.w * map.c)
      }
      made.add(out.buffer)
      written.set(out.buffer, out.h * out.w * out.c)
    }
  }
  for (const bytes of read.values()) dramBytes += bytes
  for (const [buffer, bytes] of written) if (asked.has(buffer)) dramBytes += bytes
  const roofline = Math.floor(macs / (target.array.rows * target.array.cols))
  return { cycles: Math.max(roofline, Math.ceil(dramBytes / target.dram.bytes_per_cycle)), dramBytes }
}

/** Multiply-accumulates and weight bytes of a layer as far as the first `rows` rows of its output need them, of kept blocks alone. */
function workOf(
  stage: Stage,
  layer: Pick<Layer, 'macs' | 'weightBytes'>,
  out: FeatureMap,
  rows: number,
  target: Target,
): { readonly macs: number; readonly weights: number } {
  if (stage.kind !== 'conv') return { macs: (layer.macs * rows) / out.h, weights: layer.weightBytes }
  const { isKept } = weightBlocks(stage, target)
  const all = phaseWork(stage.phases, out, stage, out.h)
  const some = phaseWork(stage.phases, out, stage, rows)
  const kept = phaseWork(stage.phases, out, stage, rows, { isKept, cols: target.array.cols })
  return {
    macs: Math.min((layer.macs * some.macs) / all.macs, kept.macs),
    weights: Math.min(
      Math.floor((layer.weightBytes * some.weights) / all.weights),
      storedBytes(kept.weights, stage.weightBits),
    ),
  }
}

/** A layer's density, and the MACs of its kept blocks: what is left of it on this target. */
export function keptWork(
  stage: Stage,
  layer: Pick<Layer, 'op' | 'macs' | 'weightBytes'>,
  out: FeatureMap,
  target: Target,
): { readonly density: number; readonly usefulMacs: number } {
  const { macs, weights } = workOf(stage, layer, out, out.h, target)
  // The weights of a depthwise layer that runs as a dense one are a diagonal: its blocks are not the layer's.
  const density = layer.op === 'depthwise_conv2d' || layer.weightBytes === 0 ? 1 : weights / layer.weightBytes
  return { density, usefulMacs: macs }
}
