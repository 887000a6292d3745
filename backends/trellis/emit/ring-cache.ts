/**
 * Which constants are in an on-chip memory. New ones follow the last, wrapping at the end, and push out what they
 * cover; what is still there need not be loaded again. Order of use alone decides, so the same constants loaded for each stripe of a
 * cascade are loaded once when they all fit.
 */
import { overlap } from '../isa/footprint.ts'

export interface Slot {
  readonly address: number
  /** It was there already. */
  readonly hit: boolean
}

export class RingCache {
  readonly #capacity: number
  readonly #slots = new Map<string, { readonly start: number; readonly end: number }>()
  #next = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Starts over at address 0 when `size` more would not fit before the end: what is used together then stays together. */
  keepTogether(size: number): void {
    if (size <= this.#capacity && this.#next + size > this.#capacity) this.#next = 0
  }

  place(key: string, size: number): Slot {
    const known = this.#slots.get(key)
    if (known) return { address: known.start, hit: true }
    if (size > this.#capacity) throw new Error(`internal error: ${size} does not fit in ${this.#capacity}`)
    if (this.#next + size > this.#capacity) this.#next = 0
    const start = this.#next
    const own = { start, end: start + size }
    for (const [other, slot] of this.#slots) if (overlap(slot, own)) this.#slots.delete(other)
    this.#slots.set(key, own)
    this.#next = own.end
    return { address: start, hit: false }
  }
}
