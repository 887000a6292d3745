/** For each address of a memory, the last instruction that touched it: sorted intervals, the newer over the older. */

interface Interval {
  readonly start: number
  /** One past the last. */
  readonly end: number
  readonly instruction: number
}

export class LastTouch {
  #intervals: Interval[] = []

  /** `instruction` touches start..end; it is newer than all before it. */
  touch(start: number, end: number, instruction: number): void {
    const first = this.#firstEndingAfter(start)
    let stop = first
    while ((this.#intervals[stop]?.start ?? Number.POSITIVE_INFINITY) < end) stop++
    const left = this.#intervals[first]
    const right = this.#intervals[stop - 1]
    const replacement: Interval[] = []
    if (stop > first && left && left.start < start) replacement.push({ ...left, end: start })
    replacement.push({ start, end, instruction })
    if (stop > first && right && right.end > end) replacement.push({ ...right, start: end })
    this.#intervals.splice(first, stop - first, ...replacement)
  }

  /** The newest instruction that touched any of start..end; -1 if none did. */
  latest(start: number, end: number): number {
    let latest = -1
    for (let k = this.#firstEndingAfter(start); ; k++) {
      const interval = this.#intervals[k]
      if (interval === undefined || interval.start >= end) return latest
      latest = Math.max(latest, interval.instruction)
    }
  }

  /** Index of the first interval that ends after `address` (binary search). */
  #firstEndingAfter(address: number): number {
    let low = 0
    let high = this.#intervals.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#intervals[middle]?.end ?? 0) > address) high = middle
      else low = middle + 1
    }
    return low
  }
}
