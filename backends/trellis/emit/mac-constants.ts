/** Constants of convolutions in the on-chip memories: weights, list entries, parameters and tables, loaded where they are not yet. */
import type { ConvStage, DepthwiseStage } from '../lower/stage.ts'
import { type BlockList, type Entry, stageBlockBytes } from '../schedule/blocks.ts'
import type { Emitter } from './emitter.ts'
import {
  type LaneClass,
  laneClasses,
  narrowed,
  packList,
  packParameters,
  packStaircase,
  packWeights,
} from './pack.ts'

/** Columns of zeros that it takes to make leaving them out worth one more instruction of 32 bytes. */
const WORTH_A_LOAD = 8

/** A kernel with its list, and how weights are found: all that differs between dense and depthwise constants. */
export interface Kernel {
  readonly key: string
  readonly list: BlockList
  readonly blocks: number
  readonly channels: number
  /** Bits of a weight in a lane and in DRAM. */
  readonly bits: number
  readonly weightBits: number
  readonly bias: Int32Array
  readonly weightAt: (channel: number, source: number) => number
}

/** Blocks [from, to) x entries [first, end) in weight memory. */
export interface Piece {
  readonly from: number
  readonly column: number
  readonly entries: number
}

/** Makes sure a piece of the weights is in weight memory. */
export function weightPiece(
  e: Emitter,
  layer: number,
  k: Kernel,
  from: number,
  to: number,
  first: number,
  end: number,
): Piece {
  const { cols } = e.target.array
  const entries = k.list.entries.slice(first, end)
  const key = `${k.key} ${from}-${to} ${first}-${end}`
  const slot = e.weightMemory.place(key, (to - from) * entries.length * cols)
  if (slot.hit) return { from, column: slot.address, entries: entries.length }
  // The columns past the last channel stay as they are where they are worth a load of their own: nobody uses their results.
  const lastColumns = k.channels - (k.blocks - 1) * cols
  const split = to === k.blocks && (cols - lastColumns) * entries.length >= WORTH_A_LOAD
  const full = split ? to - 1 : to
  const load = (key: string, lane: LaneClass, blocks: readonly [number, number], columns: number): void => {
    const offset = e.weightPool.add(key, () =>
      narrowed(
        packWeights(entries, lane, blocks, columns, k.weightAt, k.channels, cols),
        k.bits,
        k.weightBits,
      ),
    )
    const count = blocks[1] - blocks[0]
    // One group is one run of columns: a whole piece, a block's entries of one class, or one entry.
    const runs = columns < cols ? lane.count : lane.count === entries.length ? 1 : count
    const total = count * lane.count * columns
    e.emit(
      'load.weight',
      layer,
      {
        dram: offset,
        column: slot.address + ((blocks[0] - from) * entries.length + lane.first) * cols,
        groups: runs,
        columns: total / runs,
        group_step: runs === 1 ? 0 : columns < cols ? cols : entries.length * cols,
        lanes: lane.lanes,
        precision: Math.log2(8 / k.bits),
        stream: Math.log2(8 / k.weightBits),
      },
      { pool: 'weights' },
    )
  }
  for (const lane of laneClasses(entries)) {
    if (full > from) load(`${key} ${lane.first}`, lane, [from, full], cols)
    if (split) load(`${key} ${lane.first} last`, lane, [full, to], lastColumns)
  }
  return { from, column: slot.address, entries: entries.length }
}

/** Entries that column blocks of their own walk: weights and list, both in one load where lanes allow it. */
export function ownPiece(
  e: Emitter,
  layer: number,
  k: Kernel,
  walks: readonly { readonly block: number; readonly entries: readonly Entry[] }[],
): { readonly column: number; readonly list: number } {
  const { cols } = e.target.array
  const items = walks.flatMap(({ block, entries }) => entries.map((entry) => ({ block, entry })))
  const entries = items.map((item) => item.entry)
  const list = listPiece(e, layer, { entries }, 0, entries.length)
  const key = `${k.key} own ${walks.map((w) => `${w.block}: ${w.entries.map((entry) => entry.offset)}`).join(' ')}`
  const slot = e.weightMemory.place(key, items.length * cols)
  if (slot.hit) return { column: slot.address, list }
  const lastColumns = k.channels - (k.blocks - 1) * cols
  for (const { first, count, lanes } of laneClasses(entries)) {
    const members = items.slice(first, first + count)
    // The last column block of a layer may have fewer columns; the others then stay as they are.
    const short = members.filter((m) => m.block === k.blocks - 1).length
    const split = (cols - lastColumns) * short >= WORTH_A_LOAD
    const load = (from: number, to: number, columns: number): void => {
      if (from === to) return
      const taken = members.slice(from, to)
      const dram = e.weightPool.add(`${key} ${first + from}-${first + to}`, () =>
        narrowed(
          joined(
            taken.map(({ block, entry }) => {
              const one = { first: 0, count: 1, lanes }
              return packWeights([entry], one, [block, block + 1], columns, k.weightAt, k.channels, cols)
            }),
          ),
          k.bits,
          k.weightBits,
        ),
      )
      e.emit(
        'load.weight',
        layer,
        {
          dram,
          column: slot.address + (first + from) * cols,
          groups: columns < cols ? taken.length : 1,
          columns: columns < cols ? columns : taken.length * cols,
          group_step: columns < cols ? cols : 0,
          lanes,
          precision: Math.log2(8 / k.bits),
          stream: Math.log2(8 / k.weightBits),
        },
        { pool: 'weights' },
      )
    }
    load(0, split ? count - short : count, cols)
    if (split) load(count - short, count, lastColumns)
  }
  return { column: slot.address, list }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Makes sure list entries are in index memory; returns their address. */
export function listPiece(e: Emitter, layer: number, list: BlockList, first: number, end: number): number {
  const offsets = list.entries.slice(first, end).map((entry) => entry.offset)
  const key = `list ${offsets.join(' ')}`
  const slot = e.indexMemory.place(key, offsets.length)
  if (!slot.hit) {
    const dram = e.parameterPool.add(key, () => packList(list, first, end))
    e.emit('load.index', layer, { dram, list: slot.address, entries: offsets.length }, { pool: 'parameters' })
  }
  return slot.address
}

/** Parameters of a stage in pieces that fit; blocks of one instruction never straddle two. */
export function parameterPiece(
  e: Emitter,
  stage: ConvStage | DepthwiseStage,
  k: Kernel,
  block: number,
  nb: number,
): number {
  const { cols } = e.target.array
  const bytes = stageBlockBytes(stage, e.target)
  const most = Math.max(nb, Math.floor(e.parameterMemory.capacity / 2 / bytes / nb) * nb)
  const from = Math.floor(block / most) * most
  const to = Math.min(k.blocks, from + most)
  const key = `${k.key} parameters ${from}-${to}`
  const slot = e.parameterMemory.place(key, Math.ceil(((to - from) * bytes) / 4) * 4)
  if (!slot.hit) {
    const dram = e.parameterPool.add(key, () =>
      typeof stage.finish === 'object'
        ? packStaircase(k.bias, stage.finish, from, to, cols)
        : packParameters(k.bias, stage.requant, from, to, cols),
    )
    e.emit(
      'load.param',
      stage.layer,
      { dram, param: slot.address, bytes: (to - from) * bytes },
      { pool: 'parameters' },
    )
  }
  return slot.address + (block - from) * bytes
}

export function tableSlot(e: Emitter, stage: ConvStage | DepthwiseStage): number {
  return stage.table ? loadTable(e, stage.layer, stage.table) : 0
}

/** Makes sure a 256-byte table is in the post unit; returns its number. */
export function loadTable(e: Emitter, layer: number, table: Int8Array): number {
  const key = `table ${table.join(' ')}`
  const slot = e.tables.place(key, 1)
  if (!slot.hit) {
    const dram = e.parameterPool.add(key, () => Uint8Array.from(table, (v) => v & 255))
    e.emit('load.table', layer, { dram, table: slot.address }, { pool: 'parameters' })
  }
  return slot.address
}
