/** A long table of which only the rows in sight exist: rows have one height, the box scrolls. */
import { type Child, h } from './dom.ts'

export interface ListColumn {
  readonly title: string
  readonly width: string
  readonly isNumber?: boolean
}

export interface VirtualList {
  readonly element: HTMLElement
  /** Shows these rows instead. */
  readonly show: (rows: readonly number[]) => void
}

const ROW_HEIGHT = 22
/** Rows beyond the edges, so that scrolling meets drawn ones. */
const SPARE = 12

/** `cells` gives the cells of a row by its number. */
export function virtualList(
  caption: string,
  columns: readonly ListColumn[],
  cells: (row: number) => readonly Child[],
): VirtualList {
  let rows: readonly number[] = []
  const grid = columns.map(({ width }) => width).join(' ')
  const cell = (role: string, content: Child, column: number): HTMLElement =>
    h('span', { role, class: columns[column]?.isNumber ? 'number' : undefined }, content)
  const line = (
    attributes: Readonly<Record<string, string | number>>,
    parts: readonly HTMLElement[],
  ): HTMLElement => {
    const made = h('div', { role: 'row', ...attributes }, ...parts)
    made.style.gridTemplateColumns = grid
    return made
  }
  const head = line(
    { class: 'head', 'aria-rowindex': 1 },
    columns.map(({ title }, c) => cell('columnheader', title, c)),
  )
  const body = h('div', { role: 'rowgroup', class: 'rows' })
  const element = h(
    'div',
    { class: 'list', tabindex: 0, role: 'table', 'aria-label': caption },
    h('div', { role: 'rowgroup', class: 'heads' }, head),
    body,
  )
  const draw = (): void => {
    const first = Math.max(0, Math.floor(element.scrollTop / ROW_HEIGHT) - SPARE)
    const last = Math.min(rows.length, first + Math.ceil(element.clientHeight / ROW_HEIGHT) + 2 * SPARE)
    body.style.height = `${rows.length * ROW_HEIGHT}px`
    body.replaceChildren(
      ...rows.slice(first, last).map((row, i) => {
        const made = line(
          { 'aria-rowindex': first + i + 2 },
          cells(row).map((content, c) => cell('cell', content, c)),
        )
        made.style.top = `${(first + i) * ROW_HEIGHT}px`
        return made
      }),
    )
  }
  element.addEventListener('scroll', draw, { passive: true })
  new ResizeObserver(draw).observe(element)
  return {
    element,
    show: (next) => {
      rows = next
      element.setAttribute('aria-rowcount', String(rows.length + 1))
      element.scrollTop = 0
      draw()
    },
  }
}
