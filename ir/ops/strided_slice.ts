import { must } from '../diagnostic.ts'
import { elementCount } from '../tensor.ts'
import { SAME_ELEMENT_TYPE } from './constraints.ts'
import { defineOp, input, shapeError } from './define.ts'
import { gather, gatherIndex, rowMajorStrides } from './gather.ts'

export const stridedSlice = defineOp({
  summary: 'Every stride-th element from begin up to, not including, end, along each axis.',
  inputs: ['x'],
  attrs: {
    begin: { kind: 'ints', doc: 'first position on each axis, counted from 0' },
    end: {
      kind: 'ints',
      doc: 'position after the last on each axis; -1 before the first, for a negative stride',
    },
    strides: { kind: 'ints', doc: 'step on each axis, not 0' },
    shrink: { kind: 'ints', default: [], doc: 'axes of size 1 to remove' },
  },
  constraints: [SAME_ELEMENT_TYPE],

  inferShape(inputs, attrs) {
    const sizes = slicedShape(input(inputs, 0).shape, attrs)
    for (const axis of attrs.shrink) {
      if (sizes[axis] !== 1)
        shapeError(`attribute shrink names axis ${axis}, whose size is ${sizes[axis]}, not 1`)
    }
    return sizes.filter((_, axis) => !attrs.shrink.includes(axis))
  },

  prepare({ inputs, output, attrs }) {
    const { shape } = input(inputs, 0)
    const strides = rowMajorStrides(shape)
    const start = strides.reduce((sum, stride, axis) => sum + stride * (attrs.begin[axis] ?? 0), 0)
    const steps = strides.map((stride, axis) => stride * (attrs.strides[axis] ?? 1))
    const index = gatherIndex(slicedShape(shape, attrs), steps, start)
    return (operands) => gather(must(operands[0], 'x'), index, output.dtype, elementCount(output.shape))
  },
})

/** Sizes before axes are removed. */
function slicedShape(
  shape: readonly number[],
  attrs: {
    readonly begin: readonly number[]
    readonly end: readonly number[]
    readonly strides: readonly number[]
  },
): readonly number[] {
  for (const name of ['begin', 'end', 'strides'] as const) {
    if (attrs[name].length !== shape.length) {
      shapeError(
        `attribute ${name} has ${attrs[name].length} entries, expected ${shape.length}, one for each axis`,
      )
    }
  }
  return shape.map((size, axis) => {
    const begin = must(attrs.begin[axis], 'begin')
    const end = must(attrs.end[axis], 'end')
    const stride = must(attrs.strides[axis], 'stride')
    const count = stride === 0 ? 0 : Math.ceil((end - begin) / stride)
    if (count < 1 || begin < 0 || begin >= size || end > size || end < -1) {
      shapeError(
        `the slice ${begin}:${end}:${stride} of axis ${axis}, which has ${size} elements, is empty or out of range`,
      )
    }
    return count
  })
}
