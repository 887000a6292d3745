import { applyHardSwish, hardSwishRequant } from '../arith/hard-swish.ts'
import { onNumbers } from './real/functions.ts'
import { defineUnary } from './unary.ts'

export const hardSwish = defineUnary({
  summary: 'x * relu6(x + 3) / 6.',
  attrs: {},
  constraints: [
    { sentence: 'The input is i8.', holds: ({ inputs: [x] }) => x?.dtype === 'i8' },
    {
      sentence: 'The output scale is more than 1/128 of the input scale.',
      holds: ({ inputs: [x], output }) => (x?.quant?.scale[0] ?? 0) / 128 < (output.quant?.scale[0] ?? 0),
    },
  ],
  realOf: () => onNumbers('hard_swish'),
  functionOf(input, output) {
    const requant = hardSwishRequant(input, output)
    return (q) => applyHardSwish(q, requant)
  },
})
