/** The program, instruction by instruction, with the cycles of each; found by words. */

import type { SimulationData, SimulationDetails } from '../../simulation-data.ts'
import type { CycleWindow } from '../charts/cycle-window.ts'
import { h } from '../kit/dom.ts'
import { counted } from '../kit/format.ts'
import { virtualList } from '../kit/virtual-list.ts'
import { layerLabel, layerLink } from './layers.ts'

/** Pressing an instruction's cycles shows them in the timeline. */
export function listing(
  { layers }: SimulationData,
  { instructions }: SimulationDetails,
  view: CycleWindow,
): HTMLElement {
  const { text, layer, start, done } = instructions
  const words = text.map((line, i) => {
    const of = layer[i] ?? -1
    return ` ${line} ${layerLabel(layers, of)} ${layers[of]?.name ?? ''} `.toLowerCase()
  })
  const goTo = (i: number): HTMLElement => {
    const [from, to] = [start[i] ?? 0, done[i] ?? 0]
    const press = h(
      'button',
      { type: 'button', class: 'plain', title: 'Show in the timeline' },
      counted(from),
    )
    press.addEventListener('click', () => {
      const margin = (to - from) * 2 + 8
      view.show(from - margin, to + margin)
      document.getElementById('timeline')?.scrollIntoView()
    })
    return press
  }
  const list = virtualList(
    'Instructions with their cycles',
    [
      { title: '', width: '4.5rem', isNumber: true },
      { title: 'start', width: '6.5rem', isNumber: true },
      { title: 'done', width: '6.5rem', isNumber: true },
      { title: 'cycles', width: '5rem', isNumber: true },
      { title: 'layer', width: '11rem' },
      { title: 'instruction', width: 'max-content' },
    ],
    (i) => [
      i,
      goTo(i),
      counted(done[i] ?? 0),
      counted((done[i] ?? 0) - (start[i] ?? 0)),
      layerLink(layers, layer[i] ?? 0),
      h('code', {}, text[i] ?? ''),
    ],
  )
  const search = h('input', { type: 'search', placeholder: 'mac.dense, 12 conv2d, …' })
  const found = h('output', { class: 'dim' })
  const filter = (): void => {
    const wanted = search.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '')
      // A number is that of a layer, not digits of anything.
      .map((word) => (/^\d+$/.test(word) ? ` ${word} ` : word))
    const rows = [...text.keys()].filter((i) => wanted.every((word) => words[i]?.includes(word)))
    found.textContent = `${counted(rows.length)} of ${counted(text.length)} instructions`
    list.show(rows)
  }
  search.addEventListener('input', filter)
  filter()
  return h(
    'div',
    {},
    h('div', { class: 'controls' }, h('label', { class: 'control' }, 'Search ', search), found),
    list.element,
  )
}
