/**
 * Functions of int32 sums that differ from channel to channel: thresholds, and real values.
 *
 * Loop order: rows, pixels, channels. Data layout: rows with a pitch; a pixel's channels are side by side, and each has
 * an entry in a table of parameters.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import type { Quant } from '../../../ir/tensor.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { Kernel } from './kernel.ts'
import { loadElement, storeElement } from './scalar.ts'

interface Channels {
  readonly rows: number
  readonly pixels: number
  readonly channels: number
  /** Bytes from row to row. */
  readonly x: number
  readonly y: number
}

export interface ThresholdSpec extends Channels {
  readonly steps: number
  readonly min: number
  /** What each threshold that is reached adds. */
  readonly step: number
}

/** Bytes of a channel's entry: what turns the sum around, then its thresholds. */
function thresholdEntry(steps: number): number {
  return 4 * (steps + 1)
}

/**
 * Of a channel a mask, then its thresholds. With direction -1 the mask is -1: -x reaches t where ~x = -x - 1 reaches
 * t - 1; if that is below every int32, everything does.
 */
export function thresholdWords(
  thresholds: TensorData,
  steps: number,
  directions: TensorData | undefined,
): (channel: number) => readonly number[] {
  return (channel) => {
    const turns = Number(directions?.[channel] ?? 1) < 0
    const own = Array.from({ length: steps }, (_, k) => Number(thresholds[channel * steps + k]))
    return turns ? [-1, ...own.map((t) => Math.max(t - 1, -(2 ** 31)))] : [0, ...own]
  }
}

/** Addresses: int32 sums, the table, elements of at most 8 bits. */
export function thresholdKernel(spec: ThresholdSpec): Kernel {
  const { steps, min, step } = spec
  const tables = [thresholdEntry(steps)]
  return overChannels('threshold', spec, tables, 1, (b, f, x, [table]) => {
    const { i32 } = b.wasm
    const [value, reached, at] = [f.i32(), f.i32(), f.i32()]
    if (table === undefined) throw new Error('internal error: tables')
    return b.sequence(
      value.set(i32.xor(i32.load(0, 4, x.get()), i32.load(0, 4, table.get()))),
      reached.set(i32.const(0)),
      at.set(table.get()),
      ...f.repeat(steps, () => [
        ...f.advance(at, 4),
        reached.set(i32.add(reached.get(), i32.ge_s(value.get(), i32.load(0, 4, at.get())))),
      ]),
      i32.add(i32.const(min), i32.mul(reached.get(), i32.const(step))),
    )
  })
}

/** Addresses: int32 sums, thresholds and directions as the operands have them, elements of at most 8 bits. */
export function computedThresholdKernel(spec: ThresholdSpec & { readonly hasDirections: boolean }): Kernel {
  const { steps, min, step, hasDirections } = spec
  return overChannels('threshold', spec, [4 * steps, 1], 1, (b, f, x, [thresholds, directions]) => {
    const { i32, i64 } = b.wasm
    if (thresholds === undefined || directions === undefined) throw new Error('internal error: tables')
    const [value, reached, at] = [f.i64(), f.i32(), f.i32()]
    const sum = i64.extend_s(i32.load(0, 4, x.get()))
    const direction = i64.extend_s(loadElement(b, 'i8', directions.get()))
    const threshold = i64.extend_s(i32.load(0, 4, at.get()))
    return b.sequence(
      value.set(hasDirections ? i64.mul(sum, direction) : sum),
      reached.set(i32.const(0)),
      at.set(thresholds.get()),
      ...f.repeat(steps, () => [
        reached.set(i32.add(reached.get(), i64.ge_s(value.get(), threshold))),
        ...f.advance(at, 4),
      ]),
      i32.add(i32.const(min), i32.mul(reached.get(), i32.const(step))),
    )
  })
}

const REAL_ENTRY = 16

/** For each channel scale and zero point as doubles. */
export function realTable({ scale, zeroPoint }: Quant): Uint8Array {
  const doubles = Float64Array.from({ length: 2 * scale.length }, (_, n) =>
    Number((n % 2 === 0 ? scale : zeroPoint)[Math.floor(n / 2)]),
  )
  return new Uint8Array(doubles.buffer)
}

/** Addresses: int32 sums, the table, float32 values. The product is rounded once. */
export function realKernel(spec: Channels): Kernel {
  return overChannels('dequantize', spec, [REAL_ENTRY], 4, (b, _, x, [table]) => {
    const { i32, f32, f64 } = b.wasm
    if (table === undefined) throw new Error('internal error: tables')
    const sum = f64.convert_s.i32(i32.load(0, 4, x.get()))
    const difference = f64.sub(sum, f64.load(8, 8, table.get()))
    return f32.demote(f64.mul(f64.load(0, 8, table.get()), difference))
  })
}

/** `entries` are the bytes of a channel's entry in each table. */
function overChannels(
  kind: string,
  spec: Channels,
  entries: readonly number[],
  bytes: 1 | 4,
  compute: (b: ModuleBuilder, f: FunctionBuilder, x: Local, tables: readonly Local[]) => Expression,
): Kernel {
  const { rows, pixels, channels } = spec
  return {
    name: `${kind} ${rows}x${pixels}x${channels} sums`,
    define: (b) =>
      b.define(`${kind} by channels ${JSON.stringify(spec)}`, entries.length + 2, (f, ...p) => {
        const x = must(p[0], 'x')
        const tables = p.slice(1, -1)
        const y = must(p.at(-1), 'y')
        const advance = (times: number) =>
          tables.flatMap((table, n) => f.advance(table, times * must(entries[n], 'entry')))
        return f.repeat(rows, () => [
          ...f.repeat(pixels, () => [
            ...f.repeat(channels, () => [
              storeElement(b, bytes === 1 ? 'i8' : 'f32', y.get(), compute(b, f, x, tables)),
              ...f.advance(x, 4),
              ...advance(1),
              ...f.advance(y, bytes),
            ]),
            ...advance(-channels),
          ]),
          ...f.advance(x, spec.x - 4 * pixels * channels),
          ...f.advance(y, spec.y - bytes * pixels * channels),
        ])
      }),
  }
}
