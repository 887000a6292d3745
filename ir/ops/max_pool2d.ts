import { activationBounds, activationRange } from '../arith/saturate.ts'
import { ORDERED_ACTIVATIONS, SAME_ELEMENT_TYPE, SAME_QUANTIZATION } from './constraints.ts'
import { defineOp } from './define.ts'
import { NO_EMPTY_WINDOW, POOL_ATTRS, poolOver, poolShape, type Reduce } from './pooling.ts'

const largest: Reduce = (x, { offsets, count }, channel) => {
  let result = -Infinity
  for (let tap = 0; tap < count; tap++) {
    result = Math.max(result, x[(offsets[tap] as number) + channel] as number)
  }
  return result
}

export const maxPool2d = defineOp({
  summary: 'Largest element of each window.',
  inputs: ['x NHWC'],
  attrs: POOL_ATTRS,
  constraints: [
    SAME_ELEMENT_TYPE,
    ORDERED_ACTIVATIONS,
    SAME_QUANTIZATION,
    {
      sentence: 'b1 elements have no fused activation, since no bound lies between them.',
      holds: ({ output, attrs: { activation } }) => output.dtype !== 'b1' || activation === 'none',
    },
    NO_EMPTY_WINDOW,
  ],
  inferShape: poolShape,
  prepare: ({ inputs, output, attrs }) =>
    poolOver(inputs, output, attrs, activationRange(attrs.activation, output), largest),
  real: {
    constraints: [NO_EMPTY_WINDOW],
    prepare: ({ inputs, output, attrs }) =>
      poolOver(inputs, output, attrs, activationBounds(attrs.activation), largest),
  },
})
