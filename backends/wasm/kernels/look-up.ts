/**
 * Functions of one int8 element, as tables of 256 bytes.
 *
 * Loop order: rows, then UNROLLED elements at a time, then the rest of a row. Data layout: rows with a pitch; two tables
 * one after the other, from stored elements to stored elements (see storage.ts): signed ones, then unsigned ones.
 */
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { Kernel } from './kernel.ts'
import { joinRows, type Rows } from './rows.ts'
import { isUnsigned } from './stored.ts'

export interface LookUpSpec extends Rows {
  /** Bytes from row to row. */
  readonly x: number
  readonly y: number
}

const UNROLLED = 8

/** Both tables; entry q & 255 of `table` is the result for q. */
export function lookUpBytes(table: Int32Array): Uint8Array {
  const bytes = new Uint8Array(512)
  for (let q = -128; q < 128; q++) {
    const result = table[q & 255] ?? 0
    bytes[q & 255] = result
    bytes[256 + 128 + q] = result + 128
  }
  return bytes
}

/** Addresses: input, tables, output. */
export function lookUpKernel(spec: LookUpSpec): Kernel {
  const rows = joinRows(spec, [
    { size: 1, pitch: spec.x },
    { size: 1, pitch: spec.y },
  ])
  const joined = rows.rows === 1 ? { ...rows, x: 0, y: 0 } : spec
  return {
    name: `look up ${rows.rows}x${rows.elements} elements`,
    define: (b) =>
      b.define(`look up ${JSON.stringify(joined)}`, 3, (f, x, table, y) => emit(b, f, joined, x, table, y)),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { rows, elements, x: fromRow, y: toRow }: LookUpSpec,
  x: Local | undefined,
  table: Local | undefined,
  y: Local | undefined,
): readonly Expression[] {
  if (!x || !table || !y) throw new Error('internal error: parameters')
  const { i32 } = b.wasm
  const offset = isUnsigned(b) ? 256 : 0
  const element = (n: number) => {
    const entry = i32.add(table.get(), i32.load8_u(n, 1, x.get()))
    return i32.store8(n, 1, y.get(), i32.load8_u(offset, 1, entry))
  }
  const several = (count: number) => [
    ...Array.from({ length: count }, (_, n) => element(n)),
    ...f.advance(x, count),
    ...f.advance(y, count),
  ]
  return f.repeat(rows, () => [
    ...f.repeat(Math.floor(elements / UNROLLED), () => several(UNROLLED)),
    ...f.repeat(elements % UNROLLED, () => several(1)),
    ...f.advance(x, fromRow - elements),
    ...f.advance(y, toRow - elements),
  ])
}
