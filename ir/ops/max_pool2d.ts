import { ORDERED_ACTIVATIONS } from './constraints.ts'
import { definePool } from './pooling.ts'

export const maxPool2d = definePool(
  'Largest element of each window.',
  (x, { offsets, count }, channel) => {
    let largest = -Infinity
    for (let tap = 0; tap < count; tap++) {
      largest = Math.max(largest, x[(offsets[tap] as number) + channel] as number)
    }
    return largest
  },
  ORDERED_ACTIVATIONS,
)
