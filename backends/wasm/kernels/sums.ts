/** From four vectors of int32 sums to 16 elements, where all sums have one scaling (see float-requant.ts). */
import { must } from '../../../ir/diagnostic.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import type { FloatForm, FloatRequant } from '../float-requant.ts'
import { storedZero } from '../storage.ts'
import { type Epilogue, toInteger } from './epilogue.ts'
import { clampBytes, narrowWords } from './stored.ts'

export type FloatEpilogue = Epilogue & { readonly form: FloatForm }

/** Bytes of a scaling: what a sum starts from, scale, and offset. */
export const SCALING_BYTES = 12

/** The scaling of one channel, for `loadScaling`; sums start from `bias`. */
export function scalingBytes(
  float: Pick<FloatRequant, 'scale' | 'offset' | 'shift'>,
  bias: number,
): Uint8Array {
  const bytes = new Uint8Array(SCALING_BYTES)
  const view = new DataView(bytes.buffer)
  view.setInt32(0, bias + must(float.shift[0], 'shift'), true)
  view.setFloat32(4, must(float.scale[0], 'scale'), true)
  view.setFloat32(8, must(float.offset[0], 'offset'), true)
  return bytes
}

/** A scaling in registers. */
export interface Scaling {
  readonly bias: Local
  readonly scale: Local
  readonly offset: Local
}

export function loadScaling(
  b: ModuleBuilder,
  { bias, scale, offset }: Scaling,
  address: () => Expression,
): readonly Expression[] {
  const word = (n: number) => b.wasm.v128.load32_splat(4 * n, 4, address())
  return [bias.set(word(0)), scale.set(word(1)), offset.set(word(2))]
}

/** Leaves 16 elements, as they are stored, in `bytes`. The sums are overwritten. */
export function scaleSums(
  b: ModuleBuilder,
  f: FunctionBuilder,
  epilogue: FloatEpilogue,
  sums: readonly Local[],
  { scale, offset }: Scaling,
  bytes: Local,
): readonly Expression[] {
  const { i16x8, i32 } = b.wasm
  const product = f.v128()
  const zero = epilogue.zeroPoint + storedZero(b.variant)
  const words = (n: number) => {
    const [low, high] = [must(sums[n], 'sum'), must(sums[n + 1], 'sum')]
    const narrowed = i16x8.narrow_i32x4_s(low.get(), high.get())
    return zero === 0 ? narrowed : i16x8.add_saturate_s(narrowed, i16x8.splat(i32.const(zero)))
  }
  return [
    ...sums.flatMap((sum) => toInteger(b, epilogue.form, sum, scale, offset, product)),
    bytes.set(clampBytes(b, narrowWords(b, words(0), words(2)), epilogue.min, epilogue.max)),
  ]
}
