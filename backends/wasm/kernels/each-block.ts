/** The blocks of a layer's weights one after another, for what is done to weights once: one function for all layers. */
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { WeightBlocks } from '../weight-blocks.ts'
import { INDEX_BYTES } from './byte-products.ts'

/** Addresses of weights, of where they go, and of an index; and `blockConstants`. */
export const BLOCK_PARAMETERS = 8

/** An index at 0 is none. */
export function blockConstants(layer: WeightBlocks): readonly number[] {
  const { blocks, vectors, rest, fours, parameters, sparse } = layer
  return sparse
    ? [blocks, vectors, rest, sparse.chunkFours, parameters]
    : [0, blocks, vectors, rest, fours, parameters]
}

export function channelsOf({ blocks, vectors, rest }: WeightBlocks): number {
  return 4 * (blocks * vectors + rest)
}

/** The body for each block, of `vectors` vectors with `fours` input fours; it moves `from` and `to` past the block. */
export function eachBlockOf(
  b: ModuleBuilder,
  f: FunctionBuilder,
  [from, to, index, blocks, vectors, rest, chunkFours, parameterBytes]: readonly Local[],
  body: (
    from: Local,
    to: Local,
    vectors: Local,
    fours: Local,
    parameterBytes: Local,
  ) => readonly Expression[],
): readonly Expression[] {
  if (!from || !to || !index || !blocks || !vectors || !rest || !chunkFours || !parameterBytes) {
    throw new Error('internal error: parameters')
  }
  const fours = f.i32()
  const block = (ofBlock: Local) => [
    fours.set(chunkFours.get()),
    b.wasm.if(index.get(), takeEntries(b, index, fours)),
    ...body(from, to, ofBlock, fours, parameterBytes),
  ]
  const whole = f.repeatCounted(blocks.get(), () => block(vectors))
  return [
    b.wasm.if(blocks.get(), b.wasm.block(null, [...whole])),
    b.wasm.if(rest.get(), b.wasm.block(null, [...block(rest)])),
  ]
}

/** Multiplies `fours` by the number of chunks at the index, and moves past the block's entries. */
function takeEntries(b: ModuleBuilder, index: Local, fours: Local): Expression {
  const { i32 } = b.wasm
  const count = () => i32.load(0, 4, index.get())
  const bytes = i32.mul(i32.add(count(), i32.const(1)), i32.const(INDEX_BYTES))
  return b.wasm.block(null, [
    fours.set(i32.mul(fours.get(), count())),
    index.set(i32.add(index.get(), bytes)),
  ])
}

/** A block may have lost all its chunks, and a counted loop runs at least once. */
export function ifAny(
  b: ModuleBuilder,
  fours: Local,
  statements: readonly Expression[],
): readonly Expression[] {
  return [b.wasm.if(fours.get(), b.wasm.block(null, [...statements]))]
}
