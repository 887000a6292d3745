import { applyRequant, reluRequant, zeroPointOf } from '../arith/requant.ts'
import { onNumbers } from './real/functions.ts'
import { defineUnary } from './unary.ts'

export const relu6 = defineUnary({
  summary: 'min(max(x, 0), 6), rescaled to the output.',
  attrs: {},
  realOf: () => onNumbers('relu6'),
  functionOf(input, output) {
    const requant = reluRequant(input, output, 'relu6')
    const zeroPoint = zeroPointOf(input)
    return (q) => applyRequant(q - zeroPoint, requant)
  },
})
