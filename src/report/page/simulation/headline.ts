/** The run in a few figures, each beside what it is measured against. */

import type { Family } from '../../../../backends/trellis/area/count.ts'
import { FAMILY_NAMES } from '../../../../backends/trellis/area/family-names.ts'
import type { AreaData, SimulationData } from '../../simulation-data.ts'
import { type Figure, figureList } from '../kit/figures.ts'
import { counted, digits, percent, ratio } from '../kit/format.ts'

export function headline(data: SimulationData): HTMLElement {
  return figureList([...figures(data), ...areas(data)])
}

function figures(data: SimulationData): Figure[] {
  const { cycles, lower_bound: bound, dram, energy_uj: energy } = data
  const bytes = dram.read_bytes + dram.write_bytes
  const boundMs = (bound.cycles * data.latency_ms) / cycles
  const times = (value: number, least: number): string[] =>
    least > 0 ? [`${ratio(value, least)} × the lower bound`] : []
  return [
    {
      name: 'Cycles',
      value: counted(cycles),
      unit: '',
      beside: [`at least ${counted(bound.cycles)}`, ...times(cycles, bound.cycles)],
    },
    {
      name: 'Latency',
      value: digits(data.latency_ms),
      unit: 'ms',
      beside: [
        ...(cycles > 0 ? [`at least ${digits(boundMs)} ms at ${data.clock_mhz} MHz`] : []),
        `${digits(data.inferences_per_s)} inferences a second`,
      ],
    },
    {
      name: 'DRAM traffic',
      value: counted(bytes),
      unit: 'bytes',
      beside: [`at least ${counted(bound.dram_bytes)}, compulsory`, ...times(bytes, bound.dram_bytes)],
    },
    {
      name: 'MAC utilization',
      value: (100 * data.mac_utilization).toFixed(1),
      unit: '%',
      beside: [
        `${counted(data.macs)} MACs`,
        ...(bound.cycles > 0
          ? [`the bound allows ${percent((data.mac_utilization * cycles) / bound.cycles)}`]
          : []),
      ],
    },
    {
      name: 'Energy',
      value: digits(energy.nominal),
      unit: 'µJ',
      beside: [`between ${digits(energy.low)} and ${digits(energy.high)} µJ`],
    },
  ]
}

function areas({ area }: SimulationData): Figure[] {
  return Object.entries(area).map(([family, estimate]) => ({
    name: `Area, ${FAMILY_NAMES[family as Family]}`,
    value: counted(estimate.lut),
    unit: 'LUT',
    beside: [
      `${counted(estimate.ff)} FF, ${counted(estimate.dsp)} DSP, ${counted(estimate.bram)} BRAM`,
      trust(estimate),
    ],
  }))
}

function trust({ extrapolated, worst_error_percent: worst }: AreaData): string {
  if (extrapolated) return 'estimated beyond what the model was checked on'
  return `estimated, LUT within ${worst.lut ?? '?'} %`
}
