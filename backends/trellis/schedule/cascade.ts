/**
 * Cuts a stretch of stages into groups and decides what stays on chip, by dynamic programming over the cost model.
 *
 * A group runs as a cascade, stripe by stripe: maps that live only inside it never exist as a whole. A map that crosses
 * groups either stays whole in activation memory from its making to its last use, or goes through DRAM. The state of the
 * search is a position in the stretch and the crossing maps that are on chip there.
 */
import { fail, must } from '../../../ir/diagnostic.ts'
import { INSTRUCTION_BYTES } from '../isa/table.ts'
import type { MapId, Stage } from '../lower/stage.ts'
import { capacities, type Target } from '../target.ts'
import { type BufferShape, bufferShape } from './buffer.ts'
import { type CostModel, type Maps, mapOf } from './cost.ts'
import { type GroupRows, groupRows, ringRows, stripeRows, widest } from './rows.ts'

export interface Group {
  readonly from: number
  /** One past the last stage. */
  readonly to: number
  readonly rows: GroupRows
  /** Buffers of maps that live in this group only. */
  readonly local: ReadonlyMap<MapId, BufferShape>
  /** Maps loaded from DRAM for this group, and maps stored to DRAM by it. */
  readonly loaded: ReadonlySet<MapId>
  readonly stored: ReadonlySet<MapId>
  /** Crossing maps that are on chip while this group runs. */
  readonly resident: ReadonlySet<MapId>
  readonly estimatedCycles: number
}

export interface Plan {
  readonly groups: readonly Group[]
  /** Buffers of the maps that stay on chip across groups. */
  readonly resident: ReadonlyMap<MapId, BufferShape>
}

/** What the search is free to do. */
export interface ScheduleSettings {
  /** Stages that may run stripe by stripe together, at most; 1: each by itself. More than 8 save little and cost search. */
  readonly longestCascade?: number
}

interface State {
  readonly cost: number
  readonly previous?: { readonly at: number; readonly key: string }
  readonly group?: Group
  readonly onChip: ReadonlySet<MapId>
}

export function plan(
  stages: readonly Stage[],
  maps: Maps,
  model: CostModel,
  target: Target,
  activationBytes: number,
  { longestCascade = 8 }: ScheduleSettings = {},
): Plan {
  const uses = lastUses(stages)
  const shapes = new Map<MapId, BufferShape>()
  const residentShape = (id: MapId): BufferShape => {
    const known = shapes.get(id)
    if (known) return known
    const paddings = stages.flatMap((s) => s.inputs.filter((u) => u.map === id).map((u) => u.padding))
    const map = mapOf(maps, id)
    const padding = widest(paddings)
    const shape = bufferShape(
      map,
      padding,
      { rows: map.h + padding.top + padding.bottom, whole: true },
      target,
    )
    shapes.set(id, shape)
    return shape
  }

  const states: Map<string, State>[] = stages.map(() => new Map())
  states.push(new Map())
  must(states[0], 'start').set('', { cost: 0, onChip: new Set() })
  for (let from = 0; from < stages.length; from++) {
    for (const [key, state] of must(states[from], 'states')) {
      for (let to = from + 1; to <= Math.min(stages.length, from + longestCascade); to++) {
        for (const candidate of groupsFrom(from, to, state.onChip)) {
          const cost = state.cost + candidate.group.estimatedCycles
          const next = [...candidate.onChip].sort().join('\n')
          const known = must(states[to], 'states').get(next)
          if (known === undefined || cost < known.cost) {
            must(states[to], 'states').set(next, {
              cost,
              previous: { at: from, key },
              group: candidate.group,
              onChip: candidate.onChip,
            })
          }
        }
      }
    }
  }
  return trace()

  function* groupsFrom(from: number, to: number, before: ReadonlySet<MapId>) {
    const members = stages.slice(from, to)
    const made = new Set(members.map((s) => s.output))
    const crossing = [...made].filter((id) => lastUse(id) >= to)
    const read = new Set(members.flatMap((s) => s.inputs.map((u) => u.map)))
    const loaded = new Set([...read].filter((id) => !made.has(id) && !before.has(id)))
    // A view of a map that the group itself makes would be loaded before all of its rows are in DRAM.
    const written = new Set([...made].map((id) => mapOf(maps, id).buffer))
    if ([...loaded].some((id) => written.has(mapOf(maps, id).buffer))) return
    for (let choice = 0; choice < 1 << crossing.length; choice++) {
      const kept = crossing.filter((_, bit) => choice & (1 << bit))
      const resident = new Set([...before, ...kept])
      const residentBytes = [...resident].reduce((n, id) => n + residentShape(id).bytes, 0)
      if (residentBytes > activationBytes) continue
      const stored = new Set(
        [...made].filter((id) => mapOf(maps, id).toDram || (crossing.includes(id) && !resident.has(id))),
      )
      let feasible = 0
      for (const doubleBuffered of [true, false]) {
        for (const stripes of stripeCounts(mapOf(maps, must(members.at(-1), 'stage').output).h)) {
          const rows = groupRows(members, maps, stripes, (id) => resident.has(id) || stored.has(id))
          const local = localBuffers(members, rows, resident, loaded, stored, doubleBuffered)
          const bytes = residentBytes + [...local.values()].reduce((n, b) => n + b.bytes, 0)
          if (bytes > activationBytes) continue
          const estimatedCycles = groupCycles(members, rows, loaded, stored, doubleBuffered)
          const onChip = new Set([...resident].filter((id) => lastUse(id) >= to))
          yield { group: { from, to, rows, local, loaded, stored, resident, estimatedCycles }, onChip }
          // Fewer rows at a time only help where memory is short.
          if (++feasible === 2 || stripes === 1) break
        }
        // Waiting for every load and store is for memories that leave no choice.
        if (feasible > 0) break
      }
    }
  }

  function lastUse(id: MapId): number {
    return must(uses.get(id), `last use of ${id}`)
  }

  function localBuffers(
    members: readonly Stage[],
    rows: GroupRows,
    resident: ReadonlySet<MapId>,
    loaded: ReadonlySet<MapId>,
    stored: ReadonlySet<MapId>,
    doubleBuffered: boolean,
  ): Map<MapId, BufferShape> {
    const local = new Map<MapId, BufferShape>()
    for (const [id, mapRows] of rows.maps) {
      if (resident.has(id)) continue
      const map = mapOf(maps, id)
      const padding = widest(
        members.flatMap((s) => s.inputs.filter((u) => u.map === id).map((u) => u.padding)),
      )
      const capacity = ringRows(mapRows, map, padding, {
        loaded: loaded.has(id),
        stored: stored.has(id),
        doubleBuffered,
      })
      local.set(id, bufferShape(map, padding, capacity, target))
    }
    return local
  }

  function groupCycles(
    members: readonly Stage[],
    rows: GroupRows,
    loaded: ReadonlySet<MapId>,
    stored: ReadonlySet<MapId>,
    doubleBuffered: boolean,
  ): number {
    let compute = 0
    let instructions = 0
    for (const stage of members) {
      for (let s = 0; s < rows.stripes; s++) {
        const [from, to] = stripeRows(rows, mapOf(maps, stage.output), s)
        const cost = model.cost(stage, to - from)
        compute += Math.max(cost.macCycles, cost.postCycles) + cost.tailCycles / 2
        instructions += cost.instructions
      }
    }
    // Weights that all fit together are loaded once, the others for every stripe.
    const columns = members.reduce((n, s) => n + model.constants(s).columns, 0)
    const repeats = columns <= capacities(target).weightColumns ? 1 : rows.stripes
    const constants = members.reduce((n, s) => n + model.constants(s).bytes, 0) * repeats
    const mapBytes = (id: MapId) => {
      const map = mapOf(maps, id)
      return map.w * map.c * stripeRows(rows, map, rows.stripes - 1)[1]
    }
    const traffic = [...loaded, ...stored].reduce((n, id) => n + mapBytes(id), 0)
    const dram = (constants + traffic + instructions * INSTRUCTION_BYTES) / target.dram.bytes_per_cycle
    // Of two schedules that take the same time, the one with less traffic; loads and stores also delay the first and last stripe.
    const exposed = (traffic / target.dram.bytes_per_cycle / rows.stripes) * 0.25
    return (doubleBuffered ? Math.max(compute, dram) : compute + dram) + 0.05 * dram + exposed
  }

  function trace(): Plan {
    const goal = [...must(states[stages.length], 'goal').values()].sort((a, b) => a.cost - b.cost)[0]
    if (!goal) tooSmall()
    const groups: Group[] = []
    for (let state: State = goal; state.group; ) {
      groups.unshift(state.group)
      const { at, key } = must(state.previous, 'previous state')
      state = must(states[at]?.get(key), 'state')
    }
    const resident = new Map<MapId, BufferShape>()
    for (const group of groups) for (const id of group.resident) resident.set(id, residentShape(id))
    return { groups, resident }
  }

  function tooSmall(): never {
    const reached = states.findLastIndex((s) => s.size > 0)
    const stage = must(stages[Math.max(0, reached)], 'stage')
    const least = leastBytes(stage)
    fail({
      code: 'trellis/memory-too-small',
      message: `layer ${stage.name} does not fit: a stripe of one row needs ${least} bytes of activation memory, ${target.name} has ${capacities(target).activationBytes}`,
      hint: 'give the target more memories.activation_kib',
    })
  }

  /** What one stage needs with everything through DRAM, row by row. */
  function leastBytes(stage: Stage): number {
    const { h } = mapOf(maps, stage.output)
    const rows = groupRows([stage], maps, h, () => true)
    const loaded = new Set(stage.inputs.map((u) => u.map))
    const local = localBuffers([stage], rows, new Set(), loaded, new Set([stage.output]), false)
    return [...local.values()].reduce((n, b) => n + b.bytes, 0)
  }
}

/** 1, 2, 3, 4, 6, 8, 12, .. up to one row each. */
function stripeCounts(height: number): number[] {
  const counts: number[] = []
  for (let n = 1; n < height; n = n < 4 ? n + 1 : n % 3 === 0 ? (n * 4) / 3 : (n * 3) / 2) counts.push(n)
  return [...counts, height]
}

/** The last stage that reads each map, or else the one that makes it. */
function lastUses(stages: readonly Stage[]): Map<MapId, number> {
  const last = new Map<MapId, number>()
  stages.forEach((stage, at) => {
    for (const id of [stage.output, ...stage.inputs.map((use) => use.map)]) last.set(id, at)
  })
  return last
}
