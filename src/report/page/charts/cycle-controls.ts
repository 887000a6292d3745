/** Buttons that change a window of cycles, and what it shows now. */
import { button, h } from '../kit/dom.ts'
import { counted } from '../kit/format.ts'
import type { CycleWindow } from './cycle-window.ts'

/** `more` goes between the buttons and the range. */
export function cycleControls(view: CycleWindow, ...more: readonly HTMLElement[]): HTMLElement {
  const range = h('output', { class: 'range dim' })
  const show = (): void => {
    range.textContent = `cycles ${counted(Math.floor(view.from))} to ${counted(Math.ceil(view.to))} of ${counted(view.total)}`
  }
  view.onChange(show)
  show()
  return h(
    'div',
    { class: 'controls' },
    button('+', 'Zoom in', () => view.zoom(0.5)),
    button('−', 'Zoom out', () => view.zoom(2)),
    button('←', 'Earlier', () => view.pan(-view.span / 2)),
    button('→', 'Later', () => view.pan(view.span / 2)),
    button('all', 'Show all cycles', () => view.all()),
    ...more,
    h('span', { class: 'spread' }),
    range,
  )
}
