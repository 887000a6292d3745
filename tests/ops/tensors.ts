/** Tensor types and tensors for tests. */
import fc from 'fast-check'
import { allocate, DTYPE_RANGE, type DType } from '../../ir/dtype.ts'
import { elementCount, perTensor, type Tensor, type TensorType } from '../../ir/tensor.ts'

export function quantized(
  dtype: DType,
  shape: readonly number[],
  scale: number,
  zeroPoint: number,
): TensorType {
  return { dtype, shape, quant: perTensor(Math.fround(scale), zeroPoint) }
}

export function perChannel(
  dtype: DType,
  shape: readonly number[],
  scales: readonly number[],
  axis: number,
): TensorType {
  const scale = Float64Array.from(scales, Math.fround)
  return { dtype, shape, quant: { scale, zeroPoint: new Int32Array(scale.length), axis } }
}

/** Elements of a type that depend on a seed only; the whole range of the type, extremes often. */
export function fill(type: TensorType, seed: number): Tensor {
  const data = allocate(type.dtype, elementCount(type.shape))
  const [min, max] = DTYPE_RANGE[type.dtype] ?? [-1000, 1000]
  let state = (seed * 2654435761 + 12345) >>> 0
  for (let i = 0; i < data.length; i++) {
    // xorshift32 (Marsaglia 2003)
    state = (state ^ (state << 13)) >>> 0
    state = (state ^ (state >>> 17)) >>> 0
    state = (state ^ (state << 5)) >>> 0
    const u = state / 2 ** 32
    const value = u < 0.05 ? min : u > 0.95 ? max : Math.floor(min + u * (max - min + 1))
    if (type.dtype === 'b1') data[i] = u < 0.5 ? -1 : 1
    else data[i] = type.dtype === 'i64' ? (BigInt(value) as never) : value
  }
  return { type, data }
}

export function tensor(type: TensorType, values: readonly number[]): Tensor {
  const data = allocate(type.dtype, values.length)
  values.forEach((value, i) => {
    data[i] = value
  })
  return { type, data }
}

export const scale = fc.double({ min: 0.001, max: 0.1, noNaN: true }).map(Math.fround)
export const zeroPoint8 = fc.integer({ min: -128, max: 127 })
export const size = (max: number) => fc.integer({ min: 1, max })
export const seed = fc.integer({ min: 1, max: 2 ** 31 })
