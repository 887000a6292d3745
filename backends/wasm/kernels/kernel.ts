/** What a kernel is to the rest of the compiler: a function specialized to shapes, made at most once a module. */
import type { Expression, ModuleBuilder } from '../codegen/module.ts'

export interface Kernel {
  /** For reports: the kind, and what it was specialized to. */
  readonly name: string
  /** Arguments after the addresses: what need not be in the code, so that more layers share it. */
  readonly constants?: readonly number[]
  /** Defines the function in a module; gives its name there. */
  readonly define: (b: ModuleBuilder) => string
}

/** The statement that runs a kernel on what lies at the addresses. */
export function callKernel(b: ModuleBuilder, kernel: Kernel, addresses: readonly number[]): Expression {
  const args = [...addresses, ...(kernel.constants ?? [])]
  return b.call(
    kernel.define(b),
    args.map((argument) => b.wasm.i32.const(argument)),
  )
}
