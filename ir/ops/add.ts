import { addRequant, applyAdd } from '../arith/requant.ts'
import { defineBinary } from './broadcast.ts'
import { onNumbers } from './real/functions.ts'

export const add = defineBinary(
  'Sum of two tensors, element by element.',
  (a, b, output, { activation }) => {
    const requant = addRequant(a, b, output, activation)
    return (x, y) => applyAdd(x, y, requant)
  },
  onNumbers('add'),
)
