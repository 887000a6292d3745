/** Each layer under the machine's roofline. */

import type { SimulationData } from '../../simulation-data.ts'
import { legend } from '../charts/legend.ts'
import { type RooflineDot, roofline } from '../charts/roofline.ts'
import { h, responsive } from '../kit/dom.ts'
import { counted } from '../kit/format.ts'
import { boundEntries, boundOf } from '../kit/palette.ts'
import { goToRow } from '../kit/places.ts'
import { layerNote } from './layers.ts'

/** With more layers than this only the costliest have their numbers beside them. */
const LABELS = 24

export function layerRoofline({ layers, cycles, machine }: SimulationData): HTMLElement {
  const shown = [...layers.entries()].filter(
    ([, { kept_macs, dram_bytes, cycles: spent }]) => kept_macs > 0 && dram_bytes > 0 && spent > 0,
  )
  if (shown.length === 0) return h('p', {}, 'No layer has both multiplications and DRAM traffic.')
  const dots = shown.map(([i, layer]): RooflineDot => {
    const { colour, symbol } = boundOf(layer.bound_by)
    return {
      ...{ label: String(i), weight: layer.cycles, colour, symbol },
      intensity: layer.kept_macs / layer.dram_bytes,
      rate: layer.kept_macs / layer.cycles,
      note: () => layerNote(layers, i, cycles),
      choose: () => goToRow(i),
    }
  })
  const rates = [...new Set(shown.map(([, layer]) => layer.peak_macs_per_cycle))].sort((a, b) => a - b)
  const lanes = machine.rows * machine.cols
  const ceilings = rates.map((rate) => ({
    rate,
    label: `${counted(rate)} MACs a cycle at ${(8 * lanes) / rate} bits`,
  }))
  const place = h('div')
  responsive(place, (width) =>
    place.replaceChildren(
      roofline(dots, {
        width,
        xLabel: 'kept MACs a DRAM byte →',
        yLabel: '↑ kept MACs a cycle',
        roofs: [
          {
            bandwidth: machine.dram_bytes_per_cycle,
            label: `DRAM ${machine.dram_bytes_per_cycle} B a cycle`,
            ceilings,
          },
        ],
        labelled: shown.length <= LABELS ? shown.length : LABELS / 2,
      }),
    ),
  )
  return h(
    'figure',
    {},
    legend(boundEntries(shown.map(([, { bound_by }]) => bound_by))),
    place,
    h('figcaption', {}, caption(layers.length - shown.length)),
  )
}

function caption(left: number): string {
  return [
    "A dot is a layer with its number; its area is the layer's cycles.",
    'One above the slope had its bytes come while earlier layers ran.',
    ...(left === 0 ? [] : [`Left out for want of multiplications or of DRAM traffic: ${counted(left)}.`]),
  ].join(' ')
}
