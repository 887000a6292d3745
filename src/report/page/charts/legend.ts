/** What the colours and shapes of a chart mean. */
import { h } from '../kit/dom.ts'
import type { BoundSymbol } from '../kit/palette.ts'
import { swatch } from '../kit/tooltip.ts'

export interface LegendEntry {
  readonly name: string
  readonly colour: string
  readonly symbol?: BoundSymbol
}

export function legend(entries: readonly LegendEntry[]): HTMLElement {
  return h(
    'ul',
    { class: 'legend' },
    ...entries.map(({ name, colour, symbol }) => h('li', {}, swatch(colour, symbol), name)),
  )
}
