/** The contract of a compiler pass. */
import type { Diagnostic } from './diagnostic.ts'

export interface PassContext {
  readonly warn: (diagnostic: Diagnostic) => void
}

/** Pure: same input, same output; never changes its input. `name` is also its file's name. */
export interface Pass<In, Out = In> {
  readonly name: string
  readonly summary: string
  readonly run: (ir: In, context: PassContext) => Out
}
