/** What no schedule can beat: the larger of MACs / peak and compulsory DRAM bytes / bandwidth. */
import { must } from '../../ir/diagnostic.ts'
import { phaseWork } from './lower/conv.ts'
import type { FeatureMap, Lowered, MapId, Stage } from './lower/stage.ts'
import type { Program } from './program.ts'
import { groupRows, stripeRows } from './schedule/rows.ts'
import type { Target } from './target.ts'

/**
 * Rows that nobody reads need not be computed or loaded, and the compiler leaves them out; so only rows that an output
 * needs count. Compulsory bytes are weights and parameters, what the machine reads without having made it, and what the
 * host or the user reads. Instructions are not among them.
 */
export function lowerBound(lowered: Lowered, target: Target): Program['lowerBound'] {
  const asked = new Set(lowered.outputs.map((p) => p.buffer))
  for (const step of lowered.steps) if ('host' in step) for (const id of step.host.inputs) asked.add(id)
  const made = new Set<string>()
  const read = new Map<string, number>()
  const written = new Map<string, number>()
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
      const share = shareOf(stage, out, needed(out))
      macs += layer.macs * share.macs
      if (needed(out) > 0) dramBytes += Math.floor(layer.weightBytes * share.weights) + layer.parameterBytes
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

/** What the first `rows` rows take of a stage's work. Rows of a transposed convolution cost what their phases cost. */
function shareOf(
  stage: Stage,
  out: FeatureMap,
  rows: number,
): { readonly macs: number; readonly weights: number } {
  if (stage.kind !== 'conv') return { macs: rows / out.h, weights: 1 }
  const [some, all] = [phaseWork(stage.phases, out, stage, rows), phaseWork(stage.phases, out, stage, out.h)]
  return { macs: some.macs / all.macs, weights: some.weights / all.weights }
}
