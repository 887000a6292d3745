/**
 * Images of another size, each pixel interpolated between four (ir/ops/resize_bilinear.ts).
 *
 * Loop order: rows, columns, channels, one element at a time. Data layout: tables of 12 bytes for each row and for each
 * column: the byte offsets of the two neighbours, and the second one's weight in 1/1024.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { Kernel } from './kernel.ts'
import { type Computed, loadElement, storeElement } from './scalar.ts'

export interface BilinearSpec {
  readonly dtype: Computed & ('i8' | 'i16')
  readonly rows: number
  readonly columns: number
  readonly channels: number
  /** Bytes from row to row of the output. */
  readonly outputRow: number
}

/** Of an entry of a table. */
const NEIGHBOUR_BYTES = 12
const ONE = 1024
/** A half of what weights of both axes together make of one. */
const HALF = 1n << 19n

/** Addresses: input, table of rows, table of columns, output. */
export function bilinearKernel(spec: BilinearSpec): Kernel {
  return {
    name: `bilinear ${spec.rows}x${spec.columns}x${spec.channels}`,
    define: (b) => b.define(`bilinear ${JSON.stringify(spec)}`, 4, (f, ...p) => emit(b, f, spec, p)),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { dtype, rows, columns, channels, outputRow }: BilinearSpec,
  parameters: readonly Local[],
): readonly Expression[] {
  const [x, rowTable, columnTable, y] = parameters.map((local) => must(local, 'parameter')) as [
    Local,
    Local,
    Local,
    Local,
  ]
  const { i32, i64 } = b.wasm
  const size = dtype === 'i8' ? 1 : 2
  const entry = f.i32()
  const sum = f.i64()
  const neighbours = [0, 1].flatMap((below) =>
    [0, 1].map((right) => ({ below, right, at: f.i32(), weight: f.i32() })),
  )
  const offset = (table: Local, n: number) => i32.load(4 * n, 4, table.get())
  const weight = (table: Local, isUpper: number) =>
    isUpper === 1 ? offset(table, 2) : i32.sub(i32.const(ONE), offset(table, 2))
  const element = ({ at, weight: w }: { readonly at: Local; readonly weight: Local }) =>
    sum.set(i64.add(sum.get(), i64.mul(i64.extend_s(loadElement(b, dtype, at.get())), i64.extend_s(w.get()))))
  const half = b.wasm.select(i64.gt_s(sum.get(), i64.const(0n)), i64.const(HALF), i64.const(-HALF))
  const rounded = i64.div_s(i64.add(sum.get(), half), i64.const(2n * HALF))
  return f.repeat(rows, () => [
    entry.set(columnTable.get()),
    ...f.repeat(columns, () => [
      ...neighbours.flatMap(({ below, right, at, weight: w }) => [
        at.set(i32.add(x.get(), i32.add(offset(rowTable, below), offset(entry, right)))),
        w.set(i32.mul(weight(rowTable, below), weight(entry, right))),
      ]),
      ...f.repeat(channels, () => [
        sum.set(i64.const(0n)),
        ...neighbours.map(element),
        storeElement(b, dtype, y.get(), i32.wrap(rounded)),
        ...neighbours.flatMap(({ at }) => f.advance(at, size)),
        ...f.advance(y, size),
      ]),
      ...f.advance(entry, NEIGHBOUR_BYTES),
    ]),
    ...f.advance(rowTable, NEIGHBOUR_BYTES),
    ...f.advance(y, outputRow - columns * channels * size),
  ])
}
