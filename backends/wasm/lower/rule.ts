import type { Node } from '../../../ir/graph.ts'
import type { Lowering } from './lowering.ts'

/** What the backend does with an op: emits its steps. */
export type Rule = (node: Node, lowering: Lowering) => void
