import { REALS } from './constraints.ts'
import { defineOp, input } from './define.ts'
import { mapReals } from './unary.ts'

export const clip = defineOp({
  summary: 'min(max(x, min), max).',
  inputs: ['x'],
  attrs: {
    min: { kind: 'float', default: -Infinity, doc: 'smallest result, a float32' },
    max: {
      kind: 'float',
      default: Infinity,
      doc: 'largest result, a float32; it wins where it is below min',
    },
  },
  constraints: [REALS],
  inferShape: (inputs) => input(inputs, 0).shape,
  prepare({ attrs: { min, max } }) {
    const [low, high] = [Math.fround(min), Math.fround(max)]
    return mapReals((x) => Math.min(Math.max(x, low), high))
  },
})
