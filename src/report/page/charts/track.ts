/** What something did over cycles: intervals one after the other, from cycle 0 on, each of one kind. */

/** A share of an interval's cycles that is of another kind, evenly mixed into it. */
export type Mixed = readonly (readonly [interval: number, kind: number, cycles: number])[]

export class CycleTrack {
  readonly ends: Float64Array
  readonly kinds: ArrayLike<number>
  /** Number of kinds. */
  readonly count: number
  readonly #mixed = new Map<number, (readonly [kind: number, cycles: number])[]>()

  constructor(ends: readonly number[], kinds: readonly number[], count: number, mixed: Mixed = []) {
    this.ends = Float64Array.from(ends)
    this.kinds = Uint16Array.from(kinds)
    this.count = count
    for (const [interval, kind, cycles] of mixed) {
      const list = this.#mixed.get(interval)
      if (list === undefined) this.#mixed.set(interval, [[kind, cycles]])
      else list.push([kind, cycles])
    }
  }

  /** The interval that a cycle is in; the last one for cycles beyond it. */
  at(cycle: number): number {
    let [low, high] = [0, this.ends.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.ends[middle] as number) > cycle) high = middle
      else low = middle + 1
    }
    return Math.max(0, low)
  }

  start(interval: number): number {
    return interval > 0 ? (this.ends[interval - 1] as number) : 0
  }

  end(interval: number): number {
    return this.ends[interval] ?? 0
  }

  /**
   * Cycles of each kind in each of `columns` equal parts of [from, to): element `column * count + kind`. Every interval
   * is looked at once, so this takes time in proportion to those that are visible, however few the columns.
   */
  columns(from: number, to: number, columns: number): Float64Array {
    const sums = new Float64Array(columns * this.count)
    const width = (to - from) / columns
    let interval = this.at(from)
    for (let column = 0; column < columns && interval < this.ends.length; column++) {
      const right = column === columns - 1 ? to : from + (column + 1) * width
      let at = from + column * width
      while (at < right && interval < this.ends.length) {
        const until = Math.min(right, this.ends[interval] as number)
        this.#add(sums, column * this.count, interval, until - at)
        at = until
        if ((this.ends[interval] as number) <= right) interval++
      }
    }
    return sums
  }

  #add(sums: Float64Array, base: number, interval: number, cycles: number): void {
    if (cycles <= 0) return
    const add = (kind: number, share: number): void => {
      sums[base + kind] = (sums[base + kind] as number) + share
    }
    let rest = cycles
    const mixed = this.#mixed.get(interval)
    if (mixed !== undefined) {
      const length = this.end(interval) - this.start(interval)
      for (const [kind, of] of mixed) {
        add(kind, (cycles * of) / length)
        rest -= (cycles * of) / length
      }
    }
    add(this.kinds[interval] as number, rest)
  }
}
