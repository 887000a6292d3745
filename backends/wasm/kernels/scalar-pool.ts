/**
 * Pools and means, one element at a time: of int16, and of int8 where float32 cannot follow the exact results.
 *
 * Loop order: output rows, output columns, channels, the window's rows and columns. Data layout: pixels are runs of
 * channels, rows have a pitch. A window that reaches over the edge is cut off there.
 */
import type { TensorRequant } from '../../../ir/arith/requant.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { pickMax, requantized } from './fixed-point.ts'
import type { Kernel } from './kernel.ts'
import type { PoolAxis } from './pool.ts'
import { clampInt, loadElement, storeElement } from './scalar.ts'

export interface ScalarPoolSpec {
  readonly dtype: 'i8' | 'i16'
  readonly vertical: PoolAxis
  readonly horizontal: PoolAxis
  readonly channels: number
  /** Bytes from row to row. */
  readonly inputRow: number
  readonly outputRow: number
  readonly reduction: Reduction
}

export type Reduction =
  | { readonly kind: 'largest' | 'average'; readonly min: number; readonly max: number }
  /** The sum, less `subtracted`, scaled. */
  | { readonly kind: 'mean'; readonly subtracted: number; readonly requant: TensorRequant }

/** Addresses: input, output. */
export function scalarPoolKernel(spec: ScalarPoolSpec): Kernel {
  const { vertical, horizontal, channels, reduction } = spec
  const size = `${vertical.output}x${horizontal.output}x${channels}`
  return {
    name: `${reduction.kind} ${size}, window ${vertical.kernel}x${horizontal.kernel}, one by one`,
    define: (b) =>
      b.define(`scalar pool ${JSON.stringify(spec)}`, 2, (f, x, y) =>
        emit(b, f, spec, must(x, 'x'), must(y, 'y')),
      ),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  spec: ScalarPoolSpec,
  x: Local,
  y: Local,
): readonly Expression[] {
  const { i32 } = b.wasm
  const { dtype, vertical, horizontal, channels, inputRow, outputRow, reduction } = spec
  const size = dtype === 'i8' ? 1 : 2
  const [row, column, atRow, atColumn, channel, result, count] = [
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
  ]
  const at = i32.add(
    channel.get(),
    i32.add(i32.mul(atRow.get(), i32.const(inputRow)), i32.mul(atColumn.get(), i32.const(channels * size))),
  )
  const element = loadElement(b, dtype, at)
  const isInside = i32.and(
    i32.lt_u(atRow.get(), i32.const(vertical.input)),
    i32.lt_u(atColumn.get(), i32.const(horizontal.input)),
  )
  const isLargest = reduction.kind === 'largest'
  const take = isLargest ? pickMax(b, f, result.get(), element) : i32.add(result.get(), element)
  return [
    row.set(i32.const(-vertical.padBefore)),
    ...f.repeat(vertical.output, () => [
      column.set(i32.const(-horizontal.padBefore)),
      ...f.repeat(horizontal.output, () => [
        channel.set(x.get()),
        ...f.repeat(channels, () => [
          result.set(i32.const(isLargest ? -32768 : 0)),
          count.set(i32.const(0)),
          atRow.set(row.get()),
          ...f.repeat(vertical.kernel, () => [
            atColumn.set(column.get()),
            ...f.repeat(horizontal.kernel, () => [
              b.wasm.if(
                isInside,
                b.wasm.block(null, [result.set(take), count.set(i32.add(count.get(), i32.const(1)))]),
              ),
              ...f.advance(atColumn, 1),
            ]),
            ...f.advance(atRow, 1),
          ]),
          storeElement(b, dtype, y.get(), reduced(b, f, reduction, result, count)),
          ...f.advance(channel, size),
          ...f.advance(y, size),
        ]),
        ...f.advance(column, horizontal.stride),
      ]),
      ...f.advance(row, vertical.stride),
      ...f.advance(y, outputRow - horizontal.output * channels * size),
    ]),
  ]
}

/** The output element of a window's largest element or sum. */
function reduced(
  b: ModuleBuilder,
  f: FunctionBuilder,
  reduction: Reduction,
  result: Local,
  count: Local,
): Expression {
  const { i32 } = b.wasm
  switch (reduction.kind) {
    case 'largest':
      return clampInt(b, f, result.get(), reduction.min, reduction.max)
    case 'average': {
      // Halves away from zero.
      const half = () => i32.shr_u(count.get(), i32.const(1))
      const isPositive = i32.gt_s(result.get(), i32.const(0))
      const dividend = b.wasm.select(isPositive, i32.add(result.get(), half()), i32.sub(result.get(), half()))
      return clampInt(b, f, i32.div_s(dividend, count.get()), reduction.min, reduction.max)
    }
    case 'mean':
      return requantized(b, f, i32.sub(result.get(), i32.const(reduction.subtracted)), reduction.requant)
  }
}
