/** What charts and tables say of a layer of a network. */

import type { InspectedLayer, Inspection } from '../../../inspect.ts'
import { h } from '../kit/dom.ts'
import { counted, percent, shortened } from '../kit/format.ts'
import { rowId } from '../kit/places.ts'
import type { Note } from '../kit/tooltip.ts'

/** Of precisions, in the order in which layers come to them; the last stands for all that follow. */
const COLOURS = [
  '--token-mac',
  '--token-load',
  '--token-store',
  '--weights',
  '--dram',
  '--token-post',
  '--pipeline',
]

export function precisionsOf({ layers }: Inspection): string[] {
  return [...new Set(layers.map(({ precision }) => precision))]
}

export function precisionColour(precisions: readonly string[], precision: string): string {
  const index = Math.min(precisions.indexOf(precision), COLOURS.length - 1)
  return `var(${COLOURS[index] ?? '--muted'})`
}

/** `12 conv2d`. */
export function layerLabel(layers: readonly InspectedLayer[], index: number): string {
  return `${index} ${layers[index]?.op ?? ''}`
}

export function layerLink(layers: readonly InspectedLayer[], index: number): HTMLAnchorElement {
  return h('a', { href: `#${rowId(index)}`, title: layers[index]?.name }, layerLabel(layers, index))
}

export function layerNote({ layers, macs, parameters }: Inspection, index: number): Note {
  const layer = layers[index]
  if (layer === undefined) return { title: '' }
  const share = (value: number, whole: number): string =>
    whole === 0 ? counted(value) : `${counted(value)} (${percent(value / whole)})`
  return {
    title: `${layerLabel(layers, index)} ${shortened(layer.name, 44)}`,
    rows: [
      { name: 'output', value: `${layer.dtype}[${layer.output_shape.join(', ')}]` },
      { name: 'precision', value: layer.precision },
      { name: 'MACs', value: share(layer.macs, macs) },
      { name: 'parameters', value: share(layer.parameters, parameters) },
      ...(layer.density === 1 ? [] : [{ name: 'density', value: percent(layer.density) }]),
      ...(layer.block_density === undefined || layer.block_density === 1
        ? []
        : [{ name: 'blocks kept', value: percent(layer.block_density) }]),
    ],
  }
}
