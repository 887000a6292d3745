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
  readonly colour: string
  readonly symbol: Plot.SymbolType
  readonly note: () => Note
  readonly choose?: () => void
}

export interface RooflineOptions {
  readonly width: number
  readonly xLabel: string
  readonly yLabel: string
  /** Bytes that memory moves a cycle. */
  readonly bandwidth: number
  readonly bandwidthLabel: string
  readonly ceilings: readonly { readonly rate: number; readonly label: string }[]
  /** Dots with their labels beside them; the others say theirs when pointed at. */
  readonly labelled: number
}

export function roofline(dots: readonly RooflineDot[], options: RooflineOptions): Element {
  const { width, xLabel, yLabel, bandwidth, bandwidthLabel, ceilings, labelled } = options
  const peak = Math.max(...ceilings.map(({ rate }) => rate))
  const knees = ceilings.map(({ rate }) => rate / bandwidth)
  const xs = [...dots.map(({ intensity }) => intensity), ...knees]
  const [left, right] = [Math.min(...xs) / 2, Math.max(...xs) * 2.5]
  const bottom = Math.min(...dots.map(({ rate }) => rate), left * bandwidth) / 1.6
  const slope = [
    { x: Math.max(left, bottom / bandwidth), y: Math.max(left, bottom / bandwidth) * bandwidth },
    { x: peak / bandwidth, y: peak },
  ]
  const byWeight = [...dots].sort((a, b) => b.weight - a.weight)
  const middle = { x: Math.sqrt((slope[0]?.x ?? 1) * (peak / bandwidth)), y: 0 }
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
      domain: [bottom, peak * 1.5],
      label: yLabel,
      tickSize: 3,
      tickFormat: plainTick,
      ticks: 5,
      grid: true,
    },
    r: { range: [3, 13] },
    symbol: { type: 'identity' },
    marks: [
      Plot.line(slope, { x: 'x', y: 'y', stroke: 'var(--dram)', strokeWidth: 1.6 }),
      Plot.text([{ x: middle.x, y: middle.x * bandwidth }], {
        ...{
          x: 'x',
          y: 'y',
          text: () => bandwidthLabel,
          fill: 'var(--muted)',
          stroke: 'var(--paper)',
          strokeWidth: 4,
        },
        ...{ dy: -10, textAnchor: 'end' },
      }),
      Plot.ruleY(ceilings, {
        y: 'rate',
        x1: ({ rate }) => rate / bandwidth,
        x2: right,
        stroke: 'var(--ink)',
        strokeWidth: 1.6,
      }),
      Plot.text(ceilings, {
        ...{ x: right, y: 'rate', text: 'label', textAnchor: 'end', dy: -16, fill: 'var(--muted)' },
      }),
      Plot.dot(byWeight, {
        ...{ x: 'intensity', y: 'rate', r: 'weight', symbol: 'symbol', fill: 'colour', fillOpacity: 0.82 },
        ...{ stroke: 'var(--paper)', strokeWidth: 1, sort: null, className: 'dots' },
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

/** Labels at 1, 2 and 5 of each decade only. */
function plainTick(value: number): string {
  const leading = Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9))
  return [1, 2, 5].includes(leading) ? short(value) : ''
}
