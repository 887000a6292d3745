import { applyRequant, leakyReluRequant, zeroPointOf } from '../arith/requant.ts'
import { defineUnary } from './unary.ts'

export const leakyRelu = defineUnary({
  summary: 'x where x >= 0, else alpha * x; rescaled to the output.',
  attrs: { alpha: { kind: 'float', doc: 'slope for negative x' } },
  realOf:
    ({ alpha }) =>
    (x) =>
      x >= 0 ? x : Math.fround(alpha) * x,
  functionOf(input, output, attrs) {
    const { identity, slope } = leakyReluRequant(input, output, attrs.alpha)
    const zeroPoint = zeroPointOf(input)
    return (q) => applyRequant(q - zeroPoint, q >= zeroPoint ? identity : slope)
  },
})
