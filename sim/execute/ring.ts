/** The row ring that every activation address generator knows. */
import { illegal } from './legality.ts'

export interface Ring {
  readonly end: number
  /** 0: no ring. */
  readonly size: number
}

export function ringOf(end: number, size: number): Ring {
  if (size > end) illegal(`a ring of ${size} bytes cannot end at ${end}`)
  return { end, size }
}

/** The address of a row (mac: of a window): at or past the ring's end the ring's size is subtracted, once. */
export function wrap(address: number, ring: Ring): number {
  return ring.size !== 0 && address >= ring.end ? address - ring.size : address
}
