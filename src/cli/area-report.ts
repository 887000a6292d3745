/** The terminal's report of an area: a table of units, their total, and where the figures come from. */
import Table from 'cli-table3'
import type { Family } from '../../backends/trellis/area/count.ts'
import { FAMILY_NAMES } from '../../backends/trellis/area/family-names.ts'
import type { AreaEstimates, AreaReport } from '../area.ts'
import type { Style } from './style.ts'
import { counted, TABLE_STYLE } from './table-style.ts'

type Estimate = Pick<AreaReport, 'worst_error_percent' | 'extrapolated'>

const HEADS = { logic_lut: 'logic LUT', lut: 'LUT in all', ff: 'FF', dsp: 'DSP', bram: 'BRAM' } as const
const COLUMNS = Object.keys(HEADS) as readonly (keyof typeof HEADS)[]

export function areaText(report: AreaReport, style: Style): string {
  const table = new Table({
    ...TABLE_STYLE,
    head: ['unit', ...Object.values(HEADS)].map((text) => style.strong(text)),
    colAligns: ['left', ...COLUMNS.map(() => 'right' as const)],
  })
  for (const [unit, area] of [...Object.entries(report.units), ['in all', report.total] as const]) {
    table.push([unit, ...COLUMNS.map((metric) => counted(area[metric]))])
  }
  const source =
    report.source === 'synthesis'
      ? 'synthesized by Yosys, unit by unit, not placed'
      : `estimated by the fitted model, ${errors(report)}`
  return [
    `${style.strong(report.target)} on ${style.strong(FAMILY_NAMES[report.family])}, ${source}`,
    table.toString(),
    style.dim('docs/area.md says what is counted, and how good the model is'),
  ].join('\n\n')
}

/** One line a family, for the report of a simulation. */
export function areaLines(estimates: AreaEstimates): readonly string[] {
  return Object.entries(estimates).map(([family, area]) => {
    const { lut, ff, dsp, bram } = area
    return `area ${counted(lut)} LUT, ${counted(ff)} FF, ${dsp} DSP, ${bram} BRAM of ${FAMILY_NAMES[family as Family]}, \n     ${errors(area)}, by the fitted model`
  })
}

/** How good an estimate is. */
function errors({ worst_error_percent: worst = {}, extrapolated }: Estimate): string {
  if (extrapolated) return 'larger than what the model was checked on'
  return `LUT within ${worst.lut ?? '?'} %, FF ${worst.ff ?? '?'} %`
}
