import { applyRequant, reluRequant, zeroPointOf } from '../arith/requant.ts'
import { onNumbers } from './real/functions.ts'
import { defineUnary } from './unary.ts'

export const relu = defineUnary({
  summary: 'max(x, 0), rescaled to the output.',
  attrs: {},
  realOf: () => onNumbers('relu'),
  functionOf(input, output) {
    const requant = reluRequant(input, output, 'relu')
    const zeroPoint = zeroPointOf(input)
    return (q) => applyRequant(q - zeroPoint, requant)
  },
})
