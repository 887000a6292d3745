/** Element types of tensors and how each is stored in memory. */

export const DTYPES = ['i8', 'u8', 'i16', 'i32', 'i64', 'f32', 'i4', 'u4', 'i2', 'u2', 'b1'] as const
export type DType = (typeof DTYPES)[number]

/** Bits one element occupies in a packed tensor. */
export const DTYPE_BITS: { readonly [D in DType]: number } = {
  i8: 8,
  u8: 8,
  i16: 16,
  i32: 32,
  i64: 64,
  f32: 32,
  i4: 4,
  u4: 4,
  i2: 2,
  u2: 2,
  b1: 1,
}

/** The array that holds a tensor's elements; sub-byte types use one byte an element while in memory. */
export type TensorData = Int8Array | Uint8Array | Int16Array | Int32Array | BigInt64Array | Float32Array

/** Smallest and largest value of an integer type; b1 is the pair -1, +1. */
export const DTYPE_RANGE: { readonly [D in DType]?: readonly [min: number, max: number] } = {
  i8: [-128, 127],
  u8: [0, 255],
  i16: [-32768, 32767],
  i32: [-2147483648, 2147483647],
  i4: [-8, 7],
  u4: [0, 15],
  i2: [-2, 1],
  u2: [0, 3],
  b1: [-1, 1],
}

/** A zeroed array for `length` elements of `dtype`. */
export function allocate(dtype: DType, length: number): TensorData {
  switch (dtype) {
    case 'u8':
    case 'u4':
    case 'u2':
      return new Uint8Array(length)
    case 'i8':
    case 'i4':
    case 'i2':
    case 'b1':
      return new Int8Array(length)
    case 'i16':
      return new Int16Array(length)
    case 'i32':
      return new Int32Array(length)
    case 'i64':
      return new BigInt64Array(length)
    case 'f32':
      return new Float32Array(length)
  }
}

/** Bytes of `length` elements when packed: what a memory or a file would hold. */
export function packedBytes(dtype: DType, length: number): number {
  return Math.ceil((length * DTYPE_BITS[dtype]) / 8)
}
