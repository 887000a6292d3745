import { applyRequant, leakyReluRequant, zeroPointOf } from '../arith/requant.ts'
import { onNumbers } from './real/functions.ts'
import { defineUnary } from './unary.ts'

export const leakyRelu = defineUnary({
  summary: 'x where x >= 0, else alpha * x; rescaled to the output.',
  attrs: { alpha: { kind: 'float', doc: 'slope for negative x' } },
  realOf: (attrs) => onNumbers('leaky_relu', attrs),
  functionOf(input, output, attrs) {
    const { identity, slope } = leakyReluRequant(input, output, attrs.alpha)
    const zeroPoint = zeroPointOf(input)
    return (q) => applyRequant(q - zeroPoint, q >= zeroPoint ? identity : slope)
  },
})
