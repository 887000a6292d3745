/** Elements of a tensor as its buffer in DRAM holds them: packed, and at times wider than the tensor's type. */
import { DTYPE_BITS, type DType, type TensorData } from '../../ir/dtype.ts'
import { pack, unpack } from '../../ir/packing.ts'

/** Bytes of `length` elements of `bits` bits. */
export function storedBytes(length: number, bits: number): number {
  return Math.ceil((length * bits) / 8)
}

/** `bits` is the width in the buffer: that of the type, or more for types below 8 bits. */
export function toStored(data: TensorData, dtype: DType, bits: number): Uint8Array {
  return pack(data, bits === DTYPE_BITS[dtype] ? dtype : wider(dtype, bits))
}

/** The elements of a buffer; may be a view of `bytes`. */
export function fromStored(bytes: Uint8Array, dtype: DType, bits: number, length: number): TensorData {
  return unpack(bytes, bits === DTYPE_BITS[dtype] ? dtype : wider(dtype, bits), length)
}

/** The type of `bits` bits that has every element of a narrower one. */
function wider(dtype: DType, bits: number): DType {
  return `${dtype.startsWith('u') ? 'u' : 'i'}${bits}` as DType
}
