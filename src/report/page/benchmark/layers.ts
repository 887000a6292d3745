/** What the charts of a benchmark say of a layer. */

import type { LayerBenchmark } from '../../../bench.ts'
import { counted, digits, percent, shortened } from '../kit/format.ts'
import type { Note } from '../kit/tooltip.ts'

/** `3 conv2d`, with its number in the benchmark. */
export function layerLabel({ op }: LayerBenchmark, index: number): string {
  return `${index} ${op}`
}

export function layerNote(layer: LayerBenchmark, index: number): Note {
  const { name, median_us, min_us, p95_us, macs, bytes, gmacs, roof_gmacs } = layer
  return {
    title: `${layerLabel(layer, index)} ${shortened(name, 44)}`,
    rows: [
      { name: 'median', value: `${digits(median_us)} µs (${percent(layer.share_of_time)})` },
      { name: 'least, 95 % within', value: `${digits(min_us)}, ${digits(p95_us)} µs` },
      { name: 'bytes', value: counted(bytes) },
      ...(macs === 0
        ? []
        : [
            { name: 'MACs', value: counted(macs) },
            { name: 'GMAC/s', value: `${digits(gmacs)} (${percent(layer.share_of_peak)} of the peak)` },
            { name: 'its roof, GMAC/s', value: digits(roof_gmacs) },
            { name: 'MACs a byte', value: digits(layer.macs_per_byte) },
          ]),
    ],
  }
}
