/** The terminal's report of a simulation: a table of layers, totals beside the lower bound, and where the cycles went. */
import Table from 'cli-table3'
import type { AreaEstimates } from '../area.ts'
import { areaLines } from './area-report.ts'
import type { Style } from './style.ts'
import { COLUMNS, counted, shorten, TABLE_STYLE } from './table-style.ts'

export interface Interval {
  readonly low: number
  readonly nominal: number
  readonly high: number
}

/** The keys are those of `espalier simulate --json`. */
export interface SimulationReport {
  readonly model: string
  readonly target: string
  readonly clock_mhz: number
  readonly cycles: number
  readonly latency_ms: number
  readonly inferences_per_s: number
  readonly macs: number
  readonly mac_utilization: number
  readonly lower_bound: { readonly cycles: number; readonly dram_bytes: number }
  readonly dram: {
    readonly read_bytes: number
    readonly write_bytes: number
    readonly by: Readonly<Record<string, number>>
  }
  /** Accesses by buffer. */
  readonly sram: Readonly<Record<string, unknown>>
  readonly energy_uj: Interval & { readonly by: Readonly<Record<string, Interval>> }
  /** By the fitted model. */
  readonly area: AreaEstimates
  readonly units: Readonly<Record<string, UnitReport>>
  readonly layers: readonly LayerReport[]
  readonly host_ops: readonly HostOpReport[]
}

export interface UnitReport {
  readonly busy: number
  readonly stall: Readonly<Record<string, number>>
  readonly idle: number
}

export interface LayerReport {
  readonly name: string
  readonly op: string
  readonly precision: string
  readonly density: number
  readonly macs: number
  readonly cycles: number
  readonly mac_utilization: number
  readonly dram_bytes: number
  readonly energy_uj: number
  readonly bound_by: string
  readonly lower_bound_cycles: number
}

export interface HostOpReport {
  readonly name: string
  readonly op: string
  readonly reason: string
}

/** A layer at least this close to its lower bound is shown as good, one this far from it as worth a look. */
const GOOD_RATIO = 1.2
const POOR_RATIO = 2

/** Components of the energy below this share of it are not listed. */
const SMALLEST_SHARE = 0.01

export function simulationText(report: SimulationReport, style: Style): string {
  // A network in float, for one.
  const isAllOnHost = report.cycles === 0
  return [
    `${style.strong(report.model)} on ${style.strong(report.target)} at ${report.clock_mhz} MHz`,
    ...(isAllOnHost
      ? ['0 cycles: the machine does nothing, since the host computes everything']
      : [layerTable(report.layers, style), totals(report, style), unitTable(report, style)]),
    hostOps(report.host_ops, style),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function layerTable(layers: readonly LayerReport[], style: Style): string {
  const head = ['op', 'cycles', 'bound', 'x', 'MAC use', 'DRAM B', 'nJ', 'bound by']
  const rows = layers.map((layer) => [
    layer.op,
    counted(layer.cycles),
    counted(layer.lower_bound_cycles),
    ratio(layer.cycles, layer.lower_bound_cycles),
    layer.macs === 0 ? '' : percent(layer.mac_utilization),
    counted(layer.dram_bytes),
    counted(Math.round(layer.energy_uj * 1000)),
    layer.bound_by,
  ])
  const widths = head.map((text, i) => Math.max(text.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const nameWidth = Math.max(12, COLUMNS - widths.reduce((sum, width) => sum + width + 2, 0))
  const table = new Table({
    ...TABLE_STYLE,
    head: ['layer', ...head].map((text) => style.strong(text)),
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  })
  for (const [i, row] of rows.entries()) {
    const layer = layers[i]
    if (layer === undefined) continue
    const cells = row.map((text, column) => (column === 3 ? judged(text, layer, style) : text))
    table.push([shorten(layer.name, nameWidth), ...cells])
  }
  return table.toString()
}

/** The ratio to the lower bound, coloured by what it says. */
function judged(text: string, layer: LayerReport, style: Style): string {
  const value = layer.cycles / layer.lower_bound_cycles
  if (value <= GOOD_RATIO) return style.good(text)
  return value >= POOR_RATIO ? style.warning(text) : text
}

function totals(report: SimulationReport, style: Style): string {
  const { cycles, dram, energy_uj: energy, lower_bound: bound } = report
  const parts = (by: Readonly<Record<string, number>>) =>
    Object.entries(by)
      .map(([name, bytes]) => `${name} ${counted(bytes)}`)
      .join(', ')
  const energyParts = Object.entries(energy.by)
    .filter(([, { nominal }]) => nominal >= SMALLEST_SHARE * energy.nominal)
    .sort(([, a], [, b]) => b.nominal - a.nominal)
    .map(([name, { nominal }]) => `${name} ${percent(nominal / energy.nominal)}`)
    .join(', ')
  return [
    `${style.strong(`${counted(cycles)} cycles`)}, ${ratio(cycles, bound.cycles)} x the lower bound of ${counted(bound.cycles)}`,
    `${report.latency_ms.toPrecision(4)} ms, ${report.inferences_per_s.toFixed(1)} inferences a second`,
    `${counted(report.macs)} MACs, ${percent(report.mac_utilization)} of the array's peak`,
    `DRAM ${counted(dram.read_bytes)} bytes read, ${counted(dram.write_bytes)} written; at least ${counted(bound.dram_bytes)}`,
    `     ${style.dim(parts(dram.by))}`,
    `energy ${microjoules(energy.nominal)} µJ (${microjoules(energy.low)} to ${microjoules(energy.high)})`,
    `     ${style.dim(energyParts)}`,
    ...areaLines(report.area),
  ].join('\n')
}

function unitTable({ cycles, units }: SimulationReport, style: Style): string {
  const head = ['unit', 'busy', 'idle', 'stalls']
  const table = new Table({ ...TABLE_STYLE, head: head.map((text) => style.strong(text)) })
  for (const [name, { busy, idle, stall }] of Object.entries(units)) {
    const stalls = Object.entries(stall)
      .filter(([, lost]) => lost > 0)
      .sort(([, a], [, b]) => b - a)
      .map(([cause, lost]) => `${cause} ${percent(lost / cycles)}`)
      .join(', ')
    table.push([name, percent(busy / cycles), percent(idle / cycles), stalls])
  }
  return table.toString()
}

/** More host ops that are alike, such as the steps of a recurrent layer, are one line. */
const MOST_ALIKE = 4

function hostLine({ name, op, reason }: HostOpReport, more = ''): string {
  return `${op} ${shorten(name, 40 - more.length)}${more}: ${reason}`
}

function hostOps(ops: readonly HostOpReport[], style: Style): string {
  if (ops.length === 0) return ''
  const alike = new Map<string, HostOpReport[]>()
  for (const each of ops) {
    const key = `${each.op} ${each.reason}`
    alike.set(key, [...(alike.get(key) ?? []), each])
  }
  const lines = [...alike.values()].flatMap((group) => {
    const [first, ...others] = group
    if (first === undefined || group.length <= MOST_ALIKE) return group.map((each) => hostLine(each))
    return [hostLine(first, ` and ${counted(others.length)} more`)]
  })
  return `${style.strong('on the host')}\n${lines.join('\n')}`
}

function ratio(cycles: number, bound: number): string {
  return bound === 0 ? '' : (cycles / bound).toFixed(2)
}

/** Three digits, and no exponent. */
function microjoules(energy: number): string {
  return Number(energy.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 6 })
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
