import { must } from '../diagnostic.ts'
import { elementCount } from '../tensor.ts'
import { SAME_ELEMENT_TYPE } from './constraints.ts'
import { defineOp, input, shapeError } from './define.ts'
import { gather, gatherIndex, rowMajorStrides } from './gather.ts'

export const transpose = defineOp({
  summary: 'Axes in another order.',
  inputs: ['x'],
  attrs: { perm: { kind: 'ints', doc: 'for each output axis the input axis' } },
  constraints: [SAME_ELEMENT_TYPE],
  inferShape(inputs, { perm }) {
    const { shape } = input(inputs, 0)
    if (perm.length !== shape.length || !shape.every((_, axis) => perm.includes(axis))) {
      shapeError(`attribute perm is [${perm}], expected the axes 0 .. ${shape.length - 1} in some order`)
    }
    return perm.map((axis) => must(shape[axis], 'axis'))
  },
  prepare({ inputs, output, attrs: { perm } }) {
    const strides = rowMajorStrides(input(inputs, 0).shape)
    const index = gatherIndex(
      output.shape,
      perm.map((axis) => must(strides[axis], 'axis')),
      0,
    )
    return (operands) => gather(must(operands[0], 'x'), index, output.dtype, elementCount(output.shape))
  },
})
