import { applyRequant, meanRequant, zeroPointOf } from '../arith/requant.ts'
import { must } from '../diagnostic.ts'
import { allocate } from '../dtype.ts'
import { ARITHMETIC, ONNX_OF_BYTES } from './arithmetic.ts'
import { QUANTIZED_ACTIVATIONS, SAME_ELEMENT_TYPE, SYMMETRIC_INT16 } from './constraints.ts'
import { defineOp, input } from './define.ts'
import { REDUCTION_ATTRS, reducedShape, reduction } from './reduction.ts'

export const mean = defineOp({
  summary: 'Mean over some axes, rescaled to the output.',
  inputs: ['x'],
  attrs: { ...REDUCTION_ATTRS, arithmetic: ARITHMETIC },
  constraints: [SAME_ELEMENT_TYPE, QUANTIZED_ACTIVATIONS, SYMMETRIC_INT16, ONNX_OF_BYTES],

  inferShape: reducedShape,

  prepare({ inputs, output, attrs: { axes, arithmetic } }) {
    const x = input(inputs, 0)
    const { target, outputs, count } = reduction(x.shape, axes)
    const requant = meanRequant(x, output, count, arithmetic)
    const offset = count * zeroPointOf(x)
    return (operands) => {
      const data = must(operands[0], 'x')
      const sums = new Int32Array(outputs)
      for (let i = 0; i < target.length; i++) {
        const o = target[i] as number
        sums[o] = (sums[o] as number) + (data[i] as number)
      }
      const y = allocate(output.dtype, outputs)
      for (let o = 0; o < outputs; o++) y[o] = applyRequant((sums[o] as number) - offset, requant)
      return y
    }
  },

  real: {
    prepare({ inputs, attrs: { axes } }) {
      const { target, outputs, count } = reduction(input(inputs, 0).shape, axes)
      return (operands) => {
        const x = must(operands[0], 'x')
        // float32 sums, in the order of the elements.
        const y = new Float32Array(outputs)
        for (let i = 0; i < target.length; i++) {
          const o = target[i] as number
          y[o] = (y[o] as number) + (x[i] as number)
        }
        return y.map((sum) => sum / count)
      }
    },
  },
})
