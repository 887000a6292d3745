/** One variant's layers: under the roofs of its peak and of memory, as times, and as a table. */

import type { Benchmark, LayerBenchmark, VariantBenchmark } from '../../../bench.ts'
import { legend } from '../charts/legend.ts'
import { type Roof, type RooflineDot, roofline } from '../charts/roofline.ts'
import { type Bar, stackedBars } from '../charts/stacked-bars.ts'
import { h, responsive } from '../kit/dom.ts'
import { counted, digits, mebibytes, percent, shortened } from '../kit/format.ts'
import { goToRow, rowId } from '../kit/places.ts'
import { type Column, table } from '../kit/table.ts'
import { layerLabel, layerNote } from './layers.ts'

/** The slowest layers, which have their numbers beside their dots. */
const LABELS = 16

export function layerRoofline({ bandwidth }: Benchmark, variant: VariantBenchmark): HTMLElement {
  const { layers, peak_gmacs: peak } = variant
  const dots = layers.flatMap((layer, index): RooflineDot[] => {
    if (layer.gmacs <= 0 || layer.bytes === 0) return []
    return [
      {
        ...{ label: String(index), weight: layer.median_us, colour: 'var(--token-mac)', symbol: 'circle' },
        ...{ intensity: layer.macs_per_byte, rate: layer.gmacs },
        note: () => layerNote(layer, index),
        choose: () => goToRow(index),
      },
    ]
  })
  if (dots.length === 0) return h('p', {}, 'No layer multiplies.')
  const roofs = bandwidth.map(
    ({ working_set_bytes, gbytes_per_s }, i): Roof => ({
      bandwidth: gbytes_per_s,
      label: `${digits(gbytes_per_s)} GB/s in ${mebibytes(working_set_bytes)}`,
      // One ceiling for all.
      ceilings: [
        { rate: peak, label: i === 0 ? `the peak of ${variant.variant}, ${digits(peak)} GMAC/s` : '' },
      ],
      dashed: i > 0,
    }),
  )
  const place = h('div')
  responsive(place, (width) =>
    place.replaceChildren(
      roofline(dots, {
        ...{ width, roofs, labelled: LABELS, xLabel: 'MACs a byte →', yLabel: '↑ GMAC/s' },
      }),
    ),
  )
  return h(
    'figure',
    {},
    place,
    h(
      'figcaption',
      {},
      "A dot is a layer with its number; its area is its time. Bytes are those of the layer's tensors and weights, each counted ",
      'once. Slopes are how fast the machine read working sets of those sizes in the same minute; layers are timed with their ',
      "data in the caches, so that of the smallest one that holds its bytes is a layer's roof.",
    ),
  )
}

const TIME = { name: 'median, with least and 95 % as whisker', colour: 'var(--token-mac)' }
const SHARE = { name: 'share of the peak', colour: 'var(--busy)' }
/** The layer's roof is drawn behind what it reaches. */
const ROOF = { name: 'share that its roof allows', colour: 'var(--idle)' }

export function layerTimes({ layers, peak_gmacs: peak }: VariantBenchmark): HTMLElement {
  const bar = (layer: LayerBenchmark, index: number, values: readonly number[]): Bar => ({
    ...{ label: layerLabel(layer, index), values, note: () => layerNote(layer, index) },
    choose: () => goToRow(index),
  })
  const times = layers.map((layer, index) => ({
    ...bar(layer, index, [layer.median_us]),
    interval: { low: layer.min_us, high: layer.p95_us },
  }))
  const shares = layers.map((layer, index) => {
    const reached = 100 * layer.share_of_peak
    return bar(layer, index, [reached, Math.max(0, (100 * layer.roof_gmacs) / peak - reached)])
  })
  return h(
    'div',
    { class: 'columns two' },
    figureOf('Time, µs', 'µs', times, [TIME]),
    figureOf('Share of the peak, %', '%', shares, [SHARE, ROOF]),
  )
}

function figureOf(
  title: string,
  unit: string,
  bars: readonly Bar[],
  parts: readonly { readonly name: string; readonly colour: string }[],
): HTMLElement {
  const place = h('div')
  responsive(place, (width) =>
    place.replaceChildren(stackedBars(bars, parts, { title, unit, width, labels: true })),
  )
  return h('figure', {}, h('h3', {}, title), legend(parts), place)
}

interface Row extends LayerBenchmark {
  readonly index: number
}

export function layerTable({ layers, layers_sum, variant }: VariantBenchmark): HTMLElement {
  const rows = layers.map((layer, index): Row => ({ ...layer, index }))
  const figure = (title: string, of: (row: Row) => number, show = digits, help?: string): Column<Row> => ({
    ...{ title, key: of, cell: (row) => show(of(row)) },
    ...(help === undefined ? {} : { help }),
  })
  /** Blank where nothing is multiplied. */
  const rate = (title: string, of: (row: Row) => number, show = digits, help?: string): Column<Row> => ({
    ...figure(title, of, show, help),
    cell: (row) => (row.macs === 0 ? '' : show(of(row))),
  })
  const columns: Column<Row>[] = [
    { title: '#', key: ({ index }) => index, cell: ({ index }) => String(index) },
    {
      title: 'layer',
      key: ({ name }) => name,
      cell: ({ name }) => h('span', { title: name }, shortened(name, 34)),
    },
    { title: 'op', key: ({ op }) => op, cell: ({ op }) => op },
    figure('µs', (row) => row.median_us, digits, 'By the median'),
    figure('least', (row) => row.min_us),
    figure('95 % within', (row) => row.p95_us),
    figure('share', (row) => row.share_of_time, percent, 'Of the time of all layers'),
    figure('MACs', ({ macs }) => macs, counted),
    figure('bytes', ({ bytes }) => bytes, counted, 'Of tensors and weights, each counted once'),
    rate('MACs a byte', (row) => row.macs_per_byte),
    rate('GMAC/s', ({ gmacs }) => gmacs),
    rate('of peak', (row) => row.share_of_peak, percent),
    rate('roof', (row) => row.roof_gmacs, digits, 'GMAC/s that peak and memory allow'),
    { title: 'kernels', cell: ({ kernels }) => kernels.join(', ') },
  ]
  const macs = layers.reduce((sum, layer) => sum + layer.macs, 0)
  const total: Readonly<Record<string, string>> = {
    ...{ layer: 'all layers apart', µs: digits(layers_sum.median_us), least: digits(layers_sum.min_us) },
    ...{ '95 % within': digits(layers_sum.p95_us), MACs: counted(macs) },
  }
  return table(rows, columns, {
    caption: `Layers of ${variant}`,
    id: ({ index }) => rowId(index),
    foot: columns.map(({ title }) => total[title] ?? ''),
  })
}
