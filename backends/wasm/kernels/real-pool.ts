/**
 * Pools of float32 (ir/ops/pooling.ts), four channels at a time.
 *
 * Loop order: images, rows, columns, vectors of channels, the window's rows and columns. Data layout: without gaps. Taps
 * outside the image are left out; lanes beyond the last channel are computed, and not stored.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { Kernel } from './kernel.ts'
import type { RealAxis } from './real-window.ts'

export interface RealPoolSpec {
  readonly images: number
  readonly vertical: RealAxis
  readonly horizontal: RealAxis
  readonly channels: number
  readonly kind: 'largest' | 'average'
  /** Whether an average counts the padding, as zeros. */
  readonly countsPadding: boolean
  readonly min: number
  readonly max: number
}

/** Addresses: input, output. */
export function realPoolKernel(spec: RealPoolSpec): Kernel {
  const { vertical, horizontal, channels, kind } = spec
  return {
    name: `float ${kind} ${vertical.output}x${horizontal.output}x${channels}, window ${vertical.kernel}x${horizontal.kernel}`,
    define: (b) =>
      b.define(`real pool ${JSON.stringify(spec)}`, 2, (f, x, y) =>
        emit(b, f, spec, must(x, 'x'), must(y, 'y')),
      ),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  spec: RealPoolSpec,
  x: Local,
  y: Local,
): readonly Expression[] {
  const { f32, f32x4, i32, v128 } = b.wasm
  const { vertical, horizontal, channels, kind } = spec
  const [row, column, atRow, atColumn, channel, count] = [
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
    f.i32(),
  ]
  const result = f.v128()
  const splat = (value: number) => f32x4.splat(f32.const(value))
  const pixel = () => i32.add(i32.mul(atRow.get(), i32.const(horizontal.input)), atColumn.get())
  const element = () => v128.load(0, 4, i32.add(channel.get(), i32.mul(pixel(), i32.const(4 * channels))))
  const isInside = () =>
    i32.and(
      i32.lt_u(atRow.get(), i32.const(vertical.input)),
      i32.lt_u(atColumn.get(), i32.const(horizontal.input)),
    )
  const take = () =>
    kind === 'largest' ? f32x4.max(result.get(), element()) : f32x4.add(result.get(), element())
  const taps = () => (spec.countsPadding ? i32.const(vertical.kernel * horizontal.kernel) : count.get())
  const window = (): readonly Expression[] => [
    result.set(splat(kind === 'largest' ? -Infinity : 0)),
    count.set(i32.const(0)),
    atRow.set(row.get()),
    ...f.repeat(vertical.kernel, () => [
      atColumn.set(column.get()),
      ...f.repeat(horizontal.kernel, () => [
        b.wasm.if(
          isInside(),
          b.wasm.block(null, [result.set(take()), count.set(i32.add(count.get(), i32.const(1)))]),
        ),
        ...f.advance(atColumn, horizontal.dilation),
      ]),
      ...f.advance(atRow, vertical.dilation),
    ]),
    ...(kind === 'average'
      ? [result.set(f32x4.div(result.get(), f32x4.splat(f32.convert_s.i32(taps()))))]
      : []),
    ...(spec.min > -Infinity ? [result.set(f32x4.max(result.get(), splat(spec.min)))] : []),
    ...(spec.max < Infinity ? [result.set(f32x4.min(result.get(), splat(spec.max)))] : []),
  ]
  const pass = (lanes: number) => [
    ...window(),
    ...(lanes === 4
      ? [v128.store(0, 4, y.get(), result.get())]
      : Array.from({ length: lanes }, (_, lane) =>
          v128.store32_lane(4 * lane, 4, lane, y.get(), result.get()),
        )),
    ...f.advance(channel, 4 * lanes),
    ...f.advance(y, 4 * lanes),
  ]
  return f.repeat(spec.images, () => [
    row.set(i32.const(-vertical.padBefore)),
    ...f.repeat(vertical.output, () => [
      column.set(i32.const(-horizontal.padBefore)),
      ...f.repeat(horizontal.output, () => [
        channel.set(x.get()),
        ...f.repeat(Math.floor(channels / 4), () => pass(4)),
        ...(channels % 4 > 0 ? pass(channels % 4) : []),
        ...f.advance(column, horizontal.stride),
      ]),
      ...f.advance(row, vertical.stride),
    ]),
    ...f.advance(x, 4 * vertical.input * horizontal.input * channels),
  ])
}
