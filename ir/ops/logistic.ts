import { scaleOf } from '../arith/requant.ts'
import { logisticInt16, logistic as logisticOf, lookupTable, sigmoidScaling } from '../arith/tables.ts'
import { onNumbers } from './real/functions.ts'
import { defineUnary } from './unary.ts'

export const logistic = defineUnary({
  summary: '1 / (1 + exp(-x)).',
  attrs: {},
  constraints: [
    {
      sentence: 'The output scale is 1/256 for i8 and 1/32768 for i16.',
      holds: ({ output }) => output.quant?.scale[0] === (output.dtype === 'i8' ? 1 / 256 : 1 / 32768),
    },
  ],
  realOf: () => onNumbers('logistic'),
  functionOf(input, output) {
    if (input.dtype === 'i8') {
      const table = lookupTable(input, output, logisticOf)
      return (q) => table[q & 255] as number
    }
    const scaling = sigmoidScaling(scaleOf(input), 0)
    return (q) => logisticInt16(q, scaling)
  },
})
