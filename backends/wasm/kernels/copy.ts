/** Copies of rows of bytes. */
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { storedZero } from '../storage.ts'
import type { Kernel } from './kernel.ts'

export interface CopySpec {
  readonly rows: number
  /** Bytes of a row. */
  readonly bytes: number
  /** Bytes from row to row. */
  readonly from: number
  readonly to: number
  /** Between a model's int8 elements and the form in which they are stored between layers (see storage.ts). */
  readonly convert: boolean
}

/**
 * Addresses: source, destination; they do not overlap, or are the same and `bytes` a multiple of 16. Loop order: rows,
 * then vectors of 16 bytes; a row's last vector may overlap the one before.
 */
export function copyKernel(spec: CopySpec): Kernel {
  const joined = joinRows(spec)
  return {
    name: `copy ${joined.rows}x${joined.bytes} bytes`,
    define: (b) => b.define(`copy ${JSON.stringify(joined)}`, 2, (f, x, y) => emit(b, f, joined, x, y)),
  }
}

/** Rows that follow each other without a gap are one. */
function joinRows(spec: CopySpec): CopySpec {
  const { rows, bytes, from, to } = spec
  return from === bytes && to === bytes ? { ...spec, rows: 1, bytes: rows * bytes } : spec
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { rows, bytes, from, to, convert }: CopySpec,
  x: Local | undefined,
  y: Local | undefined,
): readonly Expression[] {
  if (x === undefined || y === undefined) throw new Error('internal error: parameters')
  const flips = convert && storedZero(b.variant) !== 0
  const vectors = Math.floor(bytes / 16)
  return f.repeat(rows, () => [
    ...f.repeat(vectors, () => [
      ...copyBytes(b, x, y, 0, 16, flips),
      ...f.advance(x, 16),
      ...f.advance(y, 16),
    ]),
    ...tail(bytes).flatMap(([offset, size]) => copyBytes(b, x, y, offset, size, flips)),
    ...f.advance(x, from - 16 * vectors),
    ...f.advance(y, to - 16 * vectors),
  ])
}

/** What whole vectors leave of `bytes`: offsets from their end, and sizes. */
export function tail(bytes: number): readonly (readonly [offset: number, size: 1 | 2 | 4 | 8 | 16])[] {
  const rest = bytes % 16
  if (rest === 0) return []
  if (bytes >= 16) return [[rest - 16, 16]]
  const pieces: (readonly [number, 1 | 2 | 4 | 8])[] = []
  let offset = 0
  for (const size of [8, 4, 2, 1] as const) {
    if ((rest & size) === 0) continue
    pieces.push([offset, size])
    offset += size
  }
  return pieces
}

function copyBytes(
  b: ModuleBuilder,
  x: Local,
  y: Local,
  offset: number,
  size: 1 | 2 | 4 | 8 | 16,
  flips: boolean,
): readonly Expression[] {
  const { i32, i64, v128 } = b.wasm
  // Immediate offsets are unsigned.
  const source = offset < 0 ? i32.add(x.get(), i32.const(offset)) : x.get()
  const target = offset < 0 ? i32.add(y.get(), i32.const(offset)) : y.get()
  const o = Math.max(0, offset)
  switch (size) {
    case 16: {
      const value = v128.load(o, 1, source)
      const flipped = flips ? v128.xor(value, v128.const(new Uint8Array(16).fill(0x80))) : value
      return [v128.store(o, 1, target, flipped)]
    }
    case 8: {
      const value = i64.load(o, 1, source)
      return [i64.store(o, 1, target, flips ? i64.xor(value, i64.const(0x8080808080808080n)) : value)]
    }
    case 4: {
      const value = i32.load(o, 1, source)
      return [i32.store(o, 1, target, flips ? i32.xor(value, i32.const(0x80808080 | 0)) : value)]
    }
    case 2: {
      const value = i32.load16_u(o, 1, source)
      return [i32.store16(o, 1, target, flips ? i32.xor(value, i32.const(0x8080)) : value)]
    }
    case 1: {
      const value = i32.load8_u(o, 1, source)
      return [i32.store8(o, 1, target, flips ? i32.xor(value, i32.const(0x80)) : value)]
    }
  }
}
