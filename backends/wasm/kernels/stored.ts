/** int8 elements as they are stored (see storage.ts): loads give their values, stores take them. */
import type { Expression, Local, ModuleBuilder } from '../codegen/module.ts'
import { storedZero } from '../storage.ts'

/** Whether stored elements are to be read as unsigned bytes. */
export function isUnsigned(b: ModuleBuilder): boolean {
  return storedZero(b.variant) !== 0
}

/** Eight elements as stored, widened to 16 bits. */
export function loadWords(b: ModuleBuilder, offset: number, address: Expression): Expression {
  const { v128 } = b.wasm
  return isUnsigned(b) ? v128.load8x8_u(offset, 1, address) : v128.load8x8_s(offset, 1, address)
}

/** 16-bit lanes to stored elements, saturating. */
export function narrowWords(b: ModuleBuilder, low: Expression, high: Expression): Expression {
  const { i8x16 } = b.wasm
  return isUnsigned(b) ? i8x16.narrow_i16x8_u(low, high) : i8x16.narrow_i16x8_s(low, high)
}

/** Stored elements limited to [min, max]; both are values, not stored ones. */
export function clampBytes(b: ModuleBuilder, bytes: Expression, min: number, max: number): Expression {
  const { i8x16, i32 } = b.wasm
  const bound = (value: number) => i8x16.splat(i32.const(value + storedZero(b.variant)))
  const unsigned = isUnsigned(b)
  let clamped = bytes
  if (min > -128) {
    clamped = unsigned ? i8x16.max_u(clamped, bound(min)) : i8x16.max_s(clamped, bound(min))
  }
  if (max < 127) clamped = unsigned ? i8x16.min_u(clamped, bound(max)) : i8x16.min_s(clamped, bound(max))
  return clamped
}

/** One element. */
export function loadByte(b: ModuleBuilder, offset: number, address: Expression): Expression {
  const { i32 } = b.wasm
  if (!isUnsigned(b)) return i32.load8_s(offset, 1, address)
  return i32.sub(i32.load8_u(offset, 1, address), i32.const(storedZero(b.variant)))
}

export function storeByte(
  b: ModuleBuilder,
  offset: number,
  address: Expression,
  value: Expression,
): Expression {
  const { i32 } = b.wasm
  const stored = isUnsigned(b) ? i32.add(value, i32.const(storedZero(b.variant))) : value
  return i32.store8(offset, 1, address, stored)
}

/** Stores the first `count` bytes of a vector. */
export function storeFirst(
  b: ModuleBuilder,
  address: () => Expression,
  vector: Local,
  count: number,
): readonly Expression[] {
  const { v128 } = b.wasm
  if (count === 16) return [v128.store(0, 1, address(), vector.get())]
  const statements: Expression[] = []
  let at = 0
  for (const size of [8, 4, 2, 1] as const) {
    if ((count & size) === 0) continue
    const args = [at, 1, at / size, address(), vector.get()] as const
    if (size === 8) statements.push(v128.store64_lane(...args))
    else if (size === 4) statements.push(v128.store32_lane(...args))
    else if (size === 2) statements.push(v128.store16_lane(...args))
    else statements.push(v128.store8_lane(...args))
    at += size
  }
  return statements
}
