/** Weights, lists and parameters as the bytes that loads expect. */
import { must } from '../../../ir/diagnostic.ts'
import { LINE_BYTES } from '../isa/costs.ts'
import type { Requant, Thresholds } from '../lower/stage.ts'
import type { BlockList, Entry } from '../schedule/blocks.ts'
import { fromStored, toStored } from '../stored.ts'

/** List entries that one load writes: neighbours in the list with the same lanes. */
export interface LaneClass {
  readonly first: number
  readonly count: number
  readonly lanes: bigint
}

export function laneClasses(entries: readonly Entry[]): LaneClass[] {
  const classes: LaneClass[] = []
  entries.forEach((entry, index) => {
    const last = classes.at(-1)
    if (last?.lanes === entry.lanes) classes[classes.length - 1] = { ...last, count: last.count + 1 }
    else classes.push({ first: index, count: 1, lanes: entry.lanes })
  })
  return classes
}

/**
 * The stream of one class for column blocks [from, to): block, entry, column, lane. Of each block the first `columns`;
 * those past the last channel are 0.
 */
export function packWeights(
  entries: readonly Entry[],
  lane: LaneClass,
  [from, to]: readonly [number, number],
  columns: number,
  weightAt: (channel: number, source: number) => number,
  channels: number,
  cols: number,
): Uint8Array {
  const members = entries.slice(lane.first, lane.first + lane.count)
  const perColumn = must(members[0], 'entry').sources.length
  const bytes = new Int8Array((to - from) * lane.count * columns * perColumn)
  let at = 0
  for (let block = from; block < to; block++) {
    for (const { sources } of members) {
      for (let column = 0; column < columns; column++) {
        const channel = block * cols + column
        if (channel < channels) for (const source of sources) bytes[at++] = weightAt(channel, source)
        else at += perColumn
      }
    }
  }
  return new Uint8Array(bytes.buffer)
}

/** The bytes of lanes as a stream of narrower weights. */
export function narrowed(bytes: Uint8Array, bits: number, weightBits: number): Uint8Array {
  if (bits === weightBits) return bytes
  const count = (bytes.length * 8) / bits
  const weights = fromStored(bytes, `i${bits}` as 'i8' | 'i4' | 'i2', bits, count)
  return toStored(weights, weightBits === 1 ? 'b1' : (`i${weightBits}` as 'i4' | 'i2'), weightBits)
}

/** Blocks [from, to) of thresholds or of lines. */
export function packStaircase(
  bias: Int32Array,
  stairs: Thresholds,
  from: number,
  to: number,
  cols: number,
): Uint8Array {
  const { line } = stairs
  if (!line) return packThresholds(bias, stairs, from, to, cols)
  const bytes = new Uint8Array((to - from) * cols * LINE_BYTES)
  const view = new DataView(bytes.buffer)
  for (let b = from; b < to; b++) {
    const at = (b - from) * cols * LINE_BYTES
    for (let column = 0; column < cols; column++) {
      const channel = b * cols + column
      const offset = line.offset[channel] ?? 0n
      const words = [
        bias[channel],
        line.multiplier[channel],
        Number(BigInt.asIntN(32, offset)),
        Number(offset >> 32n),
      ]
      words.forEach((word, k) => {
        view.setInt32(at + 4 * (k * cols + column), word ?? 0, true)
      })
      view.setInt8(at + 16 * cols + column, line.shift[channel] ?? 0)
    }
  }
  return bytes
}

/** Blocks [from, to) of thresholds: bias, then for each step the thresholds of all columns, then directions. */
function packThresholds(
  bias: Int32Array,
  { steps, values, directions }: Thresholds,
  from: number,
  to: number,
  cols: number,
): Uint8Array {
  const block = cols * (4 + 4 * steps + 1)
  const bytes = new Uint8Array((to - from) * block)
  const view = new DataView(bytes.buffer)
  for (let b = from; b < to; b++) {
    const at = (b - from) * block
    for (let column = 0; column < cols; column++) {
      const channel = b * cols + column
      view.setInt32(at + 4 * column, bias[channel] ?? 0, true)
      for (let step = 0; step < steps; step++)
        view.setInt32(at + 4 * (cols * (step + 1) + column), values[channel * steps + step] ?? 0, true)
      view.setInt8(at + 4 * cols * (steps + 1) + column, directions[channel] ?? 1)
    }
  }
  return bytes
}

export function packList(list: BlockList, from: number, to: number): Uint8Array {
  const offsets = Int32Array.from(list.entries.slice(from, to), (e) => e.offset)
  return littleEndian(offsets)
}

/** Parameter blocks [from, to): per channel bias, multiplier, shift; per tensor bias alone. */
export function packParameters(
  bias: Int32Array,
  requant: Requant,
  from: number,
  to: number,
  cols: number,
): Uint8Array {
  const perChannel = requant.multiplier.length > 1
  const block = cols * (perChannel ? 9 : 4)
  const bytes = new Uint8Array((to - from) * block)
  const view = new DataView(bytes.buffer)
  for (let b = from; b < to; b++) {
    const at = (b - from) * block
    for (let column = 0; column < cols; column++) {
      const channel = b * cols + column
      view.setInt32(at + 4 * column, bias[channel] ?? 0, true)
      if (!perChannel) continue
      view.setInt32(at + 4 * (cols + column), requant.multiplier[channel] ?? 0, true)
      view.setInt8(at + 8 * cols + column, requant.shift[channel] ?? 0)
    }
  }
  return bytes
}

function littleEndian(values: Int32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  values.forEach((v, i) => {
    view.setInt32(4 * i, v, true)
  })
  return bytes
}
