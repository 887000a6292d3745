/** Sliding windows: how output positions, kernel taps and input positions belong together. */
import type { TensorData } from '../dtype.ts'
import { shapeError } from './define.ts'

/** One axis of an image. */
export interface Axis {
  readonly input: number
  readonly output: number
  readonly kernel: number
  readonly stride: number
  readonly padBefore: number
  readonly dilation: number
}

/** A window along both axes: for each output position and tap the input position, or -1 outside the image. */
export interface Window {
  readonly outputHeight: number
  readonly outputWidth: number
  readonly kernelHeight: number
  readonly kernelWidth: number
  /** [output row * kernelHeight + tap row] */
  readonly rows: Int32Array
  /** [output column * kernelWidth + tap column] */
  readonly columns: Int32Array
}

export function slidingWindow(vertical: Axis, horizontal: Axis): Window {
  return window(
    vertical,
    horizontal,
    (axis, o, tap) => o * axis.stride - axis.padBefore + tap * axis.dilation,
  )
}

/** Of a transposed convolution: input i adds to output i * stride - padBefore + tap. */
export function transposedWindow(vertical: Axis, horizontal: Axis): Window {
  return window(vertical, horizontal, (axis, o, tap) => {
    const scaled = o + axis.padBefore - tap
    return scaled % axis.stride === 0 ? scaled / axis.stride : -1
  })
}

type Position = (axis: Axis, output: number, tap: number) => number

function window(vertical: Axis, horizontal: Axis, position: Position): Window {
  return {
    outputHeight: vertical.output,
    outputWidth: horizontal.output,
    kernelHeight: vertical.kernel,
    kernelWidth: horizontal.kernel,
    rows: positions(vertical, position),
    columns: positions(horizontal, position),
  }
}

function positions(axis: Axis, position: Position): Int32Array {
  const table = new Int32Array(axis.output * axis.kernel)
  for (let output = 0; output < axis.output; output++) {
    for (let tap = 0; tap < axis.kernel; tap++) {
      const at = position(axis, output, tap)
      table[output * axis.kernel + tap] = at >= 0 && at < axis.input ? at : -1
    }
  }
  return table
}

/** Output positions of a sliding window along one axis. */
export function windowOutputs(
  size: number,
  kernel: number,
  stride: number,
  padBefore: number,
  padAfter: number,
  dilation: number,
): number {
  const extent = (kernel - 1) * dilation + 1
  const room = size + padBefore + padAfter - extent
  if (room < 0) {
    shapeError(
      `a window of ${extent} does not fit into ${size} elements padded by ${padBefore} and ${padAfter}`,
      'use a smaller kernel or dilation, or more padding',
    )
  }
  return Math.floor(room / stride) + 1
}

/** Where the channels of one image lie. */
export interface Image {
  /** Index of the image's first element. */
  readonly base: number
  readonly width: number
  readonly channels: number
  /** The channels to gather. */
  readonly from: number
  readonly count: number
}

/**
 * Gathers the patches of one row of output pixels: for each pixel all taps in order, and of each tap `count` channels.
 * Taps outside the image read `outside`.
 */
export function gatherPatches(
  input: TensorData,
  { base, width, channels, from, count }: Image,
  { outputWidth, kernelHeight, kernelWidth, rows, columns }: Window,
  outputRow: number,
  outside: number,
  patches: Int16Array,
): void {
  let at = 0
  for (let outputColumn = 0; outputColumn < outputWidth; outputColumn++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      const y = rows[outputRow * kernelHeight + ky] as number
      for (let kx = 0; kx < kernelWidth; kx++) {
        const x = columns[outputColumn * kernelWidth + kx] as number
        const end = at + count
        if (y < 0 || x < 0) {
          while (at < end) patches[at++] = outside
        } else {
          let source = base + (y * width + x) * channels + from
          while (at < end) patches[at++] = input[source++] as number
        }
      }
    }
  }
}
