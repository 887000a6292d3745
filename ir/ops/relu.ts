import { applyRequant, reluRequant, zeroPointOf } from '../arith/requant.ts'
import { defineUnary } from './unary.ts'

export const relu = defineUnary({
  summary: 'max(x, 0), rescaled to the output.',
  attrs: {},
  realOf: () => (x) => Math.max(x, 0),
  functionOf(input, output) {
    const requant = reluRequant(input, output, 'relu')
    const zeroPoint = zeroPointOf(input)
    return (q) => applyRequant(q - zeroPoint, requant)
  },
})
