/** What every unit did in every cycle: work, waiting by cause, nothing; above it the layers. */

import type { SimulationData, SimulationDetails } from '../../simulation-data.ts'
import { type CycleArea, type CycleSpot, cycleCanvas } from '../charts/cycle-canvas.ts'
import { cycleControls } from '../charts/cycle-controls.ts'
import type { CycleWindow } from '../charts/cycle-window.ts'
import { legend } from '../charts/legend.ts'
import { CycleTrack } from '../charts/track.ts'
import { h } from '../kit/dom.ts'
import { counted, percent } from '../kit/format.ts'
import { boundOf, CAUSE_ORDER, causeLabel, causeWords, colourOf } from '../kit/palette.ts'
import { colourValue } from '../kit/theme.ts'
import type { NoteRow } from '../kit/tooltip.ts'
import { layerLabel, layerTitle } from './layers.ts'

const ROW = 34
const GAP = 6

export function timeline(data: SimulationData, details: SimulationDetails, view: CycleWindow): HTMLElement {
  const { layers } = data
  const { causes, timeline: tracks, slices } = details
  const layerTrack = new CycleTrack(slices.end, slices.layer, layers.length)
  const units = Object.entries(tracks).map(([name, { end, cause, instruction, mixed }]) => ({
    ...{ name, instruction },
    track: new CycleTrack(end, cause, causes.length, mixed),
  }))
  const order = CAUSE_ORDER.flatMap((name) => {
    const index = causes.indexOf(name)
    return index < 0 ? [] : [{ index, colour: colourOf(name) }]
  })

  const spot = (cycle: number, row: number, _: number | undefined, pixel: number): CycleSpot | undefined => {
    const unit = units[row - 1]
    if (unit === undefined) return layerSpot(data, layerTrack, cycle)
    const interval = unit.track.at(cycle)
    const [from, to] = [unit.track.start(interval), unit.track.end(interval)]
    const cause = causes[unit.track.kinds[interval] ?? 0] ?? ''
    const instruction = unit.instruction[interval] ?? -1
    const layer = details.instructions.layer[instruction] ?? layerTrack.kinds[layerTrack.at(cycle)] ?? 0
    return {
      ...{ from, to },
      note: {
        title: `${unit.name} ${causeWords(cause)}`,
        text: instruction < 0 ? 'no instruction' : (details.instructions.text[instruction] ?? ''),
        rows: [
          { name: 'cycles', value: `${counted(from)} to ${counted(to)}: ${counted(to - from)}` },
          { name: 'layer', value: layerTitle(layers, layer) },
          ...(to - from < pixel ? around(unit.track, causes, cycle, pixel) : []),
        ],
      },
    }
  }
  const { element } = cycleCanvas(view, {
    label: 'Timeline of the layers and units',
    height: (units.length + 1) * (ROW + GAP),
    rows: units.length + 1,
    rowAt: (y) => Math.floor(y / (ROW + GAP)),
    spot,
    draw: (area, chosen) => {
      drawLayers(area, data, layerTrack, view)
      for (const [i, { name, track }] of units.entries()) {
        const top = area.top + (i + 1) * (ROW + GAP)
        gutter(area, name, top, chosen === i + 1)
        drawUnit(area, track, order, view, top)
      }
    },
  })
  const used = order.filter(({ index }) => units.some(({ track }) => includes(track.kinds, index)))
  const entries = used.map(({ index, colour }) => ({ name: causeLabel(causes[index] ?? ''), colour }))
  const jump = h(
    'select',
    {},
    h('option', { value: '' }, 'all'),
    ...layers.map((_, i) => h('option', { value: i }, layerLabel(layers, i))),
  )
  jump.addEventListener('change', () => {
    if (jump.value === '') view.all()
    else showLayer(view, layerTrack, Number(jump.value))
  })
  return h(
    'figure',
    { class: 'print-whole' },
    cycleControls(view, h('label', { class: 'control' }, 'layer ', jump)),
    legend(entries),
    element,
    h(
      'figcaption',
      {},
      'A column of pixels shows the shares of its cycles. Wheel or + and − zoom, dragging moves, a double click shows what is under the pointer whole.',
    ),
  )
}

function includes(kinds: ArrayLike<number>, kind: number): boolean {
  return Array.prototype.includes.call(kinds, kind)
}

/** Shows the cycles from a layer's first slice to its last. */
function showLayer(view: CycleWindow, track: CycleTrack, layer: number): void {
  const first = Array.prototype.indexOf.call(track.kinds, layer)
  const last = Array.prototype.lastIndexOf.call(track.kinds, layer)
  if (first >= 0) view.show(track.start(first), track.end(last))
}

/** What the pixel holds, where it holds more than one interval. */
function around(track: CycleTrack, causes: readonly string[], cycle: number, pixel: number): NoteRow[] {
  const sums = track.columns(cycle - pixel / 2, cycle + pixel / 2, 1)
  return causes.flatMap((cause, i) => {
    const cycles = sums[i] ?? 0
    return cycles > 0
      ? [
          {
            name: `${causeLabel(cause)}, in this pixel`,
            value: percent(cycles / pixel),
            colour: colourOf(cause),
          },
        ]
      : []
  })
}

function layerSpot({ layers, cycles }: SimulationData, track: CycleTrack, cycle: number): CycleSpot {
  const slice = track.at(cycle)
  const [from, to] = [track.start(slice), track.end(slice)]
  const layer = track.kinds[slice] ?? 0
  const all = layers[layer]
  return {
    ...{ from, to },
    note: {
      title: layerTitle(layers, layer),
      text: `bound by ${boundOf(all?.bound_by ?? '').words}`,
      rows: [
        { name: 'cycles', value: `${counted(from)} to ${counted(to)}: ${counted(to - from)}` },
        {
          name: 'of the layer',
          value: `${counted(all?.cycles ?? 0)} (${percent((all?.cycles ?? 0) / cycles)})`,
        },
      ],
    },
  }
}

function gutter({ context, left }: CycleArea, name: string, top: number, isChosen: boolean): void {
  context.fillStyle = colourValue(isChosen ? 'var(--accent)' : 'var(--ink)')
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  context.fillText(name, left - 10, top + ROW / 2)
}

/** A block for each run of pixels of one layer, with its number where there is room. */
function drawLayers(area: CycleArea, { layers }: SimulationData, track: CycleTrack, view: CycleWindow): void {
  const { context, left, right, top } = area
  gutter(area, 'layer', top, false)
  const columns = Math.floor(right - left)
  const sums = track.columns(view.from, view.to, columns)
  const layerOf = Array.from({ length: columns }, (_, column) => {
    let most = -1
    for (let layer = 0; layer < track.count; layer++) {
      const cycles = sums[column * track.count + layer] as number
      if (cycles > 0 && (most < 0 || cycles > (sums[column * track.count + most] as number))) most = layer
    }
    return most
  })
  let from = 0
  for (let column = 1; column <= columns; column++) {
    const layer = layerOf[from] ?? -1
    if (layerOf[column] === layer && column < columns) continue
    if (layer >= 0) {
      const width = column - from
      context.fillStyle = colourValue(layer % 2 === 0 ? 'var(--panel)' : 'var(--rule)')
      context.fillRect(left + from, top, width, ROW)
      context.fillStyle = colourValue(boundOf(layers[layer]?.bound_by ?? '').colour)
      context.fillRect(left + from, top + ROW - 4, width, 4)
      const text = [layerLabel(layers, layer), String(layer)].find(
        (label) => context.measureText(label).width < width - 4,
      )
      if (text !== undefined) {
        context.fillStyle = colourValue('var(--ink)')
        context.textAlign = 'center'
        context.fillText(text, left + from + width / 2, top + ROW / 2 - 2)
      }
    }
    from = column
  }
}

/** Each column is a stack of the shares of the causes; work stands at the bottom. */
function drawUnit(
  { context, left, right }: CycleArea,
  track: CycleTrack,
  order: readonly { readonly index: number; readonly colour: string }[],
  view: CycleWindow,
  top: number,
): void {
  const columns = Math.floor(right - left)
  const sums = track.columns(view.from, view.to, columns)
  const perColumn = view.span / columns
  const filled = new Float64Array(columns)
  for (const { index, colour } of order) {
    context.fillStyle = colourValue(colour)
    let run = 0
    for (let column = 0; column < columns; column++) {
      const height = ((sums[column * track.count + index] as number) / perColumn) * ROW
      // Columns that are full of one cause are drawn as one.
      if (height > ROW - 0.01) {
        run++
        continue
      }
      if (run > 0) context.fillRect(left + column - run, top, run, ROW)
      run = 0
      if (height === 0) continue
      const from = filled[column] as number
      context.fillRect(left + column, top + ROW - from - height, 1, height)
      filled[column] = from + height
    }
    if (run > 0) context.fillRect(left + columns - run, top, run, ROW)
  }
}
