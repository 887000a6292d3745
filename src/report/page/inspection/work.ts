/** MACs and parameters of each layer that has some, coloured by precision. */

import type { InspectedLayer, Inspection } from '../../../inspect.ts'
import { legend } from '../charts/legend.ts'
import { type Bar, stackedBars } from '../charts/stacked-bars.ts'
import { h, responsive } from '../kit/dom.ts'
import { counted, percent } from '../kit/format.ts'
import { goToRow } from '../kit/places.ts'
import { layerLabel, layerNote, precisionColour, precisionsOf } from './layers.ts'

/** Of the parameters: layers with less and without MACs, such as paddings, have no bar. */
const LEAST_SHARE = 1e-3

interface Quantity {
  readonly title: string
  readonly unit: string
  readonly of: (layer: InspectedLayer) => number
}

export function work(data: Inspection): HTMLElement {
  return h(
    'div',
    { class: 'columns two' },
    figure(data, { title: 'Multiply-accumulates', unit: 'MACs', of: ({ macs }) => macs }, true),
    figure(data, { title: 'Parameters', unit: 'elements', of: ({ parameters }) => parameters }, false),
  )
}

function figure(data: Inspection, { title, unit, of }: Quantity, isFirst: boolean): HTMLElement {
  const { layers } = data
  const precisions = precisionsOf(data)
  const parts = precisions.map((name) => ({ name, colour: precisionColour(precisions, name) }))
  const bars = layers.flatMap((layer, i): Bar[] => {
    if (layer.macs === 0 && layer.parameters < data.parameters * LEAST_SHARE) return []
    const values = precisions.map((name) => (layer.precision === name ? of(layer) : 0))
    return [
      { label: layerLabel(layers, i), values, note: () => layerNote(data, i), choose: () => goToRow(i) },
    ]
  })
  // Of all layers, those without a bar included.
  const sums = precisions.map((name) =>
    layers.reduce((sum, layer) => sum + (layer.precision === name ? of(layer) : 0), 0),
  )
  const whole = sums.reduce((sum, value) => sum + value, 0)
  const place = h('div')
  responsive(place, (width) => {
    const labels = isFirst || matchMedia('(max-width: 860px)').matches
    place.replaceChildren(stackedBars(bars, parts, { title, unit, width, labels }))
  })
  const entries = parts.flatMap(({ name, colour }, i) => {
    const sum = sums[i] ?? 0
    return sum > 0 ? [{ colour, name: `${name} ${percent(sum / whole)}` }] : []
  })
  return h(
    'figure',
    {},
    h('h3', {}, title, ' ', h('span', { class: 'dim' }, `${counted(whole)} in all`)),
    legend(entries),
    place,
  )
}
