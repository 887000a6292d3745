import { scaleOf } from '../arith/requant.ts'
import { lookupTable, sigmoidScaling, tanhInt16 } from '../arith/tables.ts'
import { onNumbers } from './real/functions.ts'
import { defineUnary } from './unary.ts'

export const tanh = defineUnary({
  summary: 'Hyperbolic tangent.',
  attrs: {},
  constraints: [
    {
      sentence: 'An i16 output has scale 1/32768.',
      holds: ({ output }) => output.dtype === 'i8' || output.quant?.scale[0] === 1 / 32768,
    },
  ],
  realOf: () => onNumbers('tanh'),
  functionOf(input, output) {
    if (input.dtype === 'i8') {
      const table = lookupTable(input, output, Math.tanh)
      return (q) => table[q & 255] as number
    }
    const scaling = sigmoidScaling(scaleOf(input), 1)
    return (q) => tanhInt16(q, scaling)
  },
})
