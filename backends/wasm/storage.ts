/** How tensors lie in an instance's memory. */
import type { DType } from '../../ir/dtype.ts'
import { DTYPE_BITS } from '../../ir/dtype.ts'
import { elementCount, type TensorType } from '../../ir/tensor.ts'
import type { Variant } from './artifact.ts'

/** Whether elements are stored as int8 ones are, whatever their range: those of 8 bits with a sign, and of fewer bits. */
export function isStoredAsInt8(dtype: DType): boolean {
  return dtype !== 'u8' && DTYPE_BITS[dtype] <= 8
}

/**
 * What is added to an int8 element where it is stored between layers. x86's dot product reads its second operand as
 * unsigned, so there -128 is stored as 0; this costs nothing, since the kernels' constants take it in.
 */
export function storedZero(variant: Variant): number {
  return variant === 'relaxed_unsigned' ? 128 : 0
}

/** A place in memory: bytes from the start of a buffer. Where the buffer is, the memory plan says. */
export interface Place {
  readonly buffer: string
  readonly offset: number
}

export function at({ buffer, offset }: Place, bytes: number): Place {
  return { buffer, offset: offset + bytes }
}

/** Pixels around an image, filled with the tensor's zero point. */
export interface Border {
  readonly top: number
  readonly left: number
  readonly bottom: number
  readonly right: number
}

export const NO_BORDER: Border = { top: 0, left: 0, bottom: 0, right: 0 }

/**
 * Where a tensor lies: `images` times `rows` runs of `rowBytes` bytes. An image [N, H, W, C] has a row for each of its
 * N * H, and its border lies between them; any other tensor is one run.
 */
export interface Placement {
  readonly type: TensorType
  /** Its first element. */
  readonly place: Place
  readonly border: Border
  readonly images: number
  readonly rows: number
  readonly rowBytes: number
  /** Bytes from row to row, and from image to image. */
  readonly rowPitch: number
  readonly imagePitch: number
}

export function elementBytes(dtype: DType): number {
  return Math.max(8, DTYPE_BITS[dtype]) / 8
}

/** A tensor without gaps, from `place` on. */
export function contiguous(type: TensorType, place: Place): Placement {
  const isImage = type.shape.length === 4
  const [images = 1, rows = 1] = isImage ? type.shape : []
  const rowBytes = (elementCount(type.shape) / (images * rows)) * elementBytes(type.dtype)
  return {
    type,
    place,
    border: NO_BORDER,
    images,
    rows,
    rowBytes,
    rowPitch: rowBytes,
    imagePitch: rows * rowBytes,
  }
}

/** An image of bytes with a border, that fills a buffer of `images * imagePitch` bytes. */
export function bordered(type: TensorType, border: Border, buffer: string): Placement {
  const flat = contiguous(type, { buffer, offset: 0 })
  const channels = type.shape[3] ?? 1
  const rowPitch = flat.rowBytes + (border.left + border.right) * channels
  return {
    ...flat,
    place: { buffer, offset: border.top * rowPitch + border.left * channels },
    border,
    rowPitch,
    imagePitch: (border.top + flat.rows + border.bottom) * rowPitch,
  }
}

/** All its bytes. */
export function placedBytes({ images, rows, rowBytes }: Placement): number {
  return images * rows * rowBytes
}

export function isContiguous({ border }: Placement): boolean {
  return border.top + border.left + border.bottom + border.right === 0
}

/** Bytes from element to element along each axis. */
export function byteStrides({ type, rowPitch, imagePitch }: Placement): readonly number[] {
  const size = elementBytes(type.dtype)
  const [, , , channels] = type.shape
  if (type.shape.length === 4) return [imagePitch, rowPitch, (channels ?? 1) * size, size]
  return type.shape.map((_, axis) => elementCount(type.shape.slice(axis + 1)) * size)
}
