/** Expectations of what the runtime throws. */
import { expect } from 'vitest'
import type { ErrorCode } from '../../../backends/wasm/runtime/types.ts'

/** Each bundle has a class of its own: known by its name. */
export function modelError(code: ErrorCode, ...parts: readonly string[]): unknown {
  return expect.toSatisfy(
    (error: Error & { code?: string }) =>
      error instanceof Error &&
      error.name === 'ModelError' &&
      error.code === code &&
      parts.every((part) => error.message.includes(part)),
    `a ModelError ${code} that says: ${parts.join(', ')}`,
  )
}
