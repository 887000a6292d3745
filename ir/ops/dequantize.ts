import { scaleOf, zeroPointOf } from '../arith/requant.ts'
import { must } from '../diagnostic.ts'
import { isQuantizedActivation } from './constraints.ts'
import { defineOp, input } from './define.ts'

export const dequantize = defineOp({
  summary: 'Quantized elements to the real values they stand for.',
  inputs: ['x'],
  attrs: {},
  constraints: [
    {
      sentence: 'The input is i8 or i16 and quantized as a whole tensor; the output is f32.',
      holds: ({ inputs: [x], output }) =>
        x !== undefined && isQuantizedActivation(x) && output.dtype === 'f32',
    },
  ],
  inferShape: (inputs) => input(inputs, 0).shape,

  /** scale * (q - zeroPoint) in double, stored as float32 (reference/integer_ops/dequantize.h). */
  prepare({ inputs }) {
    const scale = scaleOf(input(inputs, 0))
    const zeroPoint = zeroPointOf(input(inputs, 0))
    return ([x]) => {
      const q = must(x, 'x')
      const y = new Float32Array(q.length)
      for (let i = 0; i < q.length; i++) y[i] = scale * ((q[i] as number) - zeroPoint)
      return y
    }
  },
})
