/** The rule of softmax. */
import { expOnNegativeValues } from '../../../ir/arith/fixed-point.ts'
import { softmaxRequant } from '../../../ir/arith/requant.ts'
import { saturatingRoundingDoublingHighMul } from '../../../ir/arith/rounding.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Node } from '../../../ir/graph.ts'
import { withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { elementCount, type TensorType } from '../../../ir/tensor.ts'
import { softmaxKernel } from '../kernels/softmax.ts'
import type { Lowering } from './lowering.ts'
import { unsupported } from './unsupported.ts'

export function softmax(node: Node, lowering: Lowering): void {
  const x = lowering.flat(must(node.inputs[0], 'x'), node)
  const { placement: y, finish } = lowering.flatResult(must(node.outputs[0], 'an output'), node)
  const { beta } = withDefaults(OPS.softmax.attrs, node.attrs)
  const depth = must(x.type.shape.at(-1), 'last axis')
  const rows = elementCount(x.type.shape) / depth
  if (x.type.dtype !== 'i8') unsupported(node, 'not yet')
  const table = exponentials(x.type, Number(beta))
  const tables = lowering.weights(new Uint8Array(table.buffer))
  lowering.step(node, softmaxKernel({ rows, depth }), [x.place, tables, y.place])
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
