import type { Node } from '../../../ir/graph.ts'
import type { Lowering } from './lowering.ts'
import { unsupported } from './unsupported.ts'

export function exactConvolution(node: Node, _: Lowering): void {
  unsupported(node, 'not yet')
}
export function isVectorized(node: Node, lowering: Lowering): boolean {
  const [x, w, bias] = node.inputs
  if (x === undefined || w === undefined) return false
  return (
    lowering.type(x).dtype === 'i8' &&
    lowering.constant(w) !== undefined &&
    (bias === undefined || lowering.constant(bias) !== undefined)
  )
}
