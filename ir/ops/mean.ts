import { applyRequant, meanRequant, zeroPointOf } from '../arith/requant.ts'
import { must } from '../diagnostic.ts'
import { allocate } from '../dtype.ts'
import { elementCount } from '../tensor.ts'
import { broadcastIndex } from './broadcast.ts'
import { QUANTIZED_ACTIVATIONS, SAME_ELEMENT_TYPE, SYMMETRIC_INT16 } from './constraints.ts'
import { defineOp, input, shapeError } from './define.ts'

export const mean = defineOp({
  summary: 'Mean over some axes, rescaled to the output.',
  inputs: ['x'],
  attrs: {
    axes: { kind: 'ints', doc: 'axes to reduce, counted from 0' },
    keep_dims: { kind: 'bool', default: false, doc: 'leave reduced axes as size 1 instead of removing them' },
  },
  constraints: [SAME_ELEMENT_TYPE, QUANTIZED_ACTIVATIONS, SYMMETRIC_INT16],

  inferShape(inputs, { axes, keep_dims }) {
    const { shape } = input(inputs, 0)
    for (const axis of axes) {
      if (axis < 0 || axis >= shape.length) {
        shapeError(`attribute axes names axis ${axis}, but x has ${shape.length} dimensions`)
      }
    }
    const reduced = shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    return keep_dims ? reduced : reduced.filter((_, axis) => !axes.includes(axis))
  },

  prepare({ inputs, output, attrs: { axes } }) {
    const x = input(inputs, 0)
    const { target, outputs, count } = reduction(x.shape, axes)
    const requant = meanRequant(x, output, count)
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

/** For each element the output that it adds to; the number of outputs, and of elements for each. */
function reduction(shape: readonly number[], axes: readonly number[]) {
  const reduced = shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
  // Reducing goes the way of broadcasting, backwards.
  const target = broadcastIndex(reduced, shape)
  const outputs = elementCount(reduced)
  return { target, outputs, count: target.length / outputs }
}
