/**
 * The walk of elementwise kernels over rows of elements, 16 at a time. A row's first step is as short as makes the
 * others whole vectors; it does 16 elements as well, some of which the second does again. Rows of less than 16 elements
 * are one step.
 */
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'

/** A tensor that is walked over. */
export interface Walked {
  /** Its first element's address; it moves. */
  readonly at: Local
  /** Bytes of an element. */
  readonly size: number
  /** Bytes from row to row. */
  readonly pitch: number
}

export interface Rows {
  readonly rows: number
  /** Elements of a row. */
  readonly elements: number
}

/** Rows that follow each other without a gap in all tensors are one. */
export function joinRows({ rows, elements }: Rows, tensors: readonly Omit<Walked, 'at'>[]): Rows {
  const joined = tensors.every(({ size, pitch }) => pitch === elements * size)
  return joined ? { rows: 1, elements: rows * elements } : { rows, elements }
}

/** `body` for each step, with the number of elements that it has to store. */
export function eachVector(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { rows, elements }: Rows,
  tensors: readonly Walked[],
  body: (count: number) => readonly Expression[],
): readonly Expression[] {
  if (elements < 16) {
    return f.repeat(rows, () => [
      ...body(elements),
      ...tensors.flatMap(({ at, pitch }) => f.advance(at, pitch)),
    ])
  }
  const vectors = Math.ceil(elements / 16)
  const first = elements - 16 * (vectors - 1)
  const rest = tensors.flatMap(({ at, size, pitch }) => f.advance(at, pitch - elements * size))
  if (first === 16) {
    return f.repeat(rows, () => [
      ...f.repeat(vectors, () => [
        ...body(16),
        ...tensors.flatMap(({ at, size }) => f.advance(at, 16 * size)),
      ]),
      ...rest,
    ])
  }
  const { i32 } = b.wasm
  const step = f.i32()
  return f.repeat(rows, () => [
    step.set(i32.const(first)),
    ...f.repeat(vectors, () => [
      ...body(16),
      ...tensors.map(({ at, size }) => at.set(i32.add(at.get(), i32.mul(step.get(), i32.const(size))))),
      step.set(i32.const(16)),
    ]),
    ...rest,
  ])
}
