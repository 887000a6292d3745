/**
 * From elements -1 and +1, a byte each, to packed bits as bit-products.ts has them.
 *
 * Loop order: rows, pixels, 16 channels at a time. Data layout: rows of pixels with a pitch; a pixel's bits are a whole
 * number of 32-bit words, zero where there is no channel.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { range } from '../codegen/range.ts'
import type { Kernel } from './kernel.ts'
import { isUnsigned } from './stored.ts'

export interface PackBitsSpec {
  readonly rows: number
  readonly pixels: number
  readonly channels: number
  /** Bytes from row to row. */
  readonly x: number
}

/** Bytes of a pixel's bits. */
export function bitBytes(channels: number): number {
  return 4 * Math.ceil(channels / 32)
}

/** Addresses: bytes, bits without gaps between rows. */
export function packBitsKernel(spec: PackBitsSpec): Kernel {
  const { rows, pixels, channels } = spec
  return {
    name: `pack ${rows}x${pixels}x${channels} bits`,
    define: (b) =>
      b.define(`pack bits ${JSON.stringify(spec)}`, 2, (f, x, y) =>
        emit(b, f, spec, must(x, 'x'), must(y, 'y')),
      ),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { rows, pixels, channels, x: pitch }: PackBitsSpec,
  x: Local,
  y: Local,
): readonly Expression[] {
  const { i8x16, i32, v128 } = b.wasm
  const bits = (offset: number) => {
    const bytes = v128.load(offset, 1, x.get())
    // A byte's upper bit says what it is: of 127 and 129, or of -1 and 1.
    return i8x16.bitmask(isUnsigned(b) ? bytes : v128.not(bytes))
  }
  const whole = Math.floor(channels / 16)
  const rest = channels - 16 * whole
  const halves = bitBytes(channels) / 2
  const sixteen = () => [i32.store16(0, 2, y.get(), bits(0)), ...f.advance(x, 16), ...f.advance(y, 2)]
  return f.repeat(rows, () => [
    ...f.repeat(pixels, () => [
      ...f.repeat(whole, sixteen),
      ...(rest === 0
        ? []
        : [
            i32.store16(0, 2, y.get(), i32.and(bits(0), i32.const((1 << rest) - 1))),
            ...f.advance(x, rest),
            ...f.advance(y, 2),
          ]),
      ...range(halves - Math.ceil(channels / 16)).flatMap(() => [
        i32.store16(0, 2, y.get(), i32.const(0)),
        ...f.advance(y, 2),
      ]),
    ]),
    ...f.advance(x, pitch - pixels * channels),
  ])
}
