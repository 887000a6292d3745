/** Each layer of both runs under the rooflines of their machines, with an arrow from A to B. */

import type { Comparison, LayerComparison, Side } from '../../../compare/compare.ts'
import { legend } from '../charts/legend.ts'
import { type Roof, type RooflineDot, roofline } from '../charts/roofline.ts'
import { h, responsive } from '../kit/dom.ts'
import { counted } from '../kit/format.ts'
import { boundOf } from '../kit/palette.ts'
import { goToRow } from '../kit/places.ts'
import { layerNote, SIDES, type SideKey, sideName } from './layers.ts'

/** The costliest dots, which have their numbers beside them. */
const LABELS = 16

export function layerRooflines(comparison: Comparison): HTMLElement {
  const { layers, a, b } = comparison
  const dots: RooflineDot[] = []
  const arrows: [number, number][] = []
  layers.forEach((layer, index) => {
    const [from, to] = SIDES.map((side) => {
      const dot = dotOf(comparison, layer, index, side)
      return dot === undefined ? undefined : dots.push(dot) - 1
    })
    if (from !== undefined && to !== undefined && !isSamePlace(dots[from], dots[to])) arrows.push([from, to])
  })
  if (dots.length === 0) return h('p', {}, 'No layer has both multiplications and DRAM traffic.')
  const roofs = sameRoof(a, b) ? [roofOf(comparison, ['a', 'b'])] : SIDES.map((s) => roofOf(comparison, [s]))
  const place = h('div')
  responsive(place, (width) =>
    place.replaceChildren(
      roofline(dots, {
        ...{ width, roofs, arrows, labelled: LABELS },
        ...{ xLabel: 'kept MACs a DRAM byte →', yLabel: '↑ kept MACs a cycle' },
      }),
    ),
  )
  const bounds = SIDES.flatMap((side) => layers.flatMap((layer) => layer[side]?.bound_by ?? []))
  return h(
    'figure',
    {},
    legend(
      [...new Set(bounds)].map((name) => ({
        ...{ colour: boundOf(name).colour, name: `bound by ${boundOf(name).words}` },
      })),
    ),
    place,
    h(
      'figcaption',
      {},
      'An outline is a layer of A, a full dot one of B, an arrow leads from one to the other; the area is cycles. ',
      sameRoof(a, b) ? '' : 'Dashed is the machine of A. ',
      'Layers without multiplications or without DRAM traffic are left out.',
    ),
  )
}

function dotOf(
  comparison: Comparison,
  layer: LayerComparison,
  index: number,
  side: SideKey,
): RooflineDot | undefined {
  const [macs, bytes, cycles] = [layer.kept_macs, layer.dram_bytes, layer.cycles].map((each) => each[side])
  if (!macs || !bytes || !cycles) return undefined
  const { colour, symbol } = boundOf(layer[side]?.bound_by ?? 'none')
  return {
    ...{ label: side === 'b' || layer.b === undefined ? String(index) : '', weight: cycles, colour, symbol },
    ...{ intensity: macs / bytes, rate: macs / cycles, hollow: side === 'a' },
    note: () => layerNote(comparison, index),
    choose: () => goToRow(index),
  }
}

function isSamePlace(p: RooflineDot | undefined, q: RooflineDot | undefined): boolean {
  return p?.intensity === q?.intensity && p?.rate === q?.rate
}

function sameRoof({ machine: p }: Side, { machine: q }: Side): boolean {
  return p.dram_bytes_per_cycle === q.dram_bytes_per_cycle && p.rows * p.cols === q.rows * q.cols
}

/** Of one machine, or of the same machine of both. */
function roofOf({ layers, ...sides }: Comparison, of: readonly [SideKey, ...SideKey[]]): Roof {
  const { rows, cols, dram_bytes_per_cycle: bandwidth } = sides[of[0]].machine
  const peaks = of.flatMap((side) => layers.flatMap((layer) => layer[side]?.peak_macs_per_cycle ?? []))
  const rates = [...new Set(peaks.filter((peak) => peak > 0))].sort((p, q) => p - q)
  const name = of.map(sideName).join(' and ')
  return {
    bandwidth,
    label: `${name}: DRAM ${bandwidth} B a cycle`,
    ceilings: rates.map((rate) => ({
      ...{ rate, label: `${name}: ${counted(rate)} MACs a cycle at ${(8 * rows * cols) / rate} bits` },
    })),
    dashed: of.length === 1 && of[0] === 'a',
  }
}
