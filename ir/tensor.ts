/** Tensor types and quantization parameters. Layouts are row-major; images are NHWC. */
import type { DType, TensorData } from './dtype.ts'

/**
 * Affine quantization, real = scale * (q - zeroPoint) (Jacob et al., "Quantization and Training of Neural
 * Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018). One entry for a whole tensor, or one for
 * each index along `axis`. Scales hold the float32 values of the model file, exactly.
 */
export interface Quant {
  readonly scale: Float64Array
  readonly zeroPoint: Int32Array
  readonly axis?: number
}

export interface TensorType {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly quant?: Quant
}

export interface Tensor {
  readonly type: TensorType
  readonly data: TensorData
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let n = 1
  for (const d of shape) n *= d
  return n
}

/** Quantization parameters of a whole tensor, for the many ops that allow nothing else. */
export function perTensor(scale: number, zeroPoint: number): Quant {
  return { scale: Float64Array.of(scale), zeroPoint: Int32Array.of(zeroPoint) }
}
