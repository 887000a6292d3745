/** Tables: figures right-aligned, sorted by any column whose head is pressed. */
import { type Child, h } from './dom.ts'

export interface Column<T> {
  readonly title: string
  /** What the figures are, shown when the pointer rests on the head. */
  readonly help?: string
  /** What the cell shows. */
  readonly cell: (row: T) => Child
  /** What rows are ordered by: numbers are right-aligned. Without it the column is not sorted. */
  readonly key?: (row: T) => number | string
}

export interface TableOptions<T> {
  readonly caption: string
  /** The id of a row's element, which a link may lead to. */
  readonly id?: (row: T) => string
  /** A last row of totals, one cell a column. */
  readonly foot?: readonly Child[]
}

/** A table in a box that scrolls sideways where there is no room. */
export function table<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  { caption, id, foot }: TableOptions<T>,
): HTMLElement {
  const [example] = rows
  const isNumber = columns.map(({ key }) => example !== undefined && typeof key?.(example) === 'number')
  const cellClass = (column: number): string | undefined => (isNumber[column] ? 'number' : undefined)
  const body = h('tbody')
  const elements = rows.map((row) =>
    h(
      'tr',
      { id: id?.(row), tabindex: id === undefined ? undefined : -1 },
      ...columns.map(({ cell }, c) => {
        const tag = c === 0 ? 'th' : 'td'
        return h(tag, { class: cellClass(c), scope: c === 0 ? 'row' : undefined }, cell(row))
      }),
    ),
  )
  body.append(...elements)

  const heads = columns.map((column, c) => head(column, cellClass(c), (ascending) => sort(c, ascending)))
  function sort(c: number, ascending: boolean): void {
    for (const [i, { element }] of heads.entries()) {
      if (i !== c) element.removeAttribute('aria-sort')
    }
    const key = columns[c]?.key
    if (key === undefined) return
    const order = rows.map((row, i) => ({ value: key(row), i }))
    order.sort((a, b) => {
      const by =
        typeof a.value === 'number' ? a.value - Number(b.value) : a.value.localeCompare(String(b.value))
      return (ascending ? by : -by) || a.i - b.i
    })
    body.append(...order.flatMap(({ i }) => elements[i] ?? []))
  }
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, ...heads.map(({ element }) => element))),
      body,
      foot && h('tfoot', {}, h('tr', {}, ...foot.map((cell, c) => h('td', { class: cellClass(c) }, cell)))),
    ),
  )
}

function head<T>(
  { title, help, key }: Column<T>,
  cellClass: string | undefined,
  sort: (ascending: boolean) => void,
) {
  const element = h('th', { scope: 'col', class: cellClass, title: help })
  if (key === undefined) {
    element.append(title)
    return { element }
  }
  const press = h('button', { type: 'button', class: 'sort' }, title)
  press.addEventListener('click', () => {
    // Figures are looked at from the largest down.
    const now = element.getAttribute('aria-sort')
    const ascending = now === null ? cellClass === undefined : now === 'descending'
    element.setAttribute('aria-sort', ascending ? 'ascending' : 'descending')
    sort(ascending)
  })
  element.append(press)
  return { element }
}
