/**
 * What is done once to a layer's weights when they are in place, so that one weights file serves every variant.
 *
 * - `relaxed_unsigned`: inputs are stored with 128 added (see storage.ts), which makes each sum larger by 128 times the
 *   sum of its weights: the biases take that back, in place.
 * - `relaxed_signed`: nothing.
 * - `plain`: weights are widened to 16 bits, into memory of their own, the first two of each four apart from the last
 *   two: it multiplies words, and would widen them again for every few pixels.
 */
import { Dot } from '../codegen/dot.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { storedZero } from '../storage.ts'
import { FILE_VECTOR_BYTES, type WeightBlocks } from '../weight-blocks.ts'
import { BLOCK_PARAMETERS, blockConstants, channelsOf, eachBlockOf, ifAny } from './each-block.ts'
import { BIAS_OFFSET } from './epilogue.ts'
import type { Kernel } from './kernel.ts'

/**
 * Addresses: the layer's weights, a byte each, where the layer's kernel reads them, perhaps the same, and the index of
 * sparse weights.
 */
export function prepareWeightsKernel(layer: WeightBlocks): Kernel {
  return {
    name: `weights of ${channelsOf(layer)} channels`,
    constants: blockConstants(layer),
    define: (b) =>
      b.define('prepare weights', BLOCK_PARAMETERS, (f, ...parameters) => {
        if (b.variant !== 'plain' && storedZero(b.variant) === 0) return []
        return eachBlockOf(b, f, parameters, (from, to, vectors, fours, parameterBytes) =>
          b.variant === 'plain'
            ? widen(b, f, vectors, fours, parameterBytes, from, to)
            : adjustBias(b, f, vectors, fours, parameterBytes, to),
        )
      }),
  }
}

/** One block. Moves both addresses past what it has read and written. */
function widen(
  b: ModuleBuilder,
  f: FunctionBuilder,
  vectors: Local,
  fours: Local,
  parameterBytes: Local,
  file: Local,
  layer: Local,
): readonly Expression[] {
  const { v128, i8x16, i16x8, i32 } = b.wasm
  const copied = (offset: number) => v128.load(offset, 16, file.get())
  const pairs = f.v128()
  return [
    ...f.repeatCounted(i32.mul(vectors.get(), i32.shr_u(parameterBytes.get(), i32.const(4))), () => [
      v128.store(0, 16, layer.get(), copied(0)),
      ...f.advance(layer, 16),
      ...f.advance(file, 16),
    ]),
    ...ifAny(
      b,
      fours,
      f.repeatCounted(i32.mul(vectors.get(), fours.get()), () => [
        pairs.set(i8x16.shuffle(copied(0), copied(0), FIRST_PAIRS_THEN_LAST)),
        v128.store(0, 16, layer.get(), i16x8.extend_low_i8x16_s(pairs.get())),
        v128.store(16, 16, layer.get(), i16x8.extend_high_i8x16_s(pairs.get())),
        ...f.advance(layer, Dot.weightBytes(b.variant)),
        ...f.advance(file, FILE_VECTOR_BYTES),
      ]),
    ),
  ]
}

const FIRST_PAIRS_THEN_LAST = [0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15]

/** One block. Moves `block` past it. */
function adjustBias(
  b: ModuleBuilder,
  f: FunctionBuilder,
  vectors: Local,
  fours: Local,
  parameterBytes: Local,
  block: Local,
): readonly Expression[] {
  const { i8x16, i32, i32x4, v128 } = b.wasm
  const dot = new Dot(b, f)
  const [parameters, first, weights, step] = [f.i32(), f.i32(), f.i32(), f.i32()]
  const [ones, w, sums] = [dot.multiplicand(), dot.multiplicand(), f.v128()]
  const surplus = () => i32x4.shl(sums.get(), i32.const(Math.log2(storedZero(b.variant))))
  const bias = () => v128.load(BIAS_OFFSET, 4, parameters.get())
  return [
    ones.low.set(i8x16.splat(i32.const(1))),
    step.set(i32.mul(vectors.get(), i32.const(FILE_VECTOR_BYTES))),
    parameters.set(block.get()),
    first.set(i32.add(block.get(), i32.mul(vectors.get(), parameterBytes.get()))),
    block.set(i32.add(first.get(), i32.mul(step.get(), fours.get()))),
    ...f.repeatCounted(vectors.get(), () => [
      sums.set(v128.const(new Uint8Array(16))),
      weights.set(first.get()),
      ...ifAny(
        b,
        fours,
        f.repeatCounted(fours.get(), () => [
          ...dot.loadWeights(w, weights, 0),
          ...dot.accumulate(sums, w, ones),
          weights.set(i32.add(weights.get(), step.get())),
        ]),
      ),
      v128.store(BIAS_OFFSET, 4, parameters.get(), i32x4.sub(bias(), surplus())),
      parameters.set(i32.add(parameters.get(), parameterBytes.get())),
      ...f.advance(first, FILE_VECTOR_BYTES),
    ]),
  ]
}
