/**
 * Copies of runs of bytes.
 *
 * Loop order: the dimensions as they are given, outermost first, then a run, 16 bytes at a time; a run's last vector may
 * overlap the one before. Data layout: each dimension has a distance in the source, which may be 0, and one in the
 * destination.
 */
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { storedZero } from '../storage.ts'
import type { Kernel } from './kernel.ts'

/** How often a run is copied, and the bytes from one to the next. */
export interface CopyDimension {
  readonly count: number
  readonly from: number
  readonly to: number
}

export interface CopySpec {
  readonly dimensions: readonly CopyDimension[]
  /** Bytes of a run. */
  readonly bytes: number
  /** Between a model's int8 elements and the form in which they are stored between layers (see storage.ts). */
  readonly convert: boolean
}

/** Addresses: source, destination; they do not overlap, or are the same and `bytes` a multiple of 16. */
export function copyKernel(spec: CopySpec): Kernel {
  const joined = joinRuns(spec)
  const count = joined.dimensions.reduce((product, dimension) => product * dimension.count, 1)
  return {
    name: `copy ${count}x${joined.bytes} bytes`,
    define: (b) => b.define(`copy ${JSON.stringify(joined)}`, 2, (f, x, y) => emit(b, f, joined, x, y)),
  }
}

/** Without dimensions of one, and with those joined that lie as one in source and destination. */
function joinRuns(spec: CopySpec): CopySpec {
  let { bytes } = spec
  const dimensions: CopyDimension[] = []
  for (const outer of spec.dimensions.filter(({ count }) => count !== 1).reverse()) {
    const inner = dimensions[0]
    if (inner === undefined && outer.from === bytes && outer.to === bytes) bytes *= outer.count
    else if (inner && outer.from === inner.count * inner.from && outer.to === inner.count * inner.to)
      dimensions[0] = { ...inner, count: outer.count * inner.count }
    else dimensions.unshift(outer)
  }
  return { ...spec, dimensions, bytes }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { dimensions, bytes, convert }: CopySpec,
  x: Local | undefined,
  y: Local | undefined,
): readonly Expression[] {
  if (x === undefined || y === undefined) throw new Error('internal error: parameters')
  const flips = convert && storedZero(b.variant) !== 0
  /** The runs of dimensions from `n` on; unless all are done, source and destination end where they started. */
  const runs = (n: number): readonly Expression[] => {
    const dimension = dimensions[n]
    if (dimension === undefined) return copyRun(b, f, x, y, bytes, flips)
    const { count, from, to } = dimension
    return [
      ...f.repeat(count, () => [...runs(n + 1), ...f.advance(x, from), ...f.advance(y, to)]),
      ...(n === 0 ? [] : [...f.advance(x, -count * from), ...f.advance(y, -count * to)]),
    ]
  }
  return runs(0)
}

/** One run; source and destination end where they started. */
export function copyRun(
  b: ModuleBuilder,
  f: FunctionBuilder,
  x: Local,
  y: Local,
  bytes: number,
  flips: boolean,
): readonly Expression[] {
  const vectors = Math.floor(bytes / 16)
  return [
    ...f.repeat(vectors, () => [
      ...copyBytes(b, x, y, 0, 16, flips),
      ...f.advance(x, 16),
      ...f.advance(y, 16),
    ]),
    ...tail(bytes).flatMap(([offset, size]) => copyBytes(b, x, y, offset, size, flips)),
    ...f.advance(x, -16 * vectors),
    ...f.advance(y, -16 * vectors),
  ]
}

/** What whole vectors leave of `bytes`: offsets from their end, and sizes. */
function tail(bytes: number): readonly (readonly [offset: number, size: 1 | 2 | 4 | 8 | 16])[] {
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
