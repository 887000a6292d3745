/** Token channels between units: section 2 of docs/timing.md. */

/** One channel: a counter, kept as the times of its tokens, because they are known before they count. */
export class TokenChannel {
  readonly #gives: number[] = []
  #taken = 0

  /** A token that counts from `cycle` on. Tokens come nearly in order; a counter counts them by time. */
  give(cycle: number): void {
    const gives = this.#gives
    let at = gives.length
    while (at > this.#taken && (gives[at - 1] as number) > cycle) at--
    if (at === gives.length) gives.push(cycle)
    else gives.splice(at, 0, cycle)
  }

  /** The cycle from which the next token can be taken; Infinity while nobody has given it. */
  get ready(): number {
    return this.#gives[this.#taken] ?? Number.POSITIVE_INFINITY
  }

  take(): void {
    this.#taken++
  }

  get given(): number {
    return this.#gives.length
  }
}
