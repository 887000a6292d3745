import { must } from '../diagnostic.ts'
import type { TensorType } from '../tensor.ts'
import { isActivation } from './constraints.ts'
import { defineOp, input } from './define.ts'

export const dequantize = defineOp({
  summary: 'Quantized elements to the real values they stand for.',
  inputs: ['x'],
  attrs: {},
  constraints: [
    {
      sentence:
        'The input is i8, i16, i4, u4, i2, u2 or b1 and quantized as a whole tensor, or i32 and quantized as one or along its last axis; the output is f32.',
      holds: ({ inputs: [x], output }) =>
        x !== undefined && output.dtype === 'f32' && (isActivation(x) || isSums(x)),
    },
  ],
  inferShape: (inputs) => input(inputs, 0).shape,

  /** scale * (q - zeroPoint) in double, stored as float32 (reference/integer_ops/dequantize.h). */
  prepare({ inputs }) {
    const { scale, zeroPoint } = must(input(inputs, 0).quant, 'a quantized tensor')
    const channels = scale.length
    return ([x]) => {
      const q = must(x, 'x')
      const y = new Float32Array(q.length)
      for (let i = 0; i < q.length; i++) {
        const c = i % channels
        y[i] = (scale[c] as number) * ((q[i] as number) - (zeroPoint[c] as number))
      }
      return y
    }
  },
})

/** What a convolution without scaling gives. */
function isSums({ dtype, shape, quant }: TensorType): boolean {
  return (
    dtype === 'i32' && quant !== undefined && (quant.axis === undefined || quant.axis === shape.length - 1)
  )
}
