/**
 * What index, weight and parameter memory hold, as far as it follows from the constants of a program: which bytes a mac
 * instruction reads depends on the lists it walks and on the lanes whose weights are not all 0, and thresholds must ascend.
 */
import { must } from '../../../ir/diagnostic.ts'
import { capacities, type Target } from '../target.ts'
import { MODE_THRESHOLDS, thresholdBlockBytes } from './costs.ts'
import type { ListExtent } from './footprint.ts'
import type { Window } from './spans.ts'
import type { InstructionOf } from './table.ts'

/** Bytes that stand in DRAM from the start. */
export interface Constants {
  readonly bytes: Uint8Array
  readonly address: number
}

type Mac = InstructionOf<'mac.dense'> | InstructionOf<'mac.depthwise'>

export class ConstantMemories {
  readonly #constants: Constants
  readonly #target: Target
  readonly #entries: Int32Array
  /** 1 where an entry came from the constants. */
  readonly #isKnown: Uint8Array
  readonly #parameters: Uint8Array
  /** 1 where a byte of parameter memory came from the constants. */
  readonly #isKnownParameter: Uint8Array
  /** For each column of weight memory one more than the highest lane that may have a weight other than 0. */
  readonly #columnTop: Uint8Array

  constructor(constants: Constants, target: Target) {
    const { indexEntries, weightColumns, parameterBytes } = capacities(target)
    this.#constants = constants
    this.#target = target
    this.#entries = new Int32Array(indexEntries)
    this.#isKnown = new Uint8Array(indexEntries)
    this.#parameters = new Uint8Array(parameterBytes)
    this.#isKnownParameter = new Uint8Array(parameterBytes)
    this.#columnTop = new Uint8Array(weightColumns).fill(target.array.rows)
  }

  loadIndex(i: InstructionOf<'load.index'>): void {
    const source = this.#at(i.dram, i.entries * 4)
    this.#isKnown.fill(source ? 1 : 0, i.list, i.list + i.entries)
    if (source === undefined) return
    const view = new DataView(source.buffer, source.byteOffset, source.byteLength)
    for (let e = 0; e < i.entries; e++) this.#entries[i.list + e] = view.getInt32(e * 4, true)
  }

  loadParameters(i: InstructionOf<'load.param'>): void {
    const source = this.#at(i.dram, i.bytes)
    this.#isKnownParameter.fill(source ? 1 : 0, i.param, i.param + i.bytes)
    if (source)
      this.#parameters.set(source.subarray(0, Math.max(0, this.#parameters.length - i.param)), i.param)
  }

  /** A column whose thresholds are known and do not ascend, by its number over all blocks; undefined if there is none. */
  unsortedColumn(i: InstructionOf<'post.acc'>): number | undefined {
    if (i.mode !== MODE_THRESHOLDS) return undefined
    const { cols } = this.#target.array
    const blockBytes = thresholdBlockBytes(this.#target, i.steps)
    const end = i.param + i.blocks * blockBytes
    if (end > this.#parameters.length || this.#isKnownParameter.subarray(i.param, end).includes(0))
      return undefined
    const view = new DataView(this.#parameters.buffer)
    for (let column = 0; column < (i.blocks - 1) * cols + i.last_lanes; column++) {
      const first = i.param + Math.floor(column / cols) * blockBytes + 4 * (cols + (column % cols))
      for (let step = 1; step < i.steps; step++) {
        const at = first + 4 * step * cols
        if (view.getInt32(at, true) < view.getInt32(at - 4 * cols, true)) return column
      }
    }
    return undefined
  }

  loadWeight(i: InstructionOf<'load.weight'>): void {
    const lanes: number[] = []
    for (let lane = 0; lane < this.#target.array.rows; lane++)
      if ((i.lanes >> BigInt(lane)) & 1n) lanes.push(lane)
    // Which weights of a narrower stream are 0 is not looked at: the window is as wide as the lanes then.
    const source =
      i.precision === 0 && i.stream === 0 ? this.#at(i.dram, i.groups * i.columns * lanes.length) : undefined
    for (let group = 0, at = 0; group < i.groups; group++) {
      for (let column = 0; column < i.columns; column++, at += lanes.length) {
        let used = lanes.length
        while (source && used > 0 && source[at + used - 1] === 0) used--
        const top = used === 0 ? 0 : must(lanes[used - 1], 'lane') + 1
        this.#columnTop[i.column + group * i.group_step + column] = top
      }
    }
  }

  /** What a mac's list reaches; undefined if the list did not come from the constants. */
  extentOf(i: Mac): ListExtent | undefined {
    const windows = this.windowsOf(i)
    if (windows === undefined) return undefined
    const offsets = windows.map((w) => w.offset)
    const highest = Math.max(...offsets)
    const end = Math.max(...windows.map((w) => w.offset + w.bytes))
    return { lowest: Math.min(...offsets), highest, windowBytes: end - highest }
  }

  /** The windows at each entry of a mac's list; undefined if the list did not come from the constants. */
  windowsOf(i: Mac): readonly Window[] | undefined {
    if (i.list + i.entries > this.#entries.length) return undefined
    const windows: Window[] = []
    for (let e = 0; e < i.entries; e++) {
      if (this.#isKnown[i.list + e] === 0) return undefined
      windows.push({ offset: must(this.#entries[i.list + e], 'entry'), bytes: this.#windowBytes(i, e) })
    }
    return windows
  }

  /** Bytes of a window, from its first, that meet a weight other than 0 at list entry `e`. */
  #windowBytes(i: Mac, e: number): number {
    if (i.op === 'mac.depthwise') {
      // Column c of a block meets byte c of the word; the last block reaches furthest.
      const first = i.weight + ((i.blocks - 1) * i.entries + e) * this.#target.array.cols
      let columns = i.last_columns || this.#target.array.cols
      while (columns > 0 && this.#columnTop[first + columns - 1] === 0) columns--
      return columns
    }
    let top = 0
    for (let block = 0; block < i.blocks; block++) {
      const first = i.weight + (block * i.entries + e) * this.#target.array.cols
      const columns = (block === i.blocks - 1 && i.last_columns) || this.#target.array.cols
      for (let c = first; c < first + columns; c++)
        top = Math.max(top, this.#columnTop[c] ?? this.#target.array.rows)
    }
    return top
  }

  #at(dram: number, length: number): Uint8Array | undefined {
    const start = dram - this.#constants.address
    if (start < 0 || start + length > this.#constants.bytes.length) return undefined
    return this.#constants.bytes.subarray(start, start + length)
  }
}
