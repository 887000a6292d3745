/** Figures in large letters, each with what it is measured against. */
import { type Child, h } from './dom.ts'

export interface Figure {
  readonly name: string
  readonly value: string
  readonly unit: string
  readonly beside: readonly string[]
}

export function figureList(figures: readonly Figure[]): HTMLElement {
  return h('dl', { class: 'figures' }, ...figures.map(figure))
}

function figure({ name, value, unit, beside }: Figure): Child {
  return h(
    'div',
    {},
    h('dt', {}, name),
    h('dd', { class: 'value' }, value, ' ', h('small', {}, unit)),
    ...beside.map((text) => h('dd', { class: 'beside' }, text)),
  )
}
