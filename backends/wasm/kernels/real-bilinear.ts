/**
 * Bilinear interpolation of float32 images (ir/ops/resize_bilinear.ts), each step rounded to float32.
 *
 * Loop order: rows, columns, channels. Data layout: without gaps. For each output row and column a table has the bytes to
 * its two neighbours as int32, and the weight of the second one as a float32.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { Kernel } from './kernel.ts'

export interface RealBilinearSpec {
  readonly rows: number
  readonly columns: number
  readonly channels: number
}

/** Bytes of one entry of a table. */
export const NEIGHBOUR_BYTES = 12

/** Addresses: input, table of rows, table of columns, output. */
export function realBilinearKernel(spec: RealBilinearSpec): Kernel {
  return {
    name: `float bilinear ${spec.rows}x${spec.columns}x${spec.channels}`,
    define: (b) => b.define(`real bilinear ${JSON.stringify(spec)}`, 4, (f, ...p) => emit(b, f, spec, p)),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { rows, columns, channels }: RealBilinearSpec,
  parameters: readonly Local[],
): readonly Expression[] {
  const { f32, i32 } = b.wasm
  const parameter = (n: number) => must(parameters[n], 'parameter')
  const [x, row, columnTable, y] = [parameter(0), parameter(1), parameter(2), parameter(3)]
  const [column, channel] = [f.i32(), f.i32()]
  /** The channel of the pixel that is the row's n-th neighbour and the column's m-th. */
  const pixel = (n: number, m: number) =>
    f32.load(
      0,
      4,
      i32.add(channel.get(), i32.add(i32.load(4 * n, 4, row.get()), i32.load(4 * m, 4, column.get()))),
    )
  const weight = (table: Local) => f32.load(8, 4, table.get())
  const [first, above, below] = [f.f32(), f.f32(), f.f32()]
  const between = (a: Expression, next: Expression, share: Expression): Expression =>
    b.sequence(first.set(a), f32.add(first.get(), f32.mul(f32.sub(next, first.get()), share)))
  return f.repeat(rows, () => [
    column.set(columnTable.get()),
    ...f.repeat(columns, () => [
      channel.set(x.get()),
      ...f.repeat(channels, () => [
        above.set(between(pixel(0, 0), pixel(0, 1), weight(column))),
        below.set(between(pixel(1, 0), pixel(1, 1), weight(column))),
        f32.store(0, 4, y.get(), between(above.get(), below.get(), weight(row))),
        ...f.advance(channel, 4),
        ...f.advance(y, 4),
      ]),
      ...f.advance(column, NEIGHBOUR_BYTES),
    ]),
    ...f.advance(row, NEIGHBOUR_BYTES),
  ])
}
