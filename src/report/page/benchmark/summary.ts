/** How fast each variant is in all, and what was measured beside it. */

import type { Bandwidth, Benchmark, VariantBenchmark } from '../../../bench.ts'
import { h } from '../kit/dom.ts'
import { type Figure, figureList } from '../kit/figures.ts'
import { digits, mebibytes, percent } from '../kit/format.ts'
import { table } from '../kit/table.ts'

export function summary({ variants, not_run }: Benchmark): Node[] {
  const others = not_run.map(({ variant, reason }) => h('li', {}, `${variant} was not run: ${reason}.`))
  return [
    figureList(variants.map(figure)),
    ...(others.length === 0 ? [] : [h('ul', { class: 'findings' }, ...others)]),
  ]
}

function figure({ variant, total, layers_sum, peak_gmacs, sparse_crossover }: VariantBenchmark): Figure {
  return {
    ...{ name: variant, value: digits(total.median_us), unit: 'µs' },
    beside: [
      `least ${digits(total.min_us)}, 95 % within ${digits(total.p95_us)} µs`,
      `${digits(total.gmacs)} GMAC/s, ${percent(total.share_of_peak)} of the peak of ${digits(peak_gmacs)}`,
      `all layers apart ${digits(layers_sum.median_us)} µs`,
      `block-sparse weights are faster below a density of ${percent(sparse_crossover)}`,
    ],
  }
}

export function bandwidthTable({ bandwidth }: Benchmark): HTMLElement {
  const time = (title: string, of: (row: Bandwidth) => number) => ({
    ...{ title, key: of, cell: (row: Bandwidth) => digits(of(row)) },
  })
  return table(
    bandwidth,
    [
      {
        title: 'read over and over',
        key: (row) => row.working_set_bytes,
        cell: (row) => mebibytes(row.working_set_bytes),
      },
      time('GB/s', (row) => row.gbytes_per_s),
      time('median, µs', (row) => row.median_us),
      time('least', (row) => row.min_us),
      time('95 % within', (row) => row.p95_us),
    ],
    { caption: 'How fast memory was read' },
  )
}
