/**
 * Weights of 4 and of 2 bits, unpacked to a byte each when they are in place: they are packed in the weights file only,
 * so that it is small, and computed with as all weights are.
 *
 * Data layout: as int8 weights (see weight-blocks.ts), but a vector's 16 weights take 16 * bits / 8 bytes. Byte j has
 * weight j in its lowest bits, above it weight j + 8 of 4 bits, or j + 4, j + 8 and j + 12 of 2.
 */
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { range } from '../codegen/range.ts'
import { FILE_VECTOR_BYTES, type PackedBits, type WeightBlocks } from '../weight-blocks.ts'
import { BLOCK_PARAMETERS, blockConstants, channelsOf, eachBlockOf, ifAny } from './each-block.ts'
import type { Kernel } from './kernel.ts'

/** Addresses: packed weights, unpacked ones, and the index of sparse weights. */
export function unpackWeightsKernel(layer: WeightBlocks, bits: PackedBits): Kernel {
  return {
    name: `${bits}-bit weights of ${channelsOf(layer)} channels`,
    constants: blockConstants(layer),
    define: (b) =>
      b.define(`unpack ${bits}-bit weights`, BLOCK_PARAMETERS, (f, ...parameters) =>
        eachBlockOf(b, f, parameters, (from, to, vectors, fours, parameterBytes) =>
          unpack(b, f, bits, vectors, fours, parameterBytes, from, to),
        ),
      ),
  }
}

function unpack(
  b: ModuleBuilder,
  f: FunctionBuilder,
  bits: PackedBits,
  vectors: Local,
  fours: Local,
  parameterBytes: Local,
  from: Local,
  to: Local,
): readonly Expression[] {
  const { i8x16, i32, v128 } = b.wasm
  const packed = f.v128()
  const bytes = 2 * bits
  const load = bits === 4 ? v128.load64_splat(0, 4, from.get()) : v128.load32_splat(0, 4, from.get())
  // Each weight's bits uppermost in a byte, those of a place in the bytes side by side; then down with their sign.
  const place = (n: number) => i8x16.shl(packed.get(), i32.const(8 - bits * (n + 1)))
  const joined = (low: Expression, high: Expression, size: number) =>
    i8x16.shuffle(
      low,
      high,
      range(16).map((byte) => (byte % (2 * size) < size ? byte : 16 + byte)),
    )
  const weights =
    bits === 4
      ? joined(place(0), place(1), 8)
      : joined(joined(place(0), place(1), 4), joined(place(2), place(3), 4), 8)
  return [
    ...f.repeatCounted(i32.mul(vectors.get(), i32.shr_u(parameterBytes.get(), i32.const(4))), () => [
      v128.store(0, 4, to.get(), v128.load(0, 4, from.get())),
      ...f.advance(from, 16),
      ...f.advance(to, 16),
    ]),
    ...ifAny(
      b,
      fours,
      f.repeatCounted(i32.mul(vectors.get(), fours.get()), () => [
        packed.set(load),
        v128.store(0, 4, to.get(), i8x16.shr_s(weights, i32.const(8 - bits))),
        ...f.advance(from, bytes),
        ...f.advance(to, FILE_VECTOR_BYTES),
      ]),
    ),
  ]
}
