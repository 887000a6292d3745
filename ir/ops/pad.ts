import { must } from '../diagnostic.ts'
import { allocate, DTYPE_RANGE } from '../dtype.ts'
import { elementCount } from '../tensor.ts'
import { SAME_ELEMENT_TYPE, SAME_QUANTIZATION } from './constraints.ts'
import { defineOp, input, shapeError } from './define.ts'
import { gatherIndex, rowMajorStrides } from './gather.ts'

export const pad = defineOp({
  summary: 'A border of one value around a tensor.',
  inputs: ['x'],
  attrs: {
    paddings: { kind: 'ints', doc: '[before, after] of each axis in turn, in elements' },
    value: { kind: 'float', doc: 'element of the border: a quantized integer, or a real number for f32' },
  },
  constraints: [
    SAME_ELEMENT_TYPE,
    SAME_QUANTIZATION,
    {
      sentence: 'The value is one of the element type’s.',
      holds: ({ output: { dtype }, attrs: { value } }) => {
        const range = DTYPE_RANGE[dtype]
        if (dtype === 'b1') return Math.abs(value) === 1
        return range === undefined || (Number.isInteger(value) && value >= range[0] && value <= range[1])
      },
    },
  ],

  inferShape(inputs, { paddings }) {
    const { shape } = input(inputs, 0)
    if (paddings.length !== 2 * shape.length || !paddings.every((n) => n >= 0)) {
      shapeError(
        `attribute paddings is [${paddings}], expected ${2 * shape.length} integers >= 0, two for each axis`,
      )
    }
    return shape.map((size, axis) => size + (paddings[2 * axis] ?? 0) + (paddings[2 * axis + 1] ?? 0))
  },

  prepare({ inputs, output, attrs: { paddings, value } }) {
    const { shape } = input(inputs, 0)
    const strides = rowMajorStrides(output.shape)
    const start = strides.reduce((sum, stride, axis) => sum + stride * (paddings[2 * axis] ?? 0), 0)
    // Where each input element goes.
    const index = gatherIndex(shape, strides, start)
    return (operands) => {
      const x = must(operands[0], 'x')
      const y = allocate(output.dtype, elementCount(output.shape))
      if (y instanceof BigInt64Array) y.fill(BigInt(value))
      else y.fill(value)
      for (let i = 0; i < x.length; i++) y[index[i] as number] = x[i] as number
      return y
    }
  },
})
