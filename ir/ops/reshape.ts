import { must } from '../diagnostic.ts'
import { elementCount } from '../tensor.ts'
import { SAME_ELEMENT_TYPE } from './constraints.ts'
import { defineOp, input, shapeError } from './define.ts'

export const reshape = defineOp({
  summary: 'The same elements in another shape.',
  inputs: ['x'],
  attrs: { shape: { kind: 'ints', doc: 'shape of the output' } },
  constraints: [SAME_ELEMENT_TYPE],
  inferShape(inputs, { shape }) {
    const elements = elementCount(input(inputs, 0).shape)
    if (elementCount(shape) !== elements) {
      shapeError(`attribute shape [${shape}] holds ${elementCount(shape)} elements, x has ${elements}`)
    }
    return shape
  },
  prepare: () => (operands) => must(operands[0], 'x').slice(),
})
