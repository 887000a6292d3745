import { addRequant, applyAdd } from '../arith/requant.ts'
import { defineBinary } from './broadcast.ts'
import { onNumbers } from './real/functions.ts'

export const sub = defineBinary(
  'Difference of two tensors, element by element.',
  (a, b, output, attrs) => {
    const requant = addRequant(a, b, output, attrs.activation, -1)
    return (x, y) => applyAdd(x, y, requant)
  },
  onNumbers('sub'),
)
