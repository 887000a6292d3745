/** Where the cycles, bytes and microjoules of each layer went: two stacks a layer, A above B. */

import type { Comparison, Difference, LayerComparison } from '../../../compare/compare.ts'
import { legend } from '../charts/legend.ts'
import { type Bar, type Part, stackedBars } from '../charts/stacked-bars.ts'
import { choice, h, responsive } from '../kit/dom.ts'
import { counted, digits } from '../kit/format.ts'
import { CAUSE_ORDER, colourOf, ENERGY_GROUPS } from '../kit/palette.ts'
import { goToRow } from '../kit/places.ts'
import type { Note } from '../kit/tooltip.ts'
import { layerLabel, layerTitle, relative, SIDES, type SideKey, sideName } from './layers.ts'

interface Stack {
  readonly title: string
  readonly unit: string
  readonly parts: readonly Part[]
  readonly values: (layer: LayerComparison, side: SideKey) => readonly number[]
  readonly whole: (layer: LayerComparison) => Difference
  readonly show: (value: number) => string
}

/** What the charts are of. */
const MEASURES = ['cycles', 'DRAM bytes', 'energy'] as const
type Measure = (typeof MEASURES)[number]

/** Layers with the largest differences, unless all are chosen. */
const MOST_LAYERS = 16
const WHICH = { largest: `the ${MOST_LAYERS} largest differences`, all: 'all, in their order' } as const

export function layerBars(comparison: Comparison): HTMLElement {
  let measure: Measure = 'cycles'
  let unit = 'mac'
  let which: string = WHICH.largest
  const place = h('div')
  const draw = (): void => {
    place.replaceChildren(stackFigure(comparison, stackOf(comparison, measure, unit), which === WHICH.all))
  }
  const ofUnit = choice('of unit', Object.keys(comparison.units), unit, (chosen) => {
    unit = chosen
    draw()
  })
  const controls = [
    choice('Show', MEASURES, measure, (chosen) => {
      measure = MEASURES.find((each) => each === chosen) ?? 'cycles'
      ofUnit.hidden = measure !== 'cycles'
      draw()
    }),
    ofUnit,
    choice('of', Object.values(WHICH), which, (chosen) => {
      which = chosen
      draw()
    }),
  ]
  draw()
  return h('div', {}, h('div', { class: 'controls' }, ...controls), place)
}

function stackOf({ units, dram_by }: Comparison, measure: Measure, unit: string): Stack {
  if (measure === 'cycles') {
    const causes = CAUSE_ORDER.filter((cause) => {
      const { a, b } = units[unit]?.[cause] ?? { a: 0, b: 0 }
      return a > 0 || b > 0
    })
    return {
      ...{
        title: `Cycles of ${unit} by cause`,
        unit: 'cycles',
        show: counted,
        whole: (layer) => layer.cycles,
      },
      parts: causes.map((cause) => ({ name: cause, colour: colourOf(cause) })),
      values: (layer, side) => causes.map((cause) => layer.units[unit]?.[cause]?.[side] ?? 0),
    }
  }
  if (measure === 'DRAM bytes') {
    const kinds = Object.keys(dram_by)
    return {
      ...{ title: 'DRAM bytes by kind', unit: 'bytes', show: counted, whole: (layer) => layer.dram_bytes },
      parts: kinds.map((kind) => ({ name: kind, colour: colourOf(kind) })),
      values: (layer, side) => kinds.map((kind) => layer.dram_by[kind]?.[side] ?? 0),
    }
  }
  return {
    ...{ title: 'Energy by component, µJ', unit: 'µJ', show: digits, whole: (layer) => layer.energy_uj },
    parts: ENERGY_GROUPS,
    values: (layer, side) =>
      ENERGY_GROUPS.map(({ components }) =>
        components.reduce((sum, component) => sum + (layer.energy_by[component]?.[side] ?? 0), 0),
      ),
  }
}

function stackFigure({ layers }: Comparison, stack: Stack, isAll: boolean): HTMLElement {
  const { title, unit, parts, values, whole } = stack
  const size = (layer: LayerComparison): number => Math.abs(whole(layer).difference)
  const indexed = [...layers.entries()]
  const chosen = isAll ? indexed : indexed.sort(([, p], [, q]) => size(q) - size(p)).slice(0, MOST_LAYERS)
  const bars = chosen.flatMap(([index, layer]) =>
    SIDES.map((side): Bar => {
      const label = side === 'a' ? layerLabel(layer, index) : ''
      return {
        label: `${sideName(side)} ${label}`,
        values: values(layer, side),
        note: () => stackNote(stack, layer, layerTitle(layer, index)),
        choose: () => goToRow(index),
      }
    }),
  )
  const place = h('div')
  responsive(place, (width) =>
    place.replaceChildren(stackedBars(bars, parts, { title, unit, width, labels: true })),
  )
  return h('figure', {}, h('h3', {}, title), legend(parts), place)
}

function stackNote({ parts, values, whole, show }: Stack, layer: LayerComparison, title: string): Note {
  const [a, b] = [values(layer, 'a'), values(layer, 'b')]
  const row = (from: number, to: number): string => `${show(from)} → ${show(to)}`
  const all = whole(layer)
  return {
    title,
    rows: [
      ...parts.flatMap(({ name, colour }, i) => {
        const [from = 0, to = 0] = [a[i], b[i]]
        return from > 0 || to > 0 ? [{ name, colour, value: row(from, to) }] : []
      }),
      { name: 'in all', value: `${row(all.a, all.b)} ${relative(all)}` },
    ],
  }
}
