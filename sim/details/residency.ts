/** Which tensor stands at which places of one memory, and when: from writes and reads in an order in which they can run. */

/** Places [start, end) hold one tensor in cycles [from, to). */
export interface Piece {
  readonly start: number
  readonly end: number
  /** Number of the tensor. */
  readonly tensor: number
  readonly from: number
  readonly to: number
}

type Live = { -readonly [K in keyof Piece]: Piece[K] }

export class Residency {
  /** What stands there now, in the order of addresses, without overlap. */
  readonly #live: Live[] = []
  readonly #gone: Piece[] = []

  /**
   * `tensor` is written to [start, end) by an instruction that starts in `from` and is done in `done`. What another tensor
   * had there is gone from that cycle on, even where the last to read it, an instruction of the same unit, is not quite done.
   */
  write(start: number, end: number, tensor: number, from: number, done: number): void {
    if (start >= end) return
    const first = this.#firstEndingAfter(start)
    let stop = first
    while ((this.#live[stop]?.start ?? Number.POSITIVE_INFINITY) < end) stop++
    const replacement: Live[] = []
    /** The part of the range that is still to be covered. */
    let at = start
    const fresh = (to: number): void => {
      if (to > at) replacement.push({ start: at, end: to, tensor, from, to: done })
      at = Math.max(at, to)
    }
    for (const old of this.#live.slice(first, stop)) {
      if (old.start < start) replacement.push({ ...old, end: start })
      if (old.tensor === tensor) {
        fresh(old.start)
        const to = Math.max(old.to, done)
        replacement.push({ ...old, start: Math.max(old.start, start), end: Math.min(old.end, end), to })
        at = Math.min(old.end, end)
      } else this.#leave({ ...old, start: Math.max(old.start, start), end: Math.min(old.end, end) }, from)
      if (old.end > end) {
        fresh(end)
        replacement.push({ ...old, start: end })
      }
    }
    fresh(end)
    this.#live.splice(first, stop - first, ...joined(replacement))
  }

  /** An instruction that is done in `done` reads [start, end). */
  read(start: number, end: number, done: number): void {
    for (let k = this.#firstEndingAfter(start); ; k++) {
      const live = this.#live[k]
      if (live === undefined || live.start >= end) return
      live.to = Math.max(live.to, done)
    }
  }

  /** All pieces there ever were. */
  pieces(): Piece[] {
    return [...this.#gone, ...this.#live]
  }

  #leave(piece: Piece, at: number): void {
    const to = Math.min(piece.to, at)
    if (to > piece.from) this.#gone.push({ ...piece, to })
  }

  /** Index of the first that ends after `address`. */
  #firstEndingAfter(address: number): number {
    let low = 0
    let high = this.#live.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#live[middle] as Live).end > address) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Neighbours that are alike, made one. */
function joined(pieces: readonly Live[]): Live[] {
  const all: Live[] = []
  for (const piece of pieces) {
    const last = all.at(-1)
    const isOne =
      last &&
      last.end === piece.start &&
      last.tensor === piece.tensor &&
      last.from === piece.from &&
      last.to === piece.to
    if (isOne) last.end = piece.end
    else all.push({ ...piece })
  }
  return all
}
