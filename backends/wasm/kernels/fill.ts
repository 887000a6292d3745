/** Fills memory with one element, 16 bytes at a time. Address: the first byte. */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { storedZero } from '../storage.ts'
import type { Kernel } from './kernel.ts'
import { storeFirst } from './stored.ts'

export interface FillSpec {
  readonly bytes: number
  /** Bytes of the element, repeated to 16. Of an int8 element its value, not what is stored. */
  readonly pattern: readonly number[]
  readonly isInt8: boolean
}

export function fillKernel(spec: FillSpec): Kernel {
  return {
    name: `fill ${spec.bytes} bytes`,
    define: (b) => b.define(`fill ${JSON.stringify(spec)}`, 1, (f, y) => emit(b, f, spec, must(y, 'y'))),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { bytes, pattern, isInt8 }: FillSpec,
  y: Local,
): readonly Expression[] {
  const { v128 } = b.wasm
  const added = isInt8 ? storedZero(b.variant) : 0
  const vector = f.v128()
  return [
    vector.set(v128.const(Uint8Array.from(pattern, (byte) => byte + added))),
    ...f.repeat(Math.floor(bytes / 16), () => [v128.store(0, 1, y.get(), vector.get()), ...f.advance(y, 16)]),
    ...storeFirst(b, y.get, vector, bytes % 16),
  ]
}
