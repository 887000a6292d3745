/** The DRAM arbiter: section 3 of docs/timing.md. One registered request per client, fixed priority. */

/** Clients in the order of their priority. */
const DRAM_CLIENTS = ['fetch', 'store', 'load'] as const
export const FETCH_CLIENT = 0
export const STORE_CLIENT = 1
export const LOAD_CLIENT = 2

export class Arbiter {
  /** The next grant's cycle; Infinity without a request. */
  next = Number.POSITIVE_INFINITY
  readonly #visible = DRAM_CLIENTS.map(() => Number.POSITIVE_INFINITY)
  readonly #beats = DRAM_CLIENTS.map(() => 0)
  #busyUntil = 0

  /** Raises a client's request, seen from cycle `visible`. */
  request(client: number, visible: number, beats: number): void {
    this.#visible[client] = visible
    this.#beats[client] = beats
    this.#schedule()
  }

  isWaiting(client: number): boolean {
    return this.#visible[client] !== Number.POSITIVE_INFINITY
  }

  /** Grants in cycle `next`; returns the client. */
  grant(): number {
    const visible = this.#visible
    let client = 0
    while ((visible[client] as number) > this.next) client++
    this.#busyUntil = this.next + (this.#beats[client] as number)
    visible[client] = Number.POSITIVE_INFINITY
    this.#schedule()
    return client
  }

  #schedule(): void {
    const [fetch, store, load] = this.#visible as [number, number, number]
    this.next = Math.max(this.#busyUntil, Math.min(fetch, store, load))
  }
}
