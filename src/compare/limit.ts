/** What B may need more than A, for continuous integration. */
import type { Comparison } from './compare.ts'
import type { Headline } from './headlines.ts'

/** What can be limited, by the name that `--metric` takes. */
export const METRICS = {
  cycles: 'cycles',
  dram: 'dram_bytes',
  energy: 'energy_uj',
} as const satisfies Record<string, Headline>
export type Metric = keyof typeof METRICS

export const METRIC_NAMES = Object.keys(METRICS) as readonly Metric[]

export interface Limit {
  readonly percent: number
  readonly metrics: readonly Metric[]
}

/** Energies are sums in float64: the same sum in another order is no increase. */
const ROUNDING = 1e-12

/** The metrics of which B needs more than `percent` percent above A; exactly so much is within. */
export function exceeded({ headline }: Pick<Comparison, 'headline'>, { percent, metrics }: Limit): Metric[] {
  return metrics.filter((metric) => {
    const { a, b } = headline[METRICS[metric]]
    return b - a * (1 + percent / 100) > a * ROUNDING
  })
}
