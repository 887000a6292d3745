/**
 * Marks of a chart that say what they are: with the pointer, and with the keyboard. A chart is one stop of the Tab key;
 * the arrow keys go from mark to mark.
 */
import { hideNote, type Note, showNote, spoken } from './tooltip.ts'

export interface NotedMark {
  readonly element: SVGElement
  readonly note: () => Note
  /** Text that is seen in it: what it is called aloud begins with it. */
  readonly text?: string
  /** Enter, or a click. */
  readonly choose?: () => void
}

const BACK = ['ArrowLeft', 'ArrowUp']
const FORTH = ['ArrowRight', 'ArrowDown']

export function makeNoted(marks: readonly NotedMark[]): void {
  let current = 0
  const focus = (index: number): void => {
    marks[current]?.element.setAttribute('tabindex', '-1')
    current = Math.min(marks.length - 1, Math.max(0, index))
    marks[current]?.element.setAttribute('tabindex', '0')
    marks[current]?.element.focus()
  }
  for (const [i, { element, note, text, choose }] of marks.entries()) {
    element.setAttribute('tabindex', i === 0 ? '0' : '-1')
    element.setAttribute('role', choose ? 'button' : 'img')
    element.setAttribute('aria-label', text === undefined ? spoken(note()) : `${text}, ${spoken(note())}`)
    element.classList.add('noted')
    element.addEventListener('pointermove', ({ clientX, clientY }) => showNote(note(), clientX, clientY))
    element.addEventListener('pointerleave', hideNote)
    element.addEventListener('focus', () => {
      const { left, top, width, height } = element.getBoundingClientRect()
      showNote(note(), left + width / 2, top + height / 2)
    })
    element.addEventListener('blur', hideNote)
    if (choose) element.addEventListener('click', choose)
    element.addEventListener('keydown', (event) => {
      if (BACK.includes(event.key)) focus(i - 1)
      else if (FORTH.includes(event.key)) focus(i + 1)
      else if (event.key === 'Home') focus(0)
      else if (event.key === 'End') focus(marks.length - 1)
      else if (choose && (event.key === 'Enter' || event.key === ' ')) choose()
      else return
      event.preventDefault()
    })
  }
}
