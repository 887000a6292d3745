/**
 * Planes of bytes to pixels: the bytes of 2, 3 or 4 planes in turn.
 *
 * Loop order: rows of pixels, 16 pixels at a time. Register tile: a vector of each plane; a vector of the output is
 * shuffled from two, and from the result and a third and fourth. Data layout: planes without gaps inside a row.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { Kernel } from './kernel.ts'

export interface InterleaveSpec {
  readonly planes: 2 | 3 | 4
  readonly rows: number
  /** Pixels of a row, at least 16. */
  readonly pixels: number
  /** Bytes from plane to plane, and from row to row of a plane. */
  readonly plane: number
  readonly fromRow: number
  readonly toRow: number
}

export const LEAST_PIXELS = 16

/** Addresses: planes, pixels. */
export function interleaveKernel(given: InterleaveSpec): Kernel {
  const { planes, rows, pixels, fromRow, toRow } = given
  const isOne = fromRow === pixels && toRow === pixels * planes
  const spec = isOne ? { ...given, rows: 1, pixels: rows * pixels, fromRow: 0, toRow: 0 } : given
  return {
    name: `interleave ${planes} planes of ${spec.rows}x${spec.pixels} bytes`,
    define: (b) =>
      b.define(`interleave ${JSON.stringify(spec)}`, 2, (f, x, y) =>
        emit(b, f, spec, must(x, 'x'), must(y, 'y')),
      ),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { planes, rows, pixels, plane, fromRow, toRow }: InterleaveSpec,
  x: Local,
  y: Local,
): readonly Expression[] {
  const { i32, v128 } = b.wasm
  const vectors = Math.ceil(pixels / 16)
  // The first step is as short as makes the others whole, and does 16 pixels as well.
  const first = pixels - 16 * (vectors - 1)
  const loaded = Array.from({ length: planes }, () => f.v128())
  const step = f.i32()
  const address = f.i32()
  const load = loaded.flatMap((local, p) => [
    ...(p === 0 ? [address.set(x.get())] : f.advance(address, plane)),
    local.set(v128.load(0, 1, address.get())),
  ])
  const store = Array.from({ length: planes }, (_, n) =>
    v128.store(16 * n, 1, y.get(), shuffled(b, loaded, n)),
  )
  return f.repeat(rows, () => [
    step.set(i32.const(first)),
    ...f.repeat(vectors, () => [
      ...load,
      ...store,
      x.set(i32.add(x.get(), step.get())),
      y.set(i32.add(y.get(), i32.mul(step.get(), i32.const(planes)))),
      step.set(i32.const(16)),
    ]),
    ...f.advance(x, fromRow - pixels),
    ...f.advance(y, toRow - pixels * planes),
  ])
}

/** The n-th output vector. */
function shuffled(b: ModuleBuilder, loaded: readonly Local[], n: number): Expression {
  const planes = loaded.length
  const source = Array.from({ length: 16 }, (_, i) => {
    const byte = 16 * n + i
    return { plane: byte % planes, pixel: Math.floor(byte / planes) }
  })
  const local = (p: number) => must(loaded[p], 'plane')
  let result = b.wasm.i8x16.shuffle(
    local(0).get(),
    local(1).get(),
    source.map(({ plane, pixel }) => (plane === 1 ? 16 + pixel : pixel)),
  )
  for (let p = 2; p < planes; p++) {
    const lanes = source.map(({ plane, pixel }, i) => (plane === p ? 16 + pixel : i))
    result = b.wasm.i8x16.shuffle(result, local(p).get(), lanes)
  }
  return result
}
