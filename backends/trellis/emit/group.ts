/** Emits one group: stripe by stripe, stage by stage, with the loads before their first reader and the stores after. */
import { must } from '../../../ir/diagnostic.ts'
import type { MapId, Stage } from '../lower/stage.ts'
import type { Group } from '../schedule/cascade.ts'
import type { CostModel } from '../schedule/cost.ts'
import type { Emitter } from './emitter.ts'
import { emitConv, emitDepthwise } from './mac-stage.ts'
import { emitBinary, emitMove, emitPool } from './post-stage.ts'
import { loadRows, padComputed, storeRows, stripeRows } from './transfer.ts'

export function emitGroup(e: Emitter, group: Group, stages: readonly Stage[], model: CostModel): void {
  const members = stages.slice(group.from, group.to)
  for (let s = 0; s < group.rows.stripes; s++) {
    const loaded = new Set<MapId>()
    for (const stage of members) {
      const [from, to] = stripeRows(group, stage.output, s)
      const load = (): void => {
        for (const use of stage.inputs) {
          if (!group.loaded.has(use.map) || loaded.has(use.map)) continue
          loaded.add(use.map)
          const [first, end] = stripeRows(group, use.map, s)
          if (first < end) loadRows(e, stage.layer, e.at(use.map), first, end)
        }
      }
      if (from === to) {
        load()
        continue
      }
      padComputed(e, stage.layer, e.at(stage.output), from, to)
      emitStage(e, stage, from, to, model, load)
      if (group.stored.has(stage.output)) storeRows(e, stage.layer, e.at(stage.output), from, to)
    }
  }
}

function emitStage(e: Emitter, stage: Stage, from: number, to: number, model: CostModel, load: () => void): void {
  switch (stage.kind) {
    case 'conv':
      return emitConv(e, stage, from, to, must(model.tile(stage, to - from), 'tile'), load)
    case 'depthwise':
      return emitDepthwise(e, stage, from, to, must(model.tile(stage, to - from), 'tile'), load)
    case 'pool':
      load()
      return emitPool(e, stage, from, to)
    case 'binary':
      load()
      return emitBinary(e, stage, from, to)
    case 'move':
      load()
      return emitMove(e, stage, from, to)
  }
}
