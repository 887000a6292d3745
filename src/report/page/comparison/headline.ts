/** Both runs in a few figures, and all that differs between them as a whole. */

import type { Comparison, Difference, Differences } from '../../../compare/compare.ts'
import { HEADLINES, type Headline, type HeadlineFigure } from '../../../compare/headlines.ts'
import { type Child, h } from '../kit/dom.ts'
import { counted, digits } from '../kit/format.ts'
import { type Column, table } from '../kit/table.ts'
import { judged, relative } from './layers.ts'

const CARDS: readonly { readonly key: Headline; readonly title: string; readonly bound?: Headline }[] = [
  { key: 'cycles', title: 'Cycles', bound: 'lower_bound_cycles' },
  { key: 'latency_ms', title: 'Latency, ms' },
  { key: 'dram_bytes', title: 'DRAM bytes', bound: 'lower_bound_dram_bytes' },
  { key: 'mac_utilization', title: 'MAC utilization, %' },
  { key: 'energy_uj', title: 'Energy, µJ' },
]

const SHOWN: Readonly<Record<HeadlineFigure['kind'], (value: number) => string>> = {
  count: counted,
  amount: digits,
  share: (value) => (100 * value).toFixed(1),
}

export function headline({ headline: figures }: Comparison): HTMLElement {
  const card = ({ key, title, bound }: (typeof CARDS)[number]): Child => {
    const { kind, isCost }: HeadlineFigure = HEADLINES[key]
    const show = SHOWN[kind]
    const each = figures[key]
    const least = bound && figures[bound]
    return h(
      'div',
      {},
      h('dt', {}, title),
      h('dd', { class: 'value' }, `${show(each.a)} → ${show(each.b)}`),
      h('dd', {}, judged(each, show, isCost), ` ${relative(each)}`),
      least && h('dd', { class: 'beside' }, `at least ${show(least.a)} → ${show(least.b)}`),
    )
  }
  return h('dl', { class: 'figures' }, ...CARDS.map(card))
}

interface Row {
  readonly name: string
  readonly each: Difference
  readonly kind: HeadlineFigure['kind']
  readonly isCost: boolean | undefined
}

function parts(of: string, differences: Differences, kind: HeadlineFigure['kind']): Row[] {
  return Object.entries(differences).map(([name, each]) => ({
    ...{ name: `${of}: ${name.replaceAll('_', ' ')}`, each, kind, isCost: true },
  }))
}

/** Every figure of the whole. */
export function figureTable({ headline: figures, dram_by, energy_by }: Comparison): HTMLElement {
  const whole = (Object.entries(HEADLINES) as [Headline, HeadlineFigure][]).map(
    ([key, { name, kind, isCost }]): Row => ({ name, each: figures[key], kind, isCost }),
  )
  const rows = [
    ...whole,
    ...parts('DRAM bytes', dram_by, 'count'),
    ...parts('energy, µJ', energy_by, 'amount'),
  ]
  const columns: Column<Row>[] = [
    { title: 'figure', key: ({ name }) => name, cell: ({ name }) => name },
    { title: 'A', cell: ({ each, kind }) => SHOWN[kind](each.a), key: ({ each }) => each.a },
    { title: 'B', cell: ({ each, kind }) => SHOWN[kind](each.b), key: ({ each }) => each.b },
    {
      title: 'B − A',
      key: ({ each }) => each.difference,
      cell: ({ each, kind, isCost }) => judged(each, SHOWN[kind], isCost),
    },
    percentColumn(({ each }) => each),
  ]
  return table(rows, columns, { caption: 'Figures of both' })
}

/** Of A; what comes from nothing is larger than any. */
export function percentColumn<T>(of: (row: T) => Difference, title = '%'): Column<T> {
  return {
    title,
    help: 'B − A as a share of A',
    key: (row) => of(row).percent ?? Number.MAX_VALUE,
    cell: (row) => relative(of(row)),
  }
}
