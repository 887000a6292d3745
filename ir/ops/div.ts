import { defineRealBinary } from './broadcast.ts'

export const div = defineRealBinary('Quotient of two tensors, element by element.', (x, y) => x / y)
