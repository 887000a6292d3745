/** One box that says what is under the pointer, or has the focus. */
import { h } from './dom.ts'

/** Lines of a tooltip: a heading, then names with values; a colour gives a line a swatch. */
export interface Note {
  readonly title: string
  readonly text?: string
  readonly rows?: readonly NoteRow[]
}

export interface NoteRow {
  readonly name: string
  readonly value: string
  readonly colour?: string
}

let box: HTMLElement | undefined

/** Shows a note beside a place in the window, in pixels. */
export function showNote(note: Note, x: number, y: number): void {
  if (box === undefined) {
    box = h('div', { class: 'tooltip', 'aria-hidden': 'true' })
    document.body.append(box)
    addEventListener('keydown', (event) => {
      if (event.key === 'Escape') hideNote()
    })
    addEventListener('scroll', hideNote, { passive: true, capture: true })
  }
  box.replaceChildren(...noteContent(note))
  box.style.display = 'block'
  const { width, height } = box.getBoundingClientRect()
  const left = x + 14 + width > innerWidth ? x - 14 - width : x + 14
  const top = y + 14 + height > innerHeight ? y - 14 - height : y + 14
  box.style.left = `${Math.max(4, left)}px`
  box.style.top = `${Math.max(4, top)}px`
}

export function hideNote(): void {
  if (box !== undefined) box.style.display = 'none'
}

/** A patch of a colour; `shape` is a class of style/charts.css. */
export function swatch(colour: string, shape = ''): HTMLElement {
  const made = h('span', { class: `swatch ${shape}`, 'aria-hidden': 'true' })
  made.style.background = colour
  return made
}

function noteContent({ title, text, rows = [] }: Note): Node[] {
  const lines = rows.flatMap(({ name, value, colour }) => [
    h('dt', {}, colour === undefined ? undefined : swatch(colour), name),
    h('dd', {}, value),
  ])
  return [
    h('strong', {}, title),
    ...(text === undefined ? [] : [h('p', {}, text)]),
    ...(lines.length === 0 ? [] : [h('dl', {}, ...lines)]),
  ]
}

/** A note as one sentence, for those who hear the page. */
export function spoken({ title, text, rows = [] }: Note): string {
  return [
    title,
    ...(text === undefined ? [] : [text]),
    ...rows.map(({ name, value }) => `${name} ${value}`),
  ].join(', ')
}
