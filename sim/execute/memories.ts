/**
 * The on-chip memories of one Trellis, all in one WebAssembly memory so that the mac kernel reaches them.
 * Activation memory stands at address 0: an activation address is a WebAssembly address.
 */
import { capacities, type Target } from '../../backends/trellis/target.ts'

/** The longest window (64 lanes) and what a kernel reads beyond it, rounded up: zeros after activation memory. */
const WINDOW_ROOM_BYTES = 128
const PAGE_BYTES = 65536

export interface Memories {
  readonly memory: WebAssembly.Memory
  readonly activation: Int8Array<ArrayBuffer>
  /** Signed input byte offsets. */
  readonly index: Int32Array
  readonly parameters: Uint8Array<ArrayBuffer>
  /** Vectors of `cols` int32. */
  readonly accumulators: Int32Array
  /** Four tables of 256 bytes. */
  readonly tables: Int8Array<ArrayBuffer>
  readonly weights: WeightMemory
  /** Scratch for the mac kernel: the activation address of each window, before the list offset. */
  readonly windows: Int32Array
  /** Scratch for operands below 8 bits, made when first needed: a byte for each operand of the windows and of a block of weights. */
  readonly wide: () => WideOperands
}

export interface WideOperands {
  /** WebAssembly address of the windows, which follow one another. */
  readonly address: number
  readonly bytes: Int8Array
  /** The addresses of the windows. */
  readonly windows: Int32Array
  readonly weights: WeightMemory
}

/**
 * Weight memory in planes: plane k holds lanes 2k and 2k + 1 of every column, two bytes a column; there are planes for
 * the lanes rounded up to a multiple of 8, the last of which may stay zero. The mac kernel's dot product wants it so.
 */
export interface WeightMemory {
  readonly columns: number
  readonly rows: number
  /** WebAssembly address of plane 0. */
  readonly address: number
  readonly planeBytes: number
  /** `rows` rounded up to a multiple of 8. */
  readonly lanes: number
  readonly bytes: Int8Array
  /** Whether each lane of each column holds weights, [column][lane]: what 1-bit weights need, among which none is neutral. */
  readonly filled: Uint8Array
}

export function createMemories(target: Target): Memories {
  const size = capacities(target)
  const { rows, cols } = target.array
  const lanes = Math.ceil(rows / 8) * 8
  // The 16 bytes after a plane keep planes from falling on the same cache lines.
  const planeBytes = align16(size.weightColumns * 2) + 16

  let end = 0
  const place = (bytes: number): number => {
    const at = end
    end = align16(at + bytes)
    return at
  }
  place(size.activationBytes + WINDOW_ROOM_BYTES)
  const weights = place((planeBytes * lanes) / 2)
  const accumulators = place(size.accumulatorVectors * cols * 4)
  const index = place(size.indexEntries * 4)
  const parameters = place(size.parameterBytes)
  const tables = place(4 * 256)
  const windows = place(size.accumulatorVectors * 4)
  const wideAt = place(wideBytes(size.accumulatorVectors, target))
  let widened: WideOperands | undefined

  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE_BYTES) })
  const buffer = memory.buffer as ArrayBuffer
  return {
    memory,
    activation: new Int8Array(buffer, 0, size.activationBytes),
    index: new Int32Array(buffer, index, size.indexEntries),
    parameters: new Uint8Array(buffer, parameters, size.parameterBytes),
    accumulators: new Int32Array(buffer, accumulators, size.accumulatorVectors * cols),
    tables: new Int8Array(buffer, tables, 4 * 256),
    weights: {
      columns: size.weightColumns,
      rows,
      address: weights,
      planeBytes,
      lanes,
      bytes: new Int8Array(buffer, weights, (planeBytes * lanes) / 2),
      filled: new Uint8Array(size.weightColumns * rows),
    },
    windows: new Int32Array(buffer, windows, size.accumulatorVectors),
    wide: () => {
      widened ??= wideOperands(buffer, wideAt, size.accumulatorVectors, target)
      return widened
    },
  }
}

/** Operands that one byte lane multiplies at the narrowest. */
const MOST_OPERANDS = 8

function wideBytes(vectors: number, { array: { rows, cols } }: Target): number {
  const lanes = Math.ceil((rows * MOST_OPERANDS) / 8) * 8
  return (
    align16(vectors * lanes + WINDOW_ROOM_BYTES) +
    align16(vectors * 4) +
    align16((lanes / 2) * (cols * 2 + 16))
  )
}

function wideOperands(buffer: ArrayBuffer, address: number, vectors: number, target: Target): WideOperands {
  const { rows, cols } = target.array
  const lanes = Math.ceil((rows * MOST_OPERANDS) / 8) * 8
  const windowBytes = align16(vectors * lanes + WINDOW_ROOM_BYTES)
  const weights = address + windowBytes + align16(vectors * 4)
  const planeBytes = cols * 2 + 16
  return {
    address,
    bytes: new Int8Array(buffer, address, windowBytes),
    windows: new Int32Array(buffer, address + windowBytes, vectors),
    weights: {
      columns: cols,
      rows: lanes,
      address: weights,
      planeBytes,
      lanes,
      bytes: new Int8Array(buffer, weights, (lanes / 2) * planeBytes),
      filled: new Uint8Array(0),
    },
  }
}

/** Index into `weights.bytes` of a lane of a column. */
export function weightIndex(weights: WeightMemory, column: number, lane: number): number {
  return (lane >> 1) * weights.planeBytes + 2 * column + (lane & 1)
}

function align16(bytes: number): number {
  return Math.ceil(bytes / 16) * 16
}
