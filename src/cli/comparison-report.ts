/** The terminal's report of a comparison: differences in all, by unit and cause, and by layer, the largest first. */
import Table from 'cli-table3'
import type { TimedUnit } from '../../sim/timing/ledger.ts'
import type { Comparison, Difference, Differences, LayerComparison, Side } from '../compare/compare.ts'
import { HEADLINES, type Headline, type HeadlineFigure } from '../compare/headlines.ts'
import { METRICS, type Metric } from '../compare/limit.ts'
import type { Style } from './style.ts'
import { COLUMNS, counted, shorten, TABLE_STYLE } from './table-style.ts'

export interface ComparisonView {
  readonly all?: boolean
  /** Whose cycles are told layer by layer. */
  readonly unit: TimedUnit
}

/** Rows of a table, unless all are asked for. */
const MOST_ROWS = 10
/** Parts of a headline, likewise. */
const MOST_PARTS = 5
/** Width of an op's name: the longest of a layer with weights. */
const OP_WIDTH = 16

export function comparisonText(comparison: Comparison, view: ComparisonView, style: Style): string {
  const { a, b, headline, layers } = comparison
  const title = `A  ${sideText(a, style)}\nB  ${sideText(b, style)}`
  if (![...Object.values(headline), ...layers.flatMap(amountsOf)].some(isDifferent))
    return `${title}\n\nno difference`
  return [
    title,
    headlineTable(comparison, view, style),
    unitTable(comparison, view, style),
    layerTable(comparison, view, style),
    causeTable(comparison, view, style),
    matchingText(layers),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** One metric of a check that failed. */
export function increaseText({ headline }: Comparison, metric: Metric): string {
  const { name, amount } = METRIC_TEXTS[metric]
  const each = headline[METRICS[metric]]
  return `${name} ${amount(each.a)} to ${amount(each.b)} (${relative(each)})`
}

const METRIC_TEXTS: Readonly<Record<Metric, { readonly name: string; readonly amount: Amount }>> = {
  cycles: { name: 'cycles', amount: counted },
  dram: { name: 'DRAM bytes', amount: counted },
  energy: { name: 'microjoules', amount: fractional },
}

type Amount = (n: number) => string
const AMOUNTS: Readonly<Record<HeadlineFigure['kind'], Amount>> = {
  count: counted,
  amount: fractional,
  share,
}

function sideText({ model, target, clock_mhz, batch }: Side, style: Style): string {
  return `${style.strong(model)} on ${style.strong(target)} at ${clock_mhz} MHz${batch === 1 ? '' : `, batch ${batch}`}`
}

/** What the parts of a headline are of. */
const PARTS: Readonly<Partial<Record<Headline, (comparison: Comparison) => Differences>>> = {
  dram_bytes: ({ dram_by }) => dram_by,
  energy_uj: ({ energy_by }) => energy_by,
}

function headlineTable(comparison: Comparison, view: ComparisonView, style: Style): string {
  const table = differenceTable(['in all'], style)
  for (const [key, figure] of Object.entries(HEADLINES) as [Headline, HeadlineFigure][]) {
    const each = comparison.headline[key]
    const amount = AMOUNTS[figure.kind]
    if (figure.always || isDifferent(each))
      table.push([figure.name, ...cells(each, amount, figure.isCost, style)])
    for (const [name, part] of shown(bySize(PARTS[key]?.(comparison) ?? {}), view, MOST_PARTS))
      table.push([`  of that ${name}`, ...cells(part, amount, true, style)])
  }
  return table.toString()
}

function unitTable({ units }: Comparison, view: ComparisonView, style: Style): string {
  const rows = Object.entries(units).flatMap(([unit, causes]) =>
    Object.entries(causes).map(([cause, each]) => ({ labels: [unit, cause], each })),
  )
  return cycleTable(['unit', 'cycles'], rows, view, style)
}

/** Of one unit: those of all six would tell most differences six times. */
function causeTable({ layers }: Comparison, view: ComparisonView, style: Style): string {
  const rows = layers.flatMap((layer) =>
    Object.entries(layer.units[view.unit] ?? {}).map(([cause, each]) => ({
      labels: [shorten(nameOf(layer), 40), `${view.unit} ${cause}`],
      each,
    })),
  )
  return cycleTable(['layer', 'cycles'], rows, view, style)
}

interface CycleRow {
  readonly labels: readonly string[]
  readonly each: Difference
}

function cycleTable(
  head: readonly string[],
  rows: readonly CycleRow[],
  view: ComparisonView,
  style: Style,
): string {
  const changed = rows.filter(({ each }) => isDifferent(each)).sort((p, q) => size(q.each) - size(p.each))
  if (changed.length === 0) return ''
  const table = differenceTable(head, style)
  for (const { labels, each } of shown(changed, view))
    table.push([...labels, ...cells(each, counted, undefined, style)])
  return withRest(table.toString(), changed.length, view, style)
}

function layerTable({ layers }: Comparison, view: ComparisonView, style: Style): string {
  const changed = layers
    .filter((layer) => totalsOf(layer).some(isDifferent))
    .sort((p, q) => size(q.cycles) - size(p.cycles))
  if (changed.length === 0) return ''
  const rows = shown(changed, view).map((layer) => ({
    name: nameOf(layer),
    cells: [
      opOf(layer),
      layer.a ? counted(layer.cycles.a) : '',
      layer.b ? counted(layer.cycles.b) : '',
      judged(signed(layer.cycles.difference, counted), layer.cycles, true, style),
      !layer.b ? 'only A' : !layer.a ? 'only B' : relative(layer.cycles),
      signed(layer.dram_bytes.difference, counted),
      signed(Math.round(layer.energy_uj.difference * 1000), counted),
    ],
  }))
  const head = ['op', 'cycles A', 'B', 'B - A', '', 'DRAM B', 'nJ']
  const plain = (text: string): string => text.replace(ESCAPES, '')
  const widths = head.map((text, i) =>
    Math.max(text.length, ...rows.map((row) => plain(row.cells[i] ?? '').length)),
  )
  const nameWidth = Math.max(12, COLUMNS - widths.reduce((sum, width) => sum + width + 2, 0))
  const table = new Table({
    ...TABLE_STYLE,
    head: ['layer', ...head].map((text) => style.strong(text)),
    colAligns: ['left', 'left', ...head.slice(1).map(() => 'right' as const)],
  })
  for (const row of rows) table.push([shorten(row.name, nameWidth), ...row.cells])
  return withRest(table.toString(), changed.length, view, style)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const ESCAPES = /\x1b\[\d+m/g

function matchingText(layers: readonly LayerComparison[]): string {
  const told = (count: number, what: string): string[] =>
    count === 0 ? [] : [`${counted(count)} ${count === 1 ? 'layer' : 'layers'} ${what}`]
  return [
    ...told(
      layers.filter(({ matched_by: by }) => by === 'shape' || by === 'op').length,
      'with another name in B, found by op and shape',
    ),
    ...told(layers.filter(({ b }) => b === undefined).length, 'only in A'),
    ...told(layers.filter(({ a }) => a === undefined).length, 'only in B'),
  ].join('\n')
}

function differenceTable(labels: readonly string[], style: Style) {
  const head = [...labels, 'A', 'B', 'B - A', '']
  return new Table({
    ...TABLE_STYLE,
    head: head.map((text) => style.strong(text)),
    colAligns: head.map((_, i) => (i < labels.length ? 'left' : 'right')),
  })
}

function cells(each: Difference, amount: Amount, isCost: boolean | undefined, style: Style): string[] {
  return [
    amount(each.a),
    amount(each.b),
    judged(signed(each.difference, amount), each, isCost, style),
    relative(each),
  ]
}

function shown<T>(rows: readonly T[], { all = false }: ComparisonView, most = MOST_ROWS): readonly T[] {
  return all ? rows : rows.slice(0, most)
}

function withRest(table: string, rows: number, { all = false }: ComparisonView, style: Style): string {
  if (all || rows <= MOST_ROWS) return table
  return `${table}\n${style.dim(`and ${counted(rows - MOST_ROWS)} smaller ones, which --all shows`)}`
}

/** All that the report tells of a layer. */
function amountsOf(layer: LayerComparison): Difference[] {
  return [...totalsOf(layer), ...Object.values(layer.units).flatMap((causes) => Object.values(causes))]
}

function totalsOf({ cycles, dram_bytes, energy_uj }: LayerComparison): Difference[] {
  return [cycles, dram_bytes, energy_uj]
}

function bySize(parts: Differences): (readonly [string, Difference])[] {
  return Object.entries(parts)
    .filter(([, each]) => isDifferent(each))
    .sort(([, p], [, q]) => size(q) - size(p))
}

function isDifferent({ difference }: Difference): boolean {
  return difference !== 0
}

function size({ difference }: Difference): number {
  return Math.abs(difference)
}

function nameOf({ a, b }: LayerComparison): string {
  return a?.name ?? b?.name ?? ''
}

function opOf({ a, b }: LayerComparison): string {
  return shorten(a?.op ?? b?.op ?? '', OP_WIDTH)
}

/** More of a cost is a warning, less of it is good. */
function judged(text: string, { difference }: Difference, isCost: boolean | undefined, style: Style): string {
  if (isCost === undefined || difference === 0) return text
  return difference > 0 === isCost ? style.warning(text) : style.good(text)
}

function signed(n: number, amount: (n: number) => string): string {
  return n > 0 ? `+${amount(n)}` : amount(n)
}

function relative({ percent }: Difference): string {
  return percent === null ? 'from 0' : percent === 0 ? '' : percentText(percent)
}

/** At least one digit that counts, so that no difference looks like none. */
function percentText(percent: number): string {
  const size = Math.abs(percent)
  const digits =
    size >= 1000 ? counted(Math.round(percent)) : size < 0.05 ? percent.toPrecision(1) : percent.toFixed(1)
  return `${percent > 0 ? '+' : ''}${digits} %`
}

/** Four digits, and no exponent. */
function fractional(n: number): string {
  return Number(n.toPrecision(4)).toLocaleString('en-US', { maximumFractionDigits: 9 })
}

function share(n: number): string {
  return (100 * n).toFixed(1)
}
