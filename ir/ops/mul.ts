import { applyRequant, mulRequant, zeroPointOf } from '../arith/requant.ts'
import { defineBinary } from './broadcast.ts'
import { onNumbers } from './real/functions.ts'

export const mul = defineBinary(
  'Product of two tensors, element by element.',
  (a, b, output, attrs) => {
    const requant = mulRequant(a, b, output, attrs.activation, attrs.arithmetic)
    const zeroPointA = zeroPointOf(a)
    const zeroPointB = zeroPointOf(b)
    return (x, y) => applyRequant(Math.imul(x - zeroPointA, y - zeroPointB), requant)
  },
  onNumbers('mul'),
)
