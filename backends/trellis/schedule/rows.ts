/**
 * Row ranges of a group of stages. A group is run in stripes: for each stripe every stage makes the rows that the
 * stages after it need, and a map that lives only inside the group keeps just the rows still to be read, in a ring.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { FeatureMap, MapId, Padding, Stage } from '../lower/stage.ts'
import { NO_PADDING } from '../lower/stage.ts'

/** Rows of one map over the stripes of a group. */
export interface MapRows {
  /** Rows [0, end[s]) are there after stripe s has made (or loaded) its share; those from the map's height on are padding. */
  readonly end: readonly number[]
  /** First row that stripe s or a later one still reads. */
  readonly keep: readonly number[]
}

export interface GroupRows {
  readonly stripes: number
  readonly maps: ReadonlyMap<MapId, MapRows>
}

/** The rows of every map that the group reads or writes. */
export function groupRows(
  stages: readonly Stage[],
  maps: ReadonlyMap<MapId, FeatureMap>,
  stripes: number,
  neededAfter: (map: MapId) => boolean,
): GroupRows {
  const heightOf = (id: MapId) => must(maps.get(id), `map ${id}`).h
  const made = (id: MapId, s: number) =>
    Math.min(heightOf(id), must(end.get(id)?.[s], 'rows of a later stage'))
  const end = new Map<MapId, number[]>()
  const readers = new Map<MapId, { readonly stage: Stage; readonly use: number }[]>()
  for (const stage of stages) {
    stage.inputs.forEach((use, index) => {
      const list = readers.get(use.map) ?? []
      list.push({ stage, use: index })
      readers.set(use.map, list)
    })
  }
  const share = (h: number, s: number) => Math.ceil((h * (s + 1)) / stripes)
  const settle = (id: MapId): number[] => {
    const h = heightOf(id)
    const list = readers.get(id) ?? []
    const rows = Array.from({ length: stripes }, (_, s) => {
      if (list.length === 0) return share(h, s)
      const need = Math.max(
        ...list.map(({ stage, use }) => {
          const to = made(stage.output, s)
          return to === 0 ? 0 : must(stage.inputs[use], 'use').rows(0, to)[1]
        }),
      )
      const below = Math.max(...list.map(({ stage, use }) => must(stage.inputs[use], 'use').padding.bottom))
      return Math.max(0, Math.min(h + below, need))
    })
    if (neededAfter(id)) rows[stripes - 1] = Math.max(h, rows[stripes - 1] as number)
    for (let s = 1; s < stripes; s++) rows[s] = Math.max(rows[s] as number, rows[s - 1] as number)
    end.set(id, rows)
    return rows
  }
  for (const stage of [...stages].reverse()) settle(stage.output)
  for (const id of readers.keys()) if (!end.has(id)) settle(id)

  const result = new Map<MapId, MapRows>()
  for (const [id, rows] of end) {
    const keep = new Array<number>(stripes).fill(heightOf(id))
    for (let s = stripes - 1; s >= 0; s--) {
      const reads = (readers.get(id) ?? []).map(({ stage, use }) => {
        const from = s === 0 ? 0 : made(stage.output, s - 1)
        const to = made(stage.output, s)
        return from === to ? heightOf(id) : must(stage.inputs[use], 'use').rows(from, to)[0]
      })
      keep[s] = Math.min(...reads, s + 1 < stripes ? (keep[s + 1] as number) : heightOf(id))
    }
    result.set(id, { end: rows, keep })
  }
  return { stripes, maps: result }
}

/** Rows of a map that stripe `s` adds. */
export function stripeRows(rows: GroupRows, map: FeatureMap, s: number): readonly [from: number, to: number] {
  const { end } = must(rows.maps.get(map.id), `rows of ${map.id}`)
  return [s === 0 ? 0 : Math.min(map.h, end[s - 1] as number), Math.min(map.h, end[s] as number)]
}

/** Rows of padding below a map that stripe `s` adds. */
export function stripePadding(
  rows: GroupRows,
  map: FeatureMap,
  s: number,
): readonly [from: number, to: number] {
  const { end } = must(rows.maps.get(map.id), `rows of ${map.id}`)
  return [s === 0 ? map.h : Math.max(map.h, end[s - 1] as number), Math.max(map.h, end[s] as number)]
}

/** What a map's buffer in activation memory must hold at once. */
export interface Capacity {
  /** Rows including padding. */
  readonly rows: number
  /** The buffer holds the whole map: no ring. */
  readonly whole: boolean
}

/**
 * Rows for a map inside a group. With double buffering loads run one stripe ahead of the stages, and a stripe is stored
 * while the next is made.
 */
export function ringRows(
  rows: MapRows,
  map: FeatureMap,
  padding: Padding,
  kind: { readonly loaded: boolean; readonly stored: boolean; readonly doubleBuffered: boolean },
): Capacity {
  const stripes = rows.end.length
  const total = map.h + padding.top + padding.bottom
  let most = 0
  for (let s = 0; s < stripes; s++) {
    const ahead = kind.doubleBuffered && (kind.loaded || kind.stored) ? Math.min(s + 1, stripes - 1) : s
    const made = s === 0 ? 0 : (rows.end[s - 1] as number)
    // Rows that are made though nobody reads them are written too.
    const keep = Math.min(rows.keep[s] as number, made)
    most = Math.max(most, (rows.end[ahead] as number) - Math.max(-padding.top, keep))
  }
  return most >= total || stripes === 1 ? { rows: total, whole: true } : { rows: most, whole: false }
}

/** The padding around a map that serves all the given uses. */
export function widest(paddings: readonly Padding[]): Padding {
  return paddings.reduce(
    (a, b) => ({
      top: Math.max(a.top, b.top),
      left: Math.max(a.left, b.left),
      bottom: Math.max(a.bottom, b.bottom),
      right: Math.max(a.right, b.right),
    }),
    NO_PADDING,
  )
}
