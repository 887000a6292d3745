/** The terminal's report of a benchmark: for each variant a table of layers under its total. */
import Table from 'cli-table3'
import type { Benchmark, LayerBenchmark, VariantBenchmark } from '../bench.ts'
import type { Style } from './style.ts'
import { COLUMNS, counted, shorten, TABLE_STYLE } from './table-style.ts'

export function benchmarkText(benchmark: Benchmark, style: Style): string {
  const { model, node, cpu, arch, macs, runs, bandwidth, variants, not_run } = benchmark
  const reads = bandwidth.map(
    ({ working_set_bytes: bytes, gbytes_per_s: speed }) => `${speed.toFixed(1)} in ${kibibytes(bytes)}`,
  )
  return [
    `${style.strong(model)}: ${counted(macs)} MACs; medians of ${runs} samples\nNode ${node}, ${cpu}, ${arch}\nreads GB/s: ${reads.join(', ')}`,
    ...variants.map((variant) => variantText(variant, style)),
    ...not_run.map(({ variant, reason }) => `${style.strong(variant)} not run: ${reason}`),
  ].join('\n\n')
}

function variantText(benchmark: VariantBenchmark, style: Style): string {
  const { variant, total, layers_sum: sum, peak_gmacs: peak } = benchmark
  const share = percent(total.share_of_peak)
  return [
    style.strong(`${variant}: ${microseconds(total.median_us)} µs`),
    `least ${microseconds(total.min_us)}, 95 % within ${microseconds(total.p95_us)}; all layers apart ${microseconds(sum.median_us)}`,
    `${total.gmacs.toFixed(1)} GMAC/s, ${share} of the peak of ${peak.toFixed(1)} measured meanwhile`,
    `block-sparse weights are faster below a density of ${percent(benchmark.sparse_crossover)}`,
    '',
    layerTable(benchmark.layers, style),
  ].join('\n')
}

const HEAD = ['op', 'µs', 'least', 'time', 'GMAC/s', 'of peak']

function layerTable(layers: readonly LayerBenchmark[], style: Style): string {
  const rows = layers.map((layer) => [
    layer.op,
    microseconds(layer.median_us),
    microseconds(layer.min_us),
    percent(layer.share_of_time),
    layer.macs === 0 ? '' : layer.gmacs.toFixed(1),
    layer.macs === 0 ? '' : percent(layer.share_of_peak),
  ])
  const widths = HEAD.map((text, i) => Math.max(text.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const nameWidth = Math.max(12, COLUMNS - widths.reduce((sum, width) => sum + width + 2, 0))
  const table = new Table({
    ...TABLE_STYLE,
    head: ['layer', ...HEAD].map((text) => style.strong(text)),
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
  })
  for (const [i, row] of rows.entries()) table.push([shorten(layers[i]?.name ?? '', nameWidth), ...row])
  return table.toString()
}

/** Three digits or more, down to nanoseconds. */
function microseconds(time: number): string {
  const decimals = time < 10 ? 3 : time < 100 ? 2 : time < 1000 ? 1 : 0
  return time.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

function kibibytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${bytes / 2 ** 10} KiB` : `${bytes / 2 ** 20} MiB`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
