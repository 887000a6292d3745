/**
 * Images whose pixels are chosen by tables: each row is one row of the input, and so is each column.
 *
 * Loop order: rows, columns, then the bytes of a pixel. Data layout: tables of int32, the byte offset of each row and of
 * each column in the input; rows of the output have a pitch.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { copyRun } from './copy.ts'
import type { Kernel } from './kernel.ts'

export interface GatherSpec {
  readonly rows: number
  readonly columns: number
  /** Bytes of a pixel. */
  readonly bytes: number
  /** Bytes from row to row of the output. */
  readonly outputRow: number
}

/** Addresses: input, table of rows, table of columns, output. */
export function gatherKernel(spec: GatherSpec): Kernel {
  const { rows, columns, bytes } = spec
  return {
    name: `gather ${rows}x${columns} pixels of ${bytes} bytes`,
    define: (b) => b.define(`gather ${JSON.stringify(spec)}`, 4, (f, ...p) => emit(b, f, spec, p)),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { rows, columns, bytes, outputRow }: GatherSpec,
  parameters: readonly Local[],
): readonly Expression[] {
  const [x, rowTable, columnTable, y] = parameters.map((local) => must(local, 'parameter')) as [
    Local,
    Local,
    Local,
    Local,
  ]
  const { i32 } = b.wasm
  const [row, entry, pixel] = [f.i32(), f.i32(), f.i32()]
  return f.repeat(rows, () => [
    row.set(i32.add(x.get(), i32.load(0, 4, rowTable.get()))),
    entry.set(columnTable.get()),
    ...f.repeat(columns, () => [
      pixel.set(i32.add(row.get(), i32.load(0, 4, entry.get()))),
      ...copyRun(b, f, pixel, y, bytes, false),
      ...f.advance(entry, 4),
      ...f.advance(y, bytes),
    ]),
    ...f.advance(rowTable, 4),
    ...f.advance(y, outputRow - columns * bytes),
  ])
}
