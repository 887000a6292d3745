import { fail } from '../../../ir/diagnostic.ts'
import type { Label } from './lowering.ts'

/** Stops: the backend has no code for a node, and why. */
export function unsupported(node: Label, reason: string): never {
  return fail({
    code: 'wasm/unsupported',
    message: `${node.op} (node ${node.name}) cannot be compiled to WebAssembly: ${reason}`,
    hint: 'run the model with --backend reference, or change this operator',
  })
}
