/** What the colours of a chart mean. */
import { h } from '../kit/dom.ts'
import { swatch } from '../kit/tooltip.ts'

export function legend(entries: readonly { readonly name: string; readonly colour: string }[]): HTMLElement {
  return h('ul', { class: 'legend' }, ...entries.map(({ name, colour }) => h('li', {}, swatch(colour), name)))
}
