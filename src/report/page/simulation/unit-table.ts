/** Where each unit's cycles went, and the operations that no unit does. */

import type { HostOpData, SimulationData } from '../../simulation-data.ts'
import { h } from '../kit/dom.ts'
import { counted, percent } from '../kit/format.ts'
import { CAUSE_ORDER, causeLabel, colourOf } from '../kit/palette.ts'
import { type Column, table } from '../kit/table.ts'
import { swatch } from '../kit/tooltip.ts'
import { causeCycles } from './causes.ts'

/** Rows are units, columns causes; causes that nobody has are left out. */
export function unitTable({ units, cycles }: SimulationData): HTMLElement {
  const rows = Object.entries(units).map(([name, account]) => ({ name, account }))
  type Row = (typeof rows)[number]
  const causes = CAUSE_ORDER.filter((cause) => rows.some(({ account }) => causeCycles(account, cause) > 0))
  const columns: Column<Row>[] = [
    { title: 'unit', key: ({ name }) => name, cell: ({ name }) => name },
    ...causes.map((cause): Column<Row> => {
      const of = ({ account }: Row): number => causeCycles(account, cause)
      return {
        title: causeLabel(cause),
        help: `"${cause}" in --json`,
        key: of,
        cell: (row) =>
          of(row) === 0
            ? ''
            : h('span', { title: percent(of(row) / cycles) }, swatch(colourOf(cause)), counted(of(row))),
      }
    }),
    { title: 'in all', key: () => cycles, cell: () => counted(cycles) },
  ]
  return table(rows, columns, { caption: 'Units: cycles by cause' })
}

export function hostTable(ops: readonly HostOpData[]): HTMLElement {
  if (ops.length === 0) return h('p', {}, 'None: the machine computes everything.')
  return table(
    ops,
    [
      { title: 'op', key: ({ op }) => op, cell: ({ op }) => op },
      { title: 'name', key: ({ name }) => name, cell: ({ name }) => name },
      { title: 'why on the host', cell: ({ reason }) => reason },
    ],
    { caption: 'Operations on the host' },
  )
}
