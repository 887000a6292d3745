/** Roofline: work done a cycle over work a byte, under the slope of memory and the ceilings of the machine; log-log. */
import * as Plot from '@observablehq/plot'
import { short } from '../kit/format.ts'
import { makeNoted } from '../kit/noted.ts'
import type { Note } from '../kit/tooltip.ts'
import { plotted } from './plotted.ts'

export interface RooflineDot {
  readonly label: string
  /** Work a byte of memory. */
  readonly intensity: number
  /** Work a cycle. */
  readonly rate: number
  /** What it costs: the dot's area. */
  readonly weight: number
  /** Drawn as an outline: what another dot is compared with. */
  readonly hollow?: boolean
  readonly colour: string
  readonly symbol: Plot.SymbolType
  readonly note: () => Note
  readonly choose?: () => void
}

/** A memory and the ceilings that it leads to. */
export interface Roof {
  /** Bytes that memory moves in the unit of time of the rates. */
  readonly bandwidth: number
  readonly label: string
  readonly ceilings: readonly { readonly rate: number; readonly label: string }[]
  readonly dashed?: boolean
}

export interface RooflineOptions {
  readonly width: number
  readonly xLabel: string
  readonly yLabel: string
  readonly roofs: readonly Roof[]
  /** Arrows from one dot to another, by their places among the dots. */
  readonly arrows?: readonly (readonly [from: number, to: number])[]
  /** Dots with their labels beside them; the others say theirs when pointed at. */
  readonly labelled: number
}

export function roofline(dots: readonly RooflineDot[], options: RooflineOptions): Element {
  const { width, xLabel, yLabel, roofs, arrows = [], labelled } = options
  const peak = Math.max(...roofs.map(peakOf))
  const knees = roofs.flatMap(({ bandwidth, ceilings }) => ceilings.map(({ rate }) => rate / bandwidth))
  const xs = [...dots.map(({ intensity }) => intensity), ...knees]
  // Slopes are longer where there are several, so that their labels are apart.
  const [left, right] = [Math.min(...xs) / (2 * roofs.length), Math.max(...xs) * 2.5]
  const slowest = Math.min(...roofs.map(({ bandwidth }) => bandwidth))
  const bottom = Math.min(...dots.map(({ rate }) => rate), left * slowest) / 1.6
  const ends = arrows.flatMap(([from, to]) => {
    const [a, b] = [dots[from], dots[to]]
    return a && b ? [{ x1: a.intensity, y1: a.rate, x2: b.intensity, y2: b.rate }] : []
  })
  const byWeight = [...dots].sort((a, b) => b.weight - a.weight)
  const chart = plotted({
    width,
    height: Math.min(460, Math.max(320, width * 0.42)),
    marginLeft: 52,
    marginRight: 16,
    marginTop: 28,
    marginBottom: 40,
    ariaLabel: `Roofline: ${yLabel} over ${xLabel}`,
    x: {
      type: 'log',
      domain: [left, right],
      label: xLabel,
      tickSize: 3,
      tickFormat: plainTick,
      ticks: width / 110,
      grid: true,
    },
    y: {
      type: 'log',
      domain: [bottom, Math.max(peak, ...dots.map(({ rate }) => rate)) * 1.5],
      label: yLabel,
      tickSize: 3,
      tickFormat: plainTick,
      ticks: 5,
      grid: true,
    },
    r: { range: [3, 13] },
    symbol: { type: 'identity' },
    marks: [
      ...roofs.flatMap((roof, i) => roofMarks(roof, { left, right, bottom }, (i + 1) / (roofs.length + 1))),
      Plot.arrow(ends, {
        ...{ x1: 'x1', y1: 'y1', x2: 'x2', y2: 'y2', stroke: 'var(--muted)', strokeWidth: 1.2 },
        ...{ headLength: 7, insetStart: 5, insetEnd: 7 },
      }),
      Plot.dot(byWeight, {
        ...{ x: 'intensity', y: 'rate', r: 'weight', symbol: 'symbol', fillOpacity: 0.82 },
        fill: ({ hollow, colour }: RooflineDot) => (hollow ? 'var(--paper)' : colour),
        stroke: ({ hollow, colour }: RooflineDot) => (hollow ? colour : 'var(--paper)'),
        ...{ strokeWidth: arrows.length > 0 ? 1.5 : 1, sort: null, className: 'dots' },
      }),
      Plot.text(byWeight.slice(0, labelled), {
        ...{
          x: 'intensity',
          y: 'rate',
          text: 'label',
          dx: 12,
          textAnchor: 'start',
          fontSize: 11,
          fill: 'var(--ink)',
        },
        ...{ stroke: 'var(--paper)', strokeWidth: 3, pointerEvents: 'none' },
      } as const),
    ],
  })
  const elements = [...chart.querySelectorAll<SVGElement>('[data-mark="dot"] > *')]
  makeNoted(
    elements.flatMap((element, i) => {
      const dot = byWeight[i]
      return dot ? [{ element, note: dot.note, ...(dot.choose ? { choose: dot.choose } : {}) }] : []
    }),
  )
  return chart
}

interface Frame {
  readonly left: number
  readonly right: number
  readonly bottom: number
}

function peakOf({ ceilings }: Roof): number {
  return Math.max(...ceilings.map(({ rate }) => rate))
}

/** The slope of a memory with its label at that share of its length, and the ceilings from where they meet it. */
function roofMarks(roof: Roof, { left, right, bottom }: Frame, share: number): Plot.Markish[] {
  const { bandwidth, label, ceilings, dashed = false } = roof
  const dash = dashed ? { strokeDasharray: '6 4' } : {}
  const [from, to] = [Math.max(left, bottom / bandwidth), peakOf(roof) / bandwidth]
  const at = from * (to / from) ** share
  return [
    Plot.line(
      [from, to].map((x) => ({ x, y: x * bandwidth })),
      { x: 'x', y: 'y', stroke: 'var(--dram)', strokeWidth: 1.6, ...dash },
    ),
    Plot.text([{ x: at, y: at * bandwidth }], {
      ...{ x: 'x', y: 'y', text: () => label, fill: 'var(--muted)', stroke: 'var(--paper)' },
      ...{ strokeWidth: 4, dy: -10, textAnchor: 'end' },
    }),
    Plot.ruleY(ceilings, {
      ...{ y: 'rate', x1: ({ rate }) => rate / bandwidth, x2: right },
      ...{ stroke: 'var(--ink)', strokeWidth: 1.6, ...dash },
    }),
    Plot.text(ceilings, {
      ...{ x: right, y: 'rate', text: 'label', textAnchor: 'end', dy: -16, fill: 'var(--muted)' },
    }),
  ]
}

/** Labels at 1, 2 and 5 of each decade only. */
function plainTick(value: number): string {
  const leading = Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9))
  return [1, 2, 5].includes(leading) ? short(value) : ''
}
