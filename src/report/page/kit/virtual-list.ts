/**
 * A long table of which only the rows in sight exist: rows have one height, the box scrolls. It is one stop of the Tab
 * key; the arrow keys go from row to row, and within a row through what can be pressed.
 */
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
  /** Rows in the document, by position: those that stay in sight keep the focus that is in them. */
  const drawn = new Map<number, HTMLElement>()
  const draw = (): void => {
    const first = Math.max(0, Math.floor(element.scrollTop / ROW_HEIGHT) - SPARE)
    const last = Math.min(rows.length, first + Math.ceil(element.clientHeight / ROW_HEIGHT) + 2 * SPARE)
    for (const [position, made] of drawn) {
      if (position >= first && position < last) continue
      made.remove()
      drawn.delete(position)
    }
    for (let position = first; position < last; position++) {
      const row = rows[position]
      if (row === undefined || drawn.has(position)) continue
      const made = line(
        { 'aria-rowindex': position + 2 },
        cells(row).map((content, c) => cell('cell', content, c)),
      )
      made.style.top = `${position * ROW_HEIGHT}px`
      for (const pressed of pressable(made)) pressed.tabIndex = -1
      drawn.set(position, made)
      body.append(made)
    }
  }
  element.addEventListener('scroll', draw, { passive: true })
  new ResizeObserver(draw).observe(element)

  const focus = (position: number, index: number): void => {
    const to = Math.min(rows.length - 1, Math.max(0, position))
    const top = to * ROW_HEIGHT
    const below = top + 3 * ROW_HEIGHT - element.clientHeight
    element.scrollTop = Math.min(top, Math.max(below, element.scrollTop))
    draw()
    const all = pressable(drawn.get(to))
    all[Math.min(index, all.length - 1)]?.focus({ preventScroll: true })
  }
  element.addEventListener('keydown', (event) => {
    const at = [...drawn].find(([, made]) => made.contains(document.activeElement))
    const [position, made] = at ?? [Math.ceil(element.scrollTop / ROW_HEIGHT) - 1]
    const index = Math.max(0, pressable(made).indexOf(document.activeElement as HTMLElement))
    if (event.key === 'ArrowDown') focus(position + 1, index)
    else if (event.key === 'ArrowUp' && at) focus(position - 1, index)
    else if (event.key === 'ArrowRight' && at) focus(position, index + 1)
    else if (event.key === 'ArrowLeft' && at) focus(position, Math.max(0, index - 1))
    else return
    event.preventDefault()
  })
  return {
    element,
    show: (next) => {
      rows = next
      for (const made of drawn.values()) made.remove()
      drawn.clear()
      body.style.height = `${rows.length * ROW_HEIGHT}px`
      element.setAttribute('aria-rowcount', String(rows.length + 1))
      element.scrollTop = 0
      draw()
    },
  }
}

/** What in a row can be pressed. */
function pressable(row: HTMLElement | undefined): HTMLElement[] {
  return [...(row?.querySelectorAll<HTMLElement>('a, button') ?? [])]
}
