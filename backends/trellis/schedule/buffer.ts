/** A map's buffer in activation memory. */
import type { FeatureMap, Padding } from '../lower/stage.ts'
import { portBytes, type Target } from '../target.ts'
import type { Capacity } from './rows.ts'

export interface BufferShape {
  readonly padding: Padding
  /** Bytes from one row to the next. */
  readonly pitch: number
  /** Rows held, padding included. */
  readonly rows: number
  /** 0 where the buffer holds the whole map. */
  readonly ringBytes: number
  /** Room taken: rows and the bytes that a last window may read beyond them. */
  readonly bytes: number
}

/** Rings have a pitch of a multiple of 16 bytes, since that is how instructions count them. */
export function bufferShape(
  map: FeatureMap,
  padding: Padding,
  capacity: Capacity,
  target: Target,
): BufferShape {
  const exact = (padding.left + map.w + padding.right) * map.c
  const pitch = capacity.whole ? exact : Math.ceil(exact / 16) * 16
  const bytes = Math.ceil((capacity.rows * pitch + portBytes(target)) / 16) * 16
  return { padding, pitch, rows: capacity.rows, ringBytes: capacity.whole ? 0 : capacity.rows * pitch, bytes }
}

export interface Placed extends BufferShape {
  readonly base: number
}

/** Byte address of column 0 of row `y`; rows above 0 are padding. */
export function rowAddress(buffer: Placed, map: FeatureMap, y: number): number {
  const row = y + buffer.padding.top
  const slot = buffer.ringBytes === 0 ? row : ((row % buffer.rows) + buffer.rows) % buffer.rows
  return buffer.base + slot * buffer.pitch + buffer.padding.left * map.c
}

/** Ring fields of an instruction that walks this buffer. */
export function ringOf(buffer: Placed): { readonly end: number; readonly size: number } {
  return buffer.ringBytes === 0
    ? { end: 0, size: 0 }
    : { end: buffer.base + buffer.ringBytes, size: buffer.ringBytes }
}
