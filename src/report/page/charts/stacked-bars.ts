/** Horizontal bars, one a row, each a stack of parts; an interval around the whole is drawn as a whisker. */
import * as Plot from '@observablehq/plot'
import { s } from '../kit/dom.ts'
import { short } from '../kit/format.ts'
import { makeNoted } from '../kit/noted.ts'
import type { Note } from '../kit/tooltip.ts'
import { plotted } from './plotted.ts'

export interface Part {
  readonly name: string
  readonly colour: string
}

export interface Bar {
  readonly label: string
  /** In the order of the parts. */
  readonly values: readonly number[]
  readonly interval?: { readonly low: number; readonly high: number }
  readonly note: () => Note
  readonly choose?: () => void
}

export interface StackedBarsOptions {
  readonly title: string
  /** Of the figures, for the axis. */
  readonly unit: string
  readonly width: number
  /** Without labels, where the chart stands beside one that has them. */
  readonly labels: boolean
}

const ROW_HEIGHT = 20
const TOP = 24
const LABEL_WIDTH = 142

export function stackedBars(
  bars: readonly Bar[],
  parts: readonly Part[],
  options: StackedBarsOptions,
): Element {
  const { title, unit, width, labels } = options
  const marginLeft = labels ? LABEL_WIDTH : 6
  const cells = bars.flatMap(({ values }, row) => {
    let from = 0
    return values.flatMap((value, part) => {
      const x1 = from
      from += value
      return value > 0 ? [{ row, x1, x2: from, colour: parts[part]?.colour ?? '' }] : []
    })
  })
  const whiskers = bars.flatMap(({ interval }, row) => (interval ? [{ row, ...interval }] : []))
  const chart = plotted({
    width,
    height: TOP + bars.length * ROW_HEIGHT + 4,
    marginLeft,
    marginTop: TOP,
    marginRight: 14,
    marginBottom: 4,
    ariaLabel: `${title}, ${unit}`,
    x: {
      axis: 'top',
      label: null,
      tickFormat: short,
      ticks: Math.max(2, Math.floor(width / 90)),
      nice: true,
    },
    y: { type: 'band', domain: [...bars.keys()], label: null, axis: null, padding: 0.22 },
    marks: [
      Plot.gridX({ stroke: 'var(--rule)', strokeOpacity: 1 }),
      Plot.barX(cells, { x1: 'x1', x2: 'x2', y: 'row', fill: 'colour' }),
      Plot.ruleY(whiskers, { x1: 'low', x2: 'high', y: 'row', stroke: 'var(--ink)' }),
      ...(['low', 'high'] as const).map((end) =>
        Plot.tickX(whiskers, { x: end, y: 'row', stroke: 'var(--ink)', inset: 4 }),
      ),
      ...(labels
        ? [
            Plot.text(
              bars.map(({ label }, row) => ({ label, row })),
              {
                ...{
                  y: 'row',
                  text: 'label',
                  frameAnchor: 'left',
                  textAnchor: 'start',
                  dx: -LABEL_WIDTH,
                  fill: 'var(--ink)',
                },
              } as const,
            ),
          ]
        : []),
    ],
  })
  const scale = chart.scale('y')
  if (scale === undefined) return chart
  const height = scale.step ?? ROW_HEIGHT
  const hits = bars.map((bar, row) => {
    const y = Number(scale.apply(row)) - (height - (scale.bandwidth ?? height)) / 2
    const element = s('rect', { x: 0, y, width, height, class: 'hit' })
    return { element, note: bar.note, ...(bar.choose ? { choose: bar.choose } : {}) }
  })
  chart.append(s('g', {}, ...hits.map(({ element }) => element)))
  makeNoted(hits)
  return chart
}
