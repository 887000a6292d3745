/** Single elements of any type, for kernels whose speed does not matter. */
import { unreachable } from '../../../ir/diagnostic.ts'
import type { DType } from '../../../ir/dtype.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { loadByte, storeByte } from './stored.ts'

/** Types of elements that are computed with. */
export const COMPUTED = ['i8', 'u8', 'i16', 'i32', 'i64', 'f32'] as const
export type Computed = (typeof COMPUTED)[number]

export function isComputed(dtype: DType): dtype is Computed {
  return (COMPUTED as readonly DType[]).includes(dtype)
}

/** A local that holds an element: i32 for the types up to 32 bits. */
export function elementLocal(f: FunctionBuilder, dtype: Computed): Local {
  if (dtype === 'f32') return f.f32()
  return dtype === 'i64' ? f.i64() : f.i32()
}

export function loadElement(b: ModuleBuilder, dtype: Computed, address: Expression): Expression {
  const { i32, i64, f32 } = b.wasm
  switch (dtype) {
    case 'i8':
      return loadByte(b, 0, address)
    case 'u8':
      return i32.load8_u(0, 1, address)
    case 'i16':
      return i32.load16_s(0, 1, address)
    case 'i32':
      return i32.load(0, 1, address)
    case 'i64':
      return i64.load(0, 1, address)
    case 'f32':
      return f32.load(0, 1, address)
    default:
      return unreachable(dtype)
  }
}

export function storeElement(
  b: ModuleBuilder,
  dtype: Computed,
  address: Expression,
  value: Expression,
): Expression {
  const { i32, i64, f32 } = b.wasm
  switch (dtype) {
    case 'i8':
      return storeByte(b, 0, address, value)
    case 'u8':
      return i32.store8(0, 1, address, value)
    case 'i16':
      return i32.store16(0, 1, address, value)
    case 'i32':
      return i32.store(0, 1, address, value)
    case 'i64':
      return i64.store(0, 1, address, value)
    case 'f32':
      return f32.store(0, 1, address, value)
    default:
      return unreachable(dtype)
  }
}

/** An int32 limited to [min, max]. */
export function clampInt(
  b: ModuleBuilder,
  f: FunctionBuilder,
  value: Expression,
  min: number,
  max: number,
): Expression {
  const { i32 } = b.wasm
  const x = f.i32()
  const atLeast = b.wasm.select(i32.lt_s(x.get(), i32.const(min)), i32.const(min), x.get())
  const atMost = b.wasm.select(i32.gt_s(x.get(), i32.const(max)), i32.const(max), x.get())
  return b.sequence(x.set(value), x.set(atLeast), atMost)
}
