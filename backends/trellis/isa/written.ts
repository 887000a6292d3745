/** Which places of the on-chip memories a program has written: before that they hold nothing that means anything. */
import { capacities, type Target } from '../target.ts'
import type { OnChip, Span } from './spans.ts'

export class Written {
  readonly #places: { readonly [S in OnChip]: Uint8Array }

  constructor(target: Target) {
    const sizes = capacities(target)
    this.#places = {
      activation: new Uint8Array(sizes.activationBytes),
      weight: new Uint8Array(sizes.weightColumns),
      index: new Uint8Array(sizes.indexEntries),
      parameter: new Uint8Array(sizes.parameterBytes),
      accumulator: new Uint8Array(sizes.accumulatorVectors),
      table: new Uint8Array(4),
    }
  }

  add({ space, start, end }: Span): void {
    this.#places[space].fill(1, Math.max(0, start), Math.max(0, end))
  }

  /** The first part of the spans that was never written. */
  firstGap(spans: readonly Span[]): Span | undefined {
    for (const span of spans) {
      const [gap] = this.gaps(span)
      if (gap !== undefined) return gap
    }
    return undefined
  }

  /** The parts of a span that were never written, in order. What lies outside of the memory is none of them. */
  gaps({ space, start: first, end }: Span): Span[] {
    const start = Math.max(0, first)
    const places = this.#places[space].subarray(start, Math.max(start, end))
    const gaps: Span[] = []
    for (let from = places.indexOf(0); from >= 0; ) {
      const next = places.indexOf(1, from)
      const to = next < 0 ? places.length : next
      gaps.push({ space, start: start + from, end: start + to })
      from = next < 0 ? -1 : places.indexOf(0, to)
    }
    return gaps
  }

  /** All that was written of a memory, in order. */
  spans(space: OnChip): Span[] {
    const places = this.#places[space]
    const spans: Span[] = []
    for (let from = places.indexOf(1); from >= 0; ) {
      const next = places.indexOf(0, from)
      const to = next < 0 ? places.length : next
      spans.push({ space, start: from, end: to })
      from = places.indexOf(1, to)
    }
    return spans
  }
}
