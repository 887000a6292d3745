/** Every operator that can be imported, by its domain, if not ONNX's own, and name. */
import type { OperatorRule } from '../context.ts'
import { CONVOLUTIONS } from './convolution.ts'
import { ELEMENTWISE } from './elementwise.ts'
import { FUNCTIONS } from './functions.ts'
import { INTEGERS } from './integers.ts'
import { POOLING } from './pooling.ts'
import { QONNX } from './qonnx.ts'
import { QOPERATOR } from './qoperator.ts'
import { RECURRENT } from './recurrent.ts'
import { REDUCTIONS } from './reductions.ts'
import { SHAPES } from './shapes.ts'

export const OPERATORS: Readonly<Record<string, OperatorRule>> = {
  ...CONVOLUTIONS,
  ...ELEMENTWISE,
  ...FUNCTIONS,
  ...REDUCTIONS,
  ...RECURRENT,
  ...POOLING,
  ...SHAPES,
  ...QOPERATOR,
  ...INTEGERS,
  ...QONNX,
}
