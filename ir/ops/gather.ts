/** Moving elements: a result whose elements are each one element of the input. */
import { must } from '../diagnostic.ts'
import { allocate, type DType, type TensorData } from '../dtype.ts'
import { elementCount } from '../tensor.ts'

/** Elements between neighbours along each axis. */
export function rowMajorStrides(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => elementCount(shape.slice(axis + 1)))
}

/** For each element of a result of `shape` the input element: start + sum of position * stride. */
export function gatherIndex(shape: readonly number[], strides: readonly number[], start: number): Int32Array {
  let index = Int32Array.of(start)
  shape.forEach((size, axis) => {
    const stride = must(strides[axis], 'axis')
    const finer = new Int32Array(index.length * size)
    for (let i = 0; i < finer.length; i++) {
      finer[i] = (index[Math.floor(i / size)] as number) + (i % size) * stride
    }
    index = finer
  })
  return index
}

export function gather(x: TensorData, index: Int32Array, dtype: DType, length: number): TensorData {
  const y = allocate(dtype, length)
  for (let i = 0; i < length; i++) y[i] = x[index[i] as number] as number
  return y
}
