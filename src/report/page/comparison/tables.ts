/** Every difference of every layer and unit. */

import type { Comparison, Difference, LayerComparison, UnitDifferences } from '../../../compare/compare.ts'
import { choice, h } from '../kit/dom.ts'
import { counted, digits, percent, shortened } from '../kit/format.ts'
import { colourOf } from '../kit/palette.ts'
import { rowId } from '../kit/places.ts'
import { type Column, table } from '../kit/table.ts'
import { swatch } from '../kit/tooltip.ts'
import { percentColumn } from './headline.ts'
import { judged, layerLabel, layerName, presence, signed } from './layers.ts'

interface Row {
  readonly layer: LayerComparison
  readonly index: number
}

export function layerTable({ layers, headline }: Comparison): HTMLElement {
  const rows = layers.map((layer, index): Row => ({ layer, index }))
  const four = (
    title: string,
    of: (layer: LayerComparison) => Difference,
    show: (value: number) => string,
  ): Column<Row>[] => [
    { title: `${title} A`, key: ({ layer }) => of(layer).a, cell: ({ layer }) => show(of(layer).a) },
    { title: `${title} B`, key: ({ layer }) => of(layer).b, cell: ({ layer }) => show(of(layer).b) },
    {
      title: `${title} B − A`,
      key: ({ layer }) => of(layer).difference,
      cell: ({ layer }) => judged(of(layer), show, true),
    },
    percentColumn(({ layer }) => of(layer), `${title} %`),
  ]
  const columns: Column<Row>[] = [
    { title: '#', key: ({ index }) => index, cell: ({ index }) => String(index) },
    {
      title: 'layer',
      key: ({ layer }) => layerName(layer),
      cell: ({ layer }) => h('span', { title: layerName(layer) }, shortened(layerName(layer), 34)),
    },
    { title: 'op', key: ({ layer }) => opOf(layer), cell: ({ layer }) => opOf(layer) },
    { title: 'in both', key: ({ layer }) => presence(layer), cell: ({ layer }) => presence(layer) },
    ...four('cycles', ({ cycles }) => cycles, counted),
    ...four('DRAM B', ({ dram_bytes }) => dram_bytes, counted),
    ...four('µJ', ({ energy_uj }) => energy_uj, digits),
    ...(['a', 'b'] as const).map(
      (side): Column<Row> => ({
        title: `MAC use ${side.toUpperCase()}`,
        key: ({ layer }) => layer.mac_utilization[side],
        cell: ({ layer }) => (layer[side] ? percent(layer.mac_utilization[side]) : ''),
      }),
    ),
    { title: 'bound by', key: ({ layer }) => boundText(layer), cell: ({ layer }) => boundText(layer) },
  ]
  const totals = [
    ...totalCells(headline.cycles, counted),
    ...totalCells(headline.dram_bytes, counted),
    ...totalCells(headline.energy_uj, digits),
  ]
  const utilization = [headline.mac_utilization.a, headline.mac_utilization.b].map(percent)
  return table(rows, columns, {
    caption: 'Layers of both',
    id: ({ index }) => rowId(index),
    foot: ['', 'in all', '', '', ...totals, ...utilization, ''],
  })
}

function totalCells(each: Difference, show: (value: number) => string): string[] {
  const share = each.percent === null ? '' : `${signed(each.percent, (value) => value.toFixed(1))} %`
  return [show(each.a), show(each.b), signed(each.difference, show), share]
}

function opOf({ a, b }: LayerComparison): string {
  const ops = [...new Set([a?.op, b?.op].filter((op) => op !== undefined))]
  return ops.join(' → ')
}

function boundText({ a, b }: LayerComparison): string {
  const bounds = [...new Set([a?.bound_by, b?.bound_by].filter((bound) => bound !== undefined))]
  return bounds.join(' → ')
}

interface CauseRow {
  readonly of: string
  readonly cause: string
  readonly each: Difference
}

/** Each unit's cycles by cause. */
export function unitTable({ units }: Comparison): HTMLElement {
  return causeTable('unit', rowsOf(units), 'Units: cycles by cause')
}

/** One unit's cycles by layer and cause: those that differ. */
export function layerCauses({ layers, units }: Comparison): HTMLElement {
  const place = h('div')
  const draw = (unit: string): void => {
    const rows = layers.flatMap((layer, index) =>
      rowsOf({ [`${layerLabel(layer, index)} ${shortened(layerName(layer), 34)}`]: layer.units[unit] ?? {} }),
    )
    const changed = rows.filter(({ each }) => each.difference !== 0)
    const size = ({ each }: CauseRow): number => Math.abs(each.difference)
    changed.sort((p, q) => size(q) - size(p))
    place.replaceChildren(
      changed.length === 0
        ? h('p', {}, `The cycles of ${unit} are the same in every layer.`)
        : causeTable('layer', changed, `Layers: cycles of ${unit} by cause`),
    )
  }
  draw('mac')
  const control = choice('Cycles of unit', Object.keys(units), 'mac', draw)
  return h('div', {}, h('div', { class: 'controls' }, control), place)
}

function rowsOf(units: UnitDifferences): CauseRow[] {
  return Object.entries(units).flatMap(([of, causes]) =>
    Object.entries(causes).map(([cause, each]) => ({ of, cause, each })),
  )
}

function causeTable(what: string, rows: readonly CauseRow[], caption: string): HTMLElement {
  const columns: Column<CauseRow>[] = [
    { title: what, key: ({ of }) => of, cell: ({ of }) => of },
    {
      title: 'cycles',
      key: ({ cause }) => cause,
      cell: ({ cause }) => h('span', {}, swatch(colourOf(cause)), cause),
    },
    { title: 'A', key: ({ each }) => each.a, cell: ({ each }) => counted(each.a) },
    { title: 'B', key: ({ each }) => each.b, cell: ({ each }) => counted(each.b) },
    {
      title: 'B − A',
      key: ({ each }) => each.difference,
      cell: ({ each }) => judged(each, counted, undefined),
    },
    percentColumn(({ each }) => each),
  ]
  return table(rows, columns, { caption })
}
