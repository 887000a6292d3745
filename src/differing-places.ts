/** Comparing the elements of two tensors bit for bit. */
import type { TensorData } from '../ir/dtype.ts'

/** The places of elements that differ. Zeros of either sign differ; one NaN is as good as another. */
export function differingPlaces(a: TensorData, b: TensorData): readonly number[] {
  const places: number[] = []
  for (let i = 0; i < Math.max(a.length, b.length); i++) if (!Object.is(a[i], b[i])) places.push(i)
  return places
}
