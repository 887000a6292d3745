/**
 * Tensor elements as the bytes a file holds: little-endian, and for types below a byte packed, the first element in
 * the lowest bits; b1 stores -1 as 0 and +1 as 1. Node runs on little-endian machines only, so whole bytes are copied
 * or viewed as they are.
 */
import { allocate, DTYPE_BITS, type DType, packedBytes, type TensorData } from './dtype.ts'

/** The bytes of `data`; a view of it where nothing has to be packed. */
export function pack(data: TensorData, dtype: DType): Uint8Array {
  const bits = DTYPE_BITS[dtype]
  if (bits >= 8) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const packed = new Uint8Array(packedBytes(dtype, data.length))
  const mask = (1 << bits) - 1
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i])
    const code = dtype === 'b1' ? Number(value > 0) : value & mask
    const bit = i * bits
    packed[bit >> 3] = (packed[bit >> 3] ?? 0) | (code << (bit & 7))
  }
  return packed
}

/** `length` elements from the start of `bytes`, which must hold them; a view where the bytes allow one. */
export function unpack(bytes: Uint8Array, dtype: DType, length: number): TensorData {
  const bits = DTYPE_BITS[dtype]
  if (bits >= 8) return view(bytes, dtype, length)
  const data = allocate(dtype, length)
  const mask = (1 << bits) - 1
  const signed = dtype.startsWith('i')
  for (let i = 0; i < length; i++) {
    const bit = i * bits
    const code = ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & mask
    data[i] = dtype === 'b1' ? 2 * code - 1 : signed && code >> (bits - 1) ? code - (mask + 1) : code
  }
  return data
}

function view(bytes: Uint8Array, dtype: DType, length: number): TensorData {
  const elementBytes = DTYPE_BITS[dtype] / 8
  // Typed arrays must start on a multiple of their element size. (A Buffer's own `slice` would not copy.)
  const isAligned = bytes.byteOffset % elementBytes === 0
  const aligned = isAligned ? bytes : new Uint8Array(bytes.subarray(0, length * elementBytes))
  const { buffer, byteOffset } = aligned
  switch (dtype) {
    case 'i16':
      return new Int16Array(buffer, byteOffset, length)
    case 'i32':
      return new Int32Array(buffer, byteOffset, length)
    case 'i64':
      return new BigInt64Array(buffer, byteOffset, length)
    case 'f32':
      return new Float32Array(buffer, byteOffset, length)
    case 'u8':
      return new Uint8Array(buffer, byteOffset, length)
    default:
      return new Int8Array(buffer, byteOffset, length)
  }
}
