import { divideRoundHalfAway } from '../arith/rounding.ts'
import { definePool } from './pooling.ts'

export const avgPool2d = definePool(
  'Mean of each window; padding does not count. Of integers rounded with halves away from zero.',
  (x, { offsets, count }, channel) => {
    let sum = 0
    for (let tap = 0; tap < count; tap++) sum += x[(offsets[tap] as number) + channel] as number
    return divideRoundHalfAway(sum, count)
  },
  (x, { offsets, count }, channel) => {
    let sum = 0
    for (let tap = 0; tap < count; tap++) {
      sum = Math.fround(sum + (x[(offsets[tap] as number) + channel] as number))
    }
    return Math.fround(sum / count)
  },
)
