/** Rows of a constant in activation memory: load.fill and post.fill. */
import { within } from './legality.ts'
import type { Machine } from './machine.ts'
import { ringOf, wrap } from './ring.ts'

interface Fill {
  readonly rows: number
  readonly bytes: number
  readonly start: number
  readonly y_step: number
  readonly ring_end: number
  readonly ring_size: number
  readonly value: number
}

export function fillRows(machine: Machine, fill: Fill): void {
  const { activation } = machine.memories
  const ring = ringOf(fill.ring_end, fill.ring_size)
  for (let row = 0; row < fill.rows; row++) {
    const to = wrap(fill.start + row * fill.y_step, ring)
    within(to, fill.bytes, activation.length, 'activation memory')
    activation.fill(fill.value, to, to + fill.bytes)
  }
}
