import { must } from '../diagnostic.ts'
import { allocate, type TensorData } from '../dtype.ts'
import { elementCount } from '../tensor.ts'
import { SAME_ELEMENT_TYPE, SAME_QUANTIZATION } from './constraints.ts'
import { ACTIVATION } from './convolution.ts'
import { defineOp, input, shapeError } from './define.ts'

export const concat = defineOp({
  summary: 'Tensors one after another along an axis.',
  inputs: ['x'],
  variadic: true,
  attrs: { axis: { kind: 'int', doc: 'axis to join, counted from 0' }, activation: ACTIVATION },
  constraints: [
    SAME_ELEMENT_TYPE,
    SAME_QUANTIZATION,
    { sentence: 'There is no fused activation.', holds: ({ attrs }) => attrs.activation === 'none' },
  ],

  inferShape(inputs, { axis }) {
    const first = input(inputs, 0).shape
    if (axis < 0 || axis >= first.length) {
      shapeError(`attribute axis is ${axis}, but the operands have ${first.length} dimensions`)
    }
    inputs.forEach(({ shape }, n) => {
      if (shape.length !== first.length || !shape.every((size, i) => i === axis || size === first[i])) {
        shapeError(`operand ${n} has shape [${shape}], expected [${first}] except on axis ${axis}`)
      }
    })
    const joined = inputs.reduce((sum, { shape }) => sum + must(shape[axis], 'axis'), 0)
    return first.map((size, i) => (i === axis ? joined : size))
  },

  prepare({ inputs, output, attrs: { axis } }) {
    // Each operand gives one contiguous run for every position on the axes before.
    const runs = inputs.map(({ shape }) => elementCount(shape.slice(axis)))
    const outer = elementCount(output.shape.slice(0, axis))
    return (operands) => {
      const y = allocate(output.dtype, elementCount(output.shape))
      let at = 0
      for (let block = 0; block < outer; block++) {
        operands.forEach((x, n) => {
          const run = must(runs[n], 'operand')
          copy(y, at, x, block * run, run)
          at += run
        })
      }
      return y
    }
  },
})

function copy(to: TensorData, toStart: number, from: TensorData, fromStart: number, length: number): void {
  for (let i = 0; i < length; i++) to[toStart + i] = from[fromStart + i] as number
}
