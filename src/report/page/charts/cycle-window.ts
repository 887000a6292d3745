/** The cycles that are shown, of all that there are. Several drawings may share one: they then show the same cycles. */

/** Nobody needs to see less than this. */
const FEWEST = 8

export class CycleWindow {
  readonly total: number
  #from = 0
  #to: number
  readonly #listeners = new Set<() => void>()

  constructor(total: number) {
    this.total = total
    this.#to = total
  }

  get from(): number {
    return this.#from
  }

  get to(): number {
    return this.#to
  }

  get span(): number {
    return this.#to - this.#from
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** Shows cycles [from, to), as far as they exist. Whether anything changed. */
  show(from: number, to: number): boolean {
    const span = Math.min(this.total, Math.max(FEWEST, to - from))
    const start = Math.min(this.total - span, Math.max(0, from))
    if (start === this.#from && start + span === this.#to) return false
    this.#from = start
    this.#to = start + span
    for (const listener of this.#listeners) listener()
    return true
  }

  all(): boolean {
    return this.show(0, this.total)
  }

  /** Shows `factor` times as many cycles; `at` stays where it is. */
  zoom(factor: number, at = (this.#from + this.#to) / 2): boolean {
    const share = (at - this.#from) / this.span
    const span = Math.min(this.total, Math.max(FEWEST, this.span * factor))
    return this.show(at - share * span, at - share * span + span)
  }

  /** Moves by so many cycles. */
  pan(cycles: number): boolean {
    return this.show(this.#from + cycles, this.#from + cycles + this.span)
  }

  /** Makes a cycle visible, if it is not. */
  reveal(cycle: number): void {
    if (cycle < this.#from || cycle >= this.#to) this.pan(cycle - (this.#from + this.#to) / 2)
  }
}
