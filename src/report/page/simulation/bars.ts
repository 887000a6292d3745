/** Where each layer's cycles, bytes and microjoules went: three stacks a layer, side by side where there is room. */

import type { ByName, LayerData, SimulationData, UnitCycles } from '../../simulation-data.ts'
import { legend } from '../charts/legend.ts'
import { type Bar, type Part, stackedBars } from '../charts/stacked-bars.ts'
import { choice, h, responsive } from '../kit/dom.ts'
import { counted, digits, percent } from '../kit/format.ts'
import { CAUSE_ORDER, causeLabel, colourOf, ENERGY_GROUPS } from '../kit/palette.ts'
import { goToRow } from '../kit/places.ts'
import type { Note } from '../kit/tooltip.ts'
import { causeCycles } from './causes.ts'
import { layerLabel, layerTitle } from './layers.ts'

interface Stack {
  readonly title: string
  readonly unit: string
  readonly parts: readonly Part[]
  readonly values: (layer: LayerData) => readonly number[]
  readonly show: (value: number) => string
  readonly interval?: (layer: LayerData) => { readonly low: number; readonly high: number }
}

export function layerBars(data: SimulationData): HTMLElement {
  let cycles = stackFigure(data, cyclesOf(data, 'mac'), true)
  const select = choice('Cycles of unit', Object.keys(data.units), 'mac', (unit) => {
    const next = stackFigure(data, cyclesOf(data, unit), true)
    cycles.replaceWith(next)
    cycles = next
  })
  return h(
    'div',
    {},
    h('div', { class: 'controls' }, select),
    h(
      'div',
      { class: 'columns' },
      cycles,
      stackFigure(data, dramBytes(data), false),
      stackFigure(data, energy(), false),
    ),
  )
}

function cyclesOf(data: SimulationData, unit: string): Stack {
  const accountIn = (units: ByName<UnitCycles>) => units[unit]
  const account = accountIn(data.units)
  const causes = CAUSE_ORDER.filter((cause) => account !== undefined && causeCycles(account, cause) > 0)
  return {
    title: `Cycles of ${unit} by cause`,
    unit: 'cycles',
    parts: causes.map((cause) => ({ name: causeLabel(cause), colour: colourOf(cause) })),
    values: ({ units }) => {
      const own = accountIn(units)
      return causes.map((cause) => (own ? causeCycles(own, cause) : 0))
    },
    show: counted,
  }
}

function dramBytes(data: SimulationData): Stack {
  const kinds = Object.keys(data.dram.by)
  return {
    title: 'DRAM bytes by kind',
    unit: 'bytes',
    parts: kinds.map((kind) => ({ name: kind, colour: colourOf(kind) })),
    values: ({ dram }) => {
      const by: ByName<number> = dram.by
      return kinds.map((kind) => by[kind] ?? 0)
    },
    show: counted,
  }
}

function energy(): Stack {
  return {
    title: 'Energy by component, µJ',
    unit: 'µJ, the whisker is the interval of the whole',
    parts: ENERGY_GROUPS,
    values: ({ energy }) => {
      const by: ByName<{ readonly nominal: number }> = energy.by
      return ENERGY_GROUPS.map(({ components }) =>
        components.reduce((sum, component) => sum + (by[component]?.nominal ?? 0), 0),
      )
    },
    show: digits,
    interval: (layer) => layer.energy,
  }
}

function stackFigure(data: SimulationData, stack: Stack, isFirst: boolean): HTMLElement {
  const { title, unit, parts, values, interval, show } = stack
  const { layers } = data
  const bars = layers.map((layer, i): Bar => {
    const between = interval?.(layer)
    return {
      ...{ label: layerLabel(layers, i), values: values(layer), choose: () => goToRow(i) },
      ...(between ? { interval: between } : {}),
      note: () => stackNote(stack, layer, layerTitle(layers, i)),
    }
  })
  const sums = parts.map((_, part) => bars.reduce((sum, bar) => sum + (bar.values[part] ?? 0), 0))
  const whole = sums.reduce((sum, value) => sum + value, 0)
  const place = h('div')
  responsive(place, (width) => {
    const labels = isFirst || matchMedia('(max-width: 860px)').matches
    place.replaceChildren(stackedBars(bars, parts, { title, unit, width, labels }))
  })
  const entries = parts
    .map((part, i) => ({ part, sum: sums[i] ?? 0 }))
    .filter(({ sum }) => sum > 0)
    .map(({ part, sum }) => ({ colour: part.colour, name: `${part.name} ${percent(sum / whole)}` }))
  return h(
    'figure',
    {},
    h('h3', {}, title, ' ', h('span', { class: 'dim' }, `${show(whole)} in all`)),
    legend(entries),
    place,
  )
}

function stackNote({ parts, values, show, interval }: Stack, layer: LayerData, title: string): Note {
  const all = values(layer)
  const whole = all.reduce((sum, value) => sum + value, 0)
  const between = interval?.(layer)
  return {
    title,
    rows: [
      ...parts.flatMap(({ name, colour }, i) => {
        const value = all[i] ?? 0
        return value > 0 ? [{ name, colour, value: `${show(value)} (${percent(value / whole)})` }] : []
      }),
      { name: 'in all', value: show(whole) },
      ...(between ? [{ name: 'interval', value: `${show(between.low)} to ${show(between.high)}` }] : []),
    ],
  }
}
