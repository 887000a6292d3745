import { divideRoundHalfAway } from '../arith/rounding.ts'
import { definePool } from './pooling.ts'

export const avgPool2d = definePool(
  'Mean of each window, rounded with halves away from zero; padding does not count.',
  (x, { offsets, count }, channel) => {
    let sum = 0
    for (let tap = 0; tap < count; tap++) sum += x[(offsets[tap] as number) + channel] as number
    return divideRoundHalfAway(sum, count)
  },
)
