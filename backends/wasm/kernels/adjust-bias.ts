/**
 * Input bytes stored with 128 added (see storage.ts) make each sum larger by 128 times the sum of its weights. A module
 * for which they are takes that from the biases once, so that one weights file serves every variant.
 */
import { Dot } from '../codegen/dot.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { storedZero } from '../storage.ts'
import { BIAS_OFFSET, PARAMETER_BYTES } from './epilogue.ts'
import type { Kernel } from './kernel.ts'

/** `blocks` blocks of weights (see convolution.ts) of `vectors` vectors, with `fours` weight vectors for each. */
export interface WeightBlocks {
  readonly blocks: number
  readonly vectors: number
  readonly fours: number
}

/** Address: the first block. */
export function adjustBiasKernel(spec: WeightBlocks): Kernel {
  return {
    name: `biases of ${4 * spec.blocks * spec.vectors} channels`,
    define: (b) => b.define(`adjust bias ${JSON.stringify(spec)}`, 1, (f, w) => emit(b, f, spec, w)),
  }
}

function emit(
  b: ModuleBuilder,
  f: FunctionBuilder,
  { blocks, vectors, fours }: WeightBlocks,
  block: Local | undefined,
): readonly Expression[] {
  if (block === undefined) throw new Error('internal error: parameters')
  const shift = Math.log2(storedZero(b.variant))
  if (!Number.isFinite(shift)) return []
  const { i8x16, i32, i32x4, v128 } = b.wasm
  const dot = new Dot(b, f)
  const [parameters, first, weights] = [f.i32(), f.i32(), f.i32()]
  const [ones, w, sums] = [dot.multiplicand(), dot.multiplicand(), dot.sums()]
  const blockBytes = vectors * (PARAMETER_BYTES + 16 * fours)
  const bias = () => v128.load(BIAS_OFFSET, 4, parameters.get())
  return [
    ones.low.set(i8x16.splat(i32.const(1))),
    ...f.repeat(blocks, () => [
      parameters.set(block.get()),
      first.set(i32.add(block.get(), i32.const(vectors * PARAMETER_BYTES))),
      ...f.repeat(vectors, () => [
        sums.low.set(v128.const(new Uint8Array(16))),
        weights.set(first.get()),
        ...f.repeat(fours, () => [
          ...dot.loadWeights(w, weights.get, 0),
          ...dot.accumulate(sums, w, ones),
          ...f.advance(weights, 16 * vectors),
        ]),
        v128.store(
          BIAS_OFFSET,
          4,
          parameters.get(),
          i32x4.sub(bias(), i32x4.shl(sums.low.get(), i32.const(shift))),
        ),
        ...f.advance(parameters, PARAMETER_BYTES),
        ...f.advance(first, 16),
      ]),
      ...f.advance(block, blockBytes),
    ]),
  ]
}
