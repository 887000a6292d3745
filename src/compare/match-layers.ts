/** Which layer of one simulation is which of another. */
import { must } from '../../ir/diagnostic.ts'
import type { SavedLayer } from './saved-simulation.ts'

type Identity = Pick<SavedLayer, 'name' | 'op' | 'output_shape' | 'macs'>

/** What a pair has in common. */
export type MatchedBy = 'name' | 'shape' | 'op'

/** Indices into the layers of both; one is left out where a layer has no partner. */
export type LayerPair =
  | { readonly a: number; readonly b: number; readonly matched_by: MatchedBy }
  | { readonly a: number; readonly b?: undefined }
  | { readonly a?: undefined; readonly b: number }

/** From the surest to the least sure. */
const KEYS: Readonly<Record<MatchedBy, (layer: Identity) => string>> = {
  name: ({ name }) => name,
  shape: ({ op, output_shape, macs }) => `${op} ${output_shape} ${macs}`,
  op: ({ op }) => op,
}

/**
 * Pairs layers of the same name, then of what is left those of the same op, output shape and MACs, then those of the same
 * op. Where several are alike the first goes with the first. In the order of A, with those that only B has at the end.
 */
export function matchLayers(a: readonly Identity[], b: readonly Identity[]): LayerPair[] {
  const partner = new Map<number, { readonly b: number; readonly matched_by: MatchedBy }>()
  const left = new Set(b.keys())
  for (const [matched_by, keyOf] of Object.entries(KEYS) as [MatchedBy, (layer: Identity) => string][]) {
    const waiting = new Map<string, number[]>()
    for (const index of left) {
      const key = keyOf(must(b[index], 'layer'))
      waiting.set(key, [...(waiting.get(key) ?? []), index])
    }
    a.forEach((layer, index) => {
      if (partner.has(index)) return
      const found = waiting.get(keyOf(layer))?.shift()
      if (found === undefined) return
      partner.set(index, { b: found, matched_by })
      left.delete(found)
    })
  }
  const pairs = a.map((_, index): LayerPair => {
    const found = partner.get(index)
    return found ? { a: index, ...found } : { a: index }
  })
  return [...pairs, ...[...left].map((index) => ({ b: index }))]
}
