/** How the page of a comparison names layers and differences. */

import type { Comparison, Difference, LayerComparison } from '../../../compare/compare.ts'
import { h } from '../kit/dom.ts'
import { counted, digits, shortened } from '../kit/format.ts'
import { boundOf } from '../kit/palette.ts'
import type { Note } from '../kit/tooltip.ts'

export const SIDES = ['a', 'b'] as const
export type SideKey = (typeof SIDES)[number]

export function sideName(side: SideKey): string {
  return side.toUpperCase()
}

/** `12 conv2d`, with its number in the comparison. */
export function layerLabel({ a, b }: LayerComparison, index: number): string {
  return `${index} ${(a ?? b)?.op ?? ''}`
}

export function layerName({ a, b }: LayerComparison): string {
  return (a ?? b)?.name ?? ''
}

export function layerTitle(layer: LayerComparison, index: number): string {
  return `${layerLabel(layer, index)} ${shortened(layerName(layer), 44)}`
}

/** What makes two layers one row. */
export function presence({ a, b, matched_by: by }: LayerComparison): string {
  if (a === undefined) return 'only in B'
  if (b === undefined) return 'only in A'
  return by === 'shape' ? 'same op and shape' : `same ${by}`
}

export function signed(value: number, show: (value: number) => string): string {
  return value > 0 ? `+${show(value)}` : show(value)
}

/** +12.3 %; nothing where there is no difference. */
export function relative({ percent }: Difference): string {
  if (percent === null) return 'from 0'
  if (percent === 0) return ''
  const size = Math.abs(percent)
  return `${signed(percent, size < 0.05 || size >= 1000 ? digits : (value) => value.toFixed(1))} %`
}

/** The difference, coloured by whether it is for the better. */
export function judged(
  each: Difference,
  show: (value: number) => string,
  isCost: boolean | undefined,
): HTMLElement {
  const { difference } = each
  const isWorse = isCost !== undefined && difference !== 0 ? difference > 0 === isCost : undefined
  return h(
    'span',
    { class: isWorse === undefined ? undefined : isWorse ? 'worse' : 'better' },
    signed(difference, show),
  )
}

/** `18,888 → 7,529 (-60.1 %)` */
function change(each: Difference, show: (value: number) => string): string {
  const percent = relative(each)
  return `${show(each.a)} → ${show(each.b)}${percent === '' ? '' : ` (${percent})`}`
}

export function layerNote({ layers }: Comparison, index: number): Note {
  const layer = layers[index]
  if (layer === undefined) return { title: '' }
  const bounds = SIDES.flatMap((side) => {
    const of = layer[side]
    return of ? [`${sideName(side)} bound by ${boundOf(of.bound_by).words}`] : []
  })
  return {
    title: layerTitle(layer, index),
    text: [presence(layer), ...bounds].join('; '),
    rows: [
      { name: 'cycles', value: change(layer.cycles, counted) },
      { name: 'at least', value: change(layer.lower_bound_cycles, counted) },
      { name: 'kept MACs', value: change(layer.kept_macs, counted) },
      { name: 'DRAM bytes', value: change(layer.dram_bytes, counted) },
      { name: 'energy, µJ', value: change(layer.energy_uj, digits) },
    ],
  }
}
