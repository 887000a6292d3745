/** The rule of softmax. */
import { expOnNegativeValues } from '../../../ir/arith/fixed-point.ts'
import { floatSoftmaxRequant } from '../../../ir/arith/onnx.ts'
import { softmaxRequant } from '../../../ir/arith/requant.ts'
import { saturatingRoundingDoublingHighMul } from '../../../ir/arith/rounding.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Node } from '../../../ir/graph.ts'
import { withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { elementCount, type TensorType } from '../../../ir/tensor.ts'
import { softmaxKernel } from '../kernels/softmax.ts'
import { floatSoftmaxKernel } from '../kernels/softmax-float.ts'
import type { Lowering } from './lowering.ts'
import { softmaxInt16 } from './scalar-reductions.ts'

export function softmax(node: Node, lowering: Lowering): void {
  const x = lowering.flat(must(node.inputs[0], 'x'), node)
  const { placement: y, finish } = lowering.flatResult(must(node.outputs[0], 'an output'), node)
  const { beta, arithmetic } = withDefaults(OPS.softmax.attrs, node.attrs)
  const depth = must(x.type.shape.at(-1), 'last axis')
  const shape = { rows: elementCount(x.type.shape) / depth, depth }
  if (x.type.dtype === 'i16') {
    softmaxInt16(node, lowering, x, y.place, shape, Number(beta))
  } else if (arithmetic === 'onnx') {
    const { exponentials, unit, outputZeroPoint } = floatSoftmaxRequant(x.type, y.type, depth)
    const table = lowering.weights(new Uint8Array(exponentials.buffer))
    lowering.step(node, floatSoftmaxKernel({ ...shape, unit, outputZeroPoint }), [x.place, table, y.place])
  } else {
    const table = lowering.weights(new Uint8Array(exponentials(x.type, Number(beta)).buffer))
    lowering.step(node, softmaxKernel(shape), [x.place, table, y.place])
  }
  finish()
}

/** For each difference to a row's largest element its exponential in Q0.31; 0 where it is too small to count. */
function exponentials(x: TensorType, beta: number): Int32Array {
  const { multiplier, leftShift, minDifference } = softmaxRequant(x, beta)
  return Int32Array.from({ length: 256 }, (_, difference) =>
    -difference < minDifference
      ? 0
      : expOnNegativeValues(saturatingRoundingDoublingHighMul(-difference << leftShift, multiplier), 5),
  )
}
