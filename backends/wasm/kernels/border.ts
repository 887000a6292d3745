/**
 * Fills the border of images with their zero point, so that convolutions need no conditions at the edges. One run lies
 * before the first row, one after each row but the last (its right border and the next one's left), one after the last.
 */
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { type Placement, storedZero } from '../storage.ts'
import type { Kernel } from './kernel.ts'

/** Address: the start of the first image's border. */
export function borderKernel(placement: Placement, zeroPoint: number): Kernel {
  const { border, images, rows, rowBytes, rowPitch, imagePitch } = placement
  const spec = { border, images, rows, rowBytes, rowPitch, imagePitch, zeroPoint }
  return {
    name: `border of ${rows}x${rowBytes} bytes`,
    define: (b) =>
      b.define(`border ${JSON.stringify(spec)}`, 1, (f, y) => emit(b, f, placement, zeroPoint, y)),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { type, border, images, rows, rowBytes, rowPitch }: Placement,
  zeroPoint: number,
  y: Local | undefined,
): readonly Expression[] {
  if (y === undefined) throw new Error('internal error: parameters')
  const channels = type.shape[3] ?? 1
  const value = (zeroPoint + storedZero(b.variant)) & 255
  const before = border.top * rowPitch + border.left * channels
  const between = rowPitch - rowBytes
  const after = border.bottom * rowPitch + border.right * channels
  // Runs over the rows' ends; each fill leaves y where it ends.
  return f.repeat(images, () => [
    ...fill(b, f, y, before, value),
    ...f.advance(y, rowBytes),
    ...f.repeat(rows - 1, () => [...fill(b, f, y, between, value), ...f.advance(y, rowBytes)]),
    ...fill(b, f, y, after, value),
  ])
}

/** Fills `bytes` from y on, and moves y past them. */
function fill(
  b: ModuleBuilder,
  f: FunctionBuilder,
  y: Local,
  bytes: number,
  value: number,
): readonly Expression[] {
  const { i32, i64, v128 } = b.wasm
  const four = (value * 0x01010101) | 0
  const rest = bytes % 16
  return [
    ...f.repeat(Math.floor(bytes / 16), () => [
      v128.store(0, 1, y.get(), v128.const(new Uint8Array(16).fill(value))),
      ...f.advance(y, 16),
    ]),
    ...(rest & 8
      ? [i64.store(0, 1, y.get(), i64.const(BigInt(value) * 0x0101010101010101n)), ...f.advance(y, 8)]
      : []),
    ...(rest & 4 ? [i32.store(0, 1, y.get(), i32.const(four)), ...f.advance(y, 4)] : []),
    ...(rest & 2 ? [i32.store16(0, 1, y.get(), i32.const(four)), ...f.advance(y, 2)] : []),
    ...(rest & 1 ? [i32.store8(0, 1, y.get(), i32.const(four)), ...f.advance(y, 1)] : []),
  ]
}
