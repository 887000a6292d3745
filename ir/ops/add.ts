import { sumFunction } from '../arith/onnx.ts'
import { defineBinary } from './broadcast.ts'
import { onNumbers } from './real/functions.ts'

export const add = defineBinary(
  'Sum of two tensors, element by element.',
  (a, b, output, attrs) => sumFunction(a, b, output, attrs, 1),
  onNumbers('add'),
)
