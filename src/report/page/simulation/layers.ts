/** What the charts and tables say of a layer. */

import type { LayerData, SimulationDetails } from '../../simulation-data.ts'
import { h } from '../kit/dom.ts'
import { counted, digits, percent, shortened } from '../kit/format.ts'
import { boundOf } from '../kit/palette.ts'
import { rowId } from '../kit/places.ts'
import type { Note } from '../kit/tooltip.ts'

/** `12 conv2d`: short, and the same in the listing of the program. */
export function layerLabel(layers: readonly LayerData[], index: number): string {
  return `${index} ${layers[index]?.op ?? ''}`
}

export function layerLink(layers: readonly LayerData[], index: number): HTMLAnchorElement {
  return h('a', { href: `#${rowId(index)}`, title: layers[index]?.name }, layerLabel(layers, index))
}

/** `12 conv2d model/conv…`, for the heads of notes. */
export function layerTitle(layers: readonly LayerData[], index: number): string {
  return `${layerLabel(layers, index)} ${shortened(layers[index]?.name ?? '', 44)}`
}

/** The layer that a cycle belongs to. */
export function layerAt({ slices }: SimulationDetails, cycle: number): number | undefined {
  return slices.layer[slices.end.findIndex((end) => end > cycle)]
}

export function layerNote(layers: readonly LayerData[], index: number, cyclesInAll: number): Note {
  const layer = layers[index]
  if (layer === undefined) return { title: '' }
  return {
    title: layerTitle(layers, index),
    text: `bound by ${boundOf(layer.bound_by).words}`,
    rows: [
      { name: 'cycles', value: `${counted(layer.cycles)} (${percent(layer.cycles / cyclesInAll)})` },
      { name: 'at least', value: counted(layer.lower_bound_cycles) },
      { name: 'kept MACs', value: counted(layer.kept_macs) },
      ...(layer.kept_macs === 0 || layer.cycles === 0
        ? []
        : [
            {
              name: 'MACs a cycle',
              value: `${digits(layer.kept_macs / layer.cycles)} of ${counted(layer.peak_macs_per_cycle)}`,
            },
          ]),
      ...(layer.dram_bytes === 0
        ? []
        : [{ name: 'MACs a DRAM byte', value: digits(layer.kept_macs / layer.dram_bytes) }]),
      { name: 'DRAM bytes', value: counted(layer.dram_bytes) },
      { name: 'energy', value: `${digits(layer.energy.nominal)} µJ` },
    ],
  }
}
