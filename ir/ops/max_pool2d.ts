import { ORDERED_ACTIVATIONS } from './constraints.ts'
import { definePool, type Reduce } from './pooling.ts'

const largest: Reduce = (x, { offsets, count }, channel) => {
  let result = -Infinity
  for (let tap = 0; tap < count; tap++) {
    result = Math.max(result, x[(offsets[tap] as number) + channel] as number)
  }
  return result
}

export const maxPool2d = definePool('Largest element of each window.', largest, largest, ORDERED_ACTIVATIONS)
