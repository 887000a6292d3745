/** Emits one group: stripe by stripe, stage by stage, with the loads before their first reader and the stores after. */
import { must } from '../../../ir/diagnostic.ts'
import type { MapId, Stage } from '../lower/stage.ts'
import type { Group } from '../schedule/cascade.ts'
import type { CostModel } from '../schedule/cost.ts'
import { stripePadding, stripeRows } from '../schedule/rows.ts'
import type { Emitter } from './emitter.ts'
import { emitConv, emitDepthwise } from './mac-stage.ts'
import { emitBinary, emitMove, emitPool } from './post-stage.ts'
import { loadRows, padComputed, storeRows } from './transfer.ts'

export function emitGroup(e: Emitter, group: Group, stages: readonly Stage[], model: CostModel): void {
  const members = stages.slice(group.from, group.to)
  for (let s = 0; s < group.rows.stripes; s++) {
    const loaded = new Set<MapId>()
    for (const stage of members) {
      const output = e.at(stage.output)
      const [from, to] = stripeRows(group.rows, output.map, s)
      const load = (): void => {
        for (const use of stage.inputs) {
          if (!group.loaded.has(use.map) || loaded.has(use.map)) continue
          loaded.add(use.map)
          const input = e.at(use.map)
          const [first, end] = stripeRows(group.rows, input.map, s)
          loadRows(e, stage.layer, input, first, end, stripePadding(group.rows, input.map, s), s === 0)
        }
      }
      padComputed(e, stage.layer, output, s === 0, stripePadding(group.rows, output.map, s))
      if (from === to) {
        load()
        continue
      }
      emitStage(e, stage, from, to, model, load)
      if (group.stored.has(stage.output)) storeRows(e, stage.layer, output, from, to)
    }
  }
}

function emitStage(
  e: Emitter,
  stage: Stage,
  from: number,
  to: number,
  model: CostModel,
  load: () => void,
): void {
  switch (stage.kind) {
    case 'conv':
      emitConv(e, stage, from, to, must(model.tile(stage, to - from), 'tile'), load)
      return
    case 'depthwise':
      emitDepthwise(e, stage, from, to, must(model.tile(stage, to - from), 'tile'), load)
      return
    default:
      load()
      for (let at = from; at < to; ) {
        const end = Math.min(to, at + rowsAtOnce(e, stage))
        if (stage.kind === 'pool') emitPool(e, stage, at, end)
        else if (stage.kind === 'binary') emitBinary(e, stage, at, end)
        else emitMove(e, stage, at, end)
        at = end
      }
  }
}

/** Vectors that one instruction of the post unit alone makes, about: loads, stores and later stages wait for all of them. */
const VECTORS_AT_ONCE = 256

function rowsAtOnce(e: Emitter, stage: Stage): number {
  const { map } = e.at(stage.output)
  const rows = Math.max(1, Math.floor(VECTORS_AT_ONCE / Math.ceil((map.w * map.c) / e.target.array.cols)))
  // Rows of an enlarged map come in whole groups, or each would be an instruction of its own.
  const group = stage.kind === 'move' ? Math.max(...stage.parts.map((p) => p.upY)) : 1
  return Math.ceil(rows / group) * group
}
