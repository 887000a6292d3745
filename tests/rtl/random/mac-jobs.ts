/** Jobs of the mac unit: weights and a list, tiles of windows through them, and each tile's sums out through post. */
import { accRowBytes } from '../../../backends/trellis/isa/footprint.ts'
import { readSpans, type Span } from '../../../backends/trellis/isa/spans.ts'
import type { InstructionOf } from '../../../backends/trellis/isa/table.ts'
import { capacities } from '../../../backends/trellis/target.ts'
import type { Draw } from '../../sim/model/instructions.ts'
import { anyPlace, type ProgramBuilder, words } from './builder.ts'
import { placeRows, type Rows } from './places.ts'
import { postAcc, precisionOf, type Sums } from './post-jobs.ts'
import { loadRows } from './transfer-jobs.ts'

/** A list entry: rows down and bytes along. */
interface Entry {
  readonly row: number
  readonly byte: number
}

interface Weights {
  readonly weight: number
  readonly last_columns: number
  /** Bytes of a window that meet weights. */
  readonly lanes: number
}

/** Loads weights for `entries` x `blocks` blocks: all lanes or some, all columns of the last block or some. */
function loadWeights(
  b: ProgramBuilder,
  d: Draw,
  entries: number,
  blocks: number,
  precision: number,
  mostLanes: number,
): Weights {
  const { cols, rows } = b.target.array
  const columns = entries * blocks * cols
  const weight = anyPlace(d, capacities(b.target).weightColumns - columns)
  const last = d.int(0, 2) === 0 ? d.int(1, cols) : 0
  const top = d.pick(rows, d.int(1, rows))
  const mask = d.pick((1n << BigInt(top)) - 1n, BigInt(d.int(1, 2 ** Math.min(30, top) - 1)))
  const stream = d.pick(precision, d.int(precision, 3))
  const load = (column: number, groups: number, groupColumns: number): void => {
    const bytes = groups * groupColumns * rows
    const dram = d.pick(b.data(d, bytes), b.layout.constants + d.int(0, 4096 - Math.min(4096, bytes)))
    const shape = { groups, columns: groupColumns, group_step: groups > 1 ? cols : d.int(0, cols) }
    b.emit(d, 'load.weight', { dram, column, ...shape, lanes: mask, precision, stream })
  }
  if (last === 0) {
    const pieces = d.pick(1, entries * blocks)
    for (let p = 0; p < pieces; p++) {
      const part = columns / pieces
      if (d.pick(true, false)) load(weight + p * part, 1, part)
      else load(weight + p * part, part / cols, cols)
    }
  } else {
    if (blocks > 1) load(weight, 1, (blocks - 1) * entries * cols)
    load(weight + (blocks - 1) * entries * cols, entries, last)
  }
  return { weight, last_columns: last, lanes: Math.min(mostLanes, mask.toString(2).length) }
}

/** Puts a list into index memory; `shift` bytes are taken off each offset. */
function loadList(
  b: ProgramBuilder,
  d: Draw,
  entries: readonly Entry[],
  step: number,
  shift: number,
): number {
  const offsets = entries.map(({ row, byte }) => row * step + byte - shift)
  const list = anyPlace(d, capacities(b.target).indexEntries - entries.length)
  b.emit(d, 'load.index', { dram: b.constant(d, words(offsets)), list, entries: entries.length })
  return list
}

/** Accumulators for two tiles in turn, so that one is emptied while the other fills. */
function accumulators(b: ProgramBuilder, d: Draw, vectors: number): ((tile: number) => number) | undefined {
  const { accumulatorVectors } = capacities(b.target)
  if (vectors > accumulatorVectors) return undefined
  const last = accumulatorVectors - vectors
  const places = [anyPlace(d, last), anyPlace(d, last)]
  return (tile) => places[tile % 2] as number
}

/** Takes sums out: all blocks at once, which may follow mac closely, or each block by itself. */
function empty(b: ProgramBuilder, d: Draw, sums: Sums, avoid: readonly Span[] = [], bank?: number): void {
  const outputs = []
  if (sums.blocks > 1 && d.int(0, 3) === 0) {
    for (let block = 0; block < sums.blocks; block++) {
      const lanes = block === sums.blocks - 1 ? sums.lanes : b.target.array.cols
      const acc = sums.acc + block * sums.mx * sums.my
      outputs.push(postAcc(b, d, { ...sums, acc, blocks: 1, lanes }, avoid, bank))
    }
  } else outputs.push(postAcc(b, d, sums, avoid, bank))
  for (const i of outputs) if (i && (bank !== undefined || d.int(0, 2) === 0)) storeOutput(b, d, i)
}

/** Stores the rows of a post.acc, with the bytes between them or without. */
function storeOutput(b: ProgramBuilder, d: Draw, i: InstructionOf<'post.acc'>): void {
  const bytes = accRowBytes(i, b.target)
  const pitch = bytes + d.pick(0, d.int(0, 20))
  const dram = b.data(d, (i.my - 1) * pitch + bytes)
  const { out: act, y_step, ring_end, ring_size } = i
  b.emit(d, 'store', { rows: i.my, bytes, act, y_step, ring_end, ring_size, dram, dram_pitch: pitch })
}

export function denseJob(b: ProgramBuilder, d: Draw): void {
  denseTiles(b, d, d.int(1, 4))
}

/** Tiles whose inputs are loaded and outputs stored while others are computed, in four banks where there are so many. */
export function pipelineJob(b: ProgramBuilder, d: Draw): void {
  denseTiles(b, d, d.int(3, 8), d.int(0, b.target.memories.banks - 1))
}

function denseTiles(b: ProgramBuilder, d: Draw, tiles: number, firstBank?: number): void {
  const { target } = b
  const { cols, rows } = target.array
  const [mx, my] = [d.pick(d.int(1, 6), d.int(1, 24)), d.int(1, 4)]
  const entries = d.pick(d.int(1, 4), d.int(1, 12))
  const blocks = Math.min(d.int(1, 3), Math.floor(capacities(target).weightColumns / entries / cols))
  if (blocks < 1) return
  const precision = precisionOf(d, target)
  const weights = loadWeights(b, d, entries, blocks, precision, rows)
  const acc = accumulators(b, d, blocks * mx * my)
  if (!acc) return
  const xStep = d.pick(rows, cols, d.int(0, 2 * rows))
  const most = { row: d.int(0, 3), byte: d.pick(0, d.int(0, 3 * rows)) }
  const list = Array.from({ length: entries }, () => ({ row: d.int(0, most.row), byte: d.int(0, most.byte) }))
  const rowBytes = (mx - 1) * xStep + most.byte + weights.lanes
  const shape = { x_step: xStep, mx, my, entries, blocks, weight: weights.weight, precision }
  const accumulates = d.int(0, 4) === 0
  let listOf: { readonly step: number; readonly shift: number; readonly at: number } | undefined
  for (let tile = 0; tile < tiles; tile++) {
    const bank = firstBank === undefined ? undefined : firstBank + (tile % 2)
    const place = placeRows(d, target, my + most.row, rowBytes, true, bank)
    if (!place) return
    if (bank !== undefined) loadRows(b, d, my + most.row, rowBytes, place)
    if (listOf?.step !== place.step || place.start + listOf.shift >= capacities(target).activationBytes) {
      // The address of the first window at offset 0 must fit its field.
      const shift = Math.min(d.pick(0, d.int(0, 30)), capacities(target).activationBytes - 1 - place.start)
      listOf = { step: place.step, shift, at: loadList(b, d, list, place.step, shift) }
    }
    const more = tile > 0 && accumulates
    b.emit(d, 'mac.dense', {
      ...{ ...shape, ...windowsAt(place), input: place.start + listOf.shift, list: listOf.at },
      ...{ acc: acc(accumulates ? 0 : tile), accumulate: more ? 1 : 0, early: 0 },
      ...{ last_columns: weights.last_columns, unsigned: d.int(0, 1) },
    })
    const lanes = weights.last_columns || cols
    if (!accumulates || tile === tiles - 1)
      empty(
        b,
        d,
        { acc: acc(accumulates ? 0 : tile), mx, my, blocks, lanes },
        [],
        bank === undefined ? bank : bank + 2,
      )
  }
}

const windowsAt = (place: Rows) => ({
  y_step: place.step,
  in_ring_end: place.end,
  in_ring_size: place.size,
})

/** Depthwise tiles, down the rows of one map where they can resume. */
export function depthwiseJob(b: ProgramBuilder, d: Draw): void {
  const { target } = b
  const { cols, rows, line_words } = target.array
  if (!target.precisions.includes(8)) return
  const lines = d.int(1, rows >= 9 ? 3 : rows >= 6 ? 2 : 1)
  const taps = d.int(1, Math.min(3, rows - 3 * (lines - 1)))
  const [xStride, yStride] = [d.int(1, 3), d.int(1, 3)]
  const my = d.int(1, 3)
  const mx = Math.min(d.pick(d.int(1, 5), d.int(1, 16)), Math.floor((line_words - taps) / xStride) + 1)
  const resumes = yStride < lines && d.int(0, 2) > 0
  const tiles = d.int(1, 3)
  const [entries, blocks] = resumes ? [1, 1] : [d.int(1, 3), d.int(1, 2)]
  if (entries * blocks * cols > capacities(target).weightColumns) return
  const weights = loadWeights(b, d, entries, blocks, 0, cols)
  const acc = accumulators(b, d, blocks * mx * my)
  if (!acc) return
  const xStep = d.pick(blocks * cols, d.int(0, 2 * cols))
  const most = { row: resumes ? 0 : d.int(0, 2), byte: d.pick(0, d.int(0, 2 * cols)) }
  const list = Array.from({ length: entries }, () => ({ row: d.int(0, most.row), byte: d.int(0, most.byte) }))
  const mapRows = (tileRows: number) => (tileRows - 1) * yStride + lines + most.row
  const rowBytes = ((mx - 1) * xStride + taps - 1) * xStep + most.byte + blocks * cols
  const place = placeRows(d, target, mapRows(my * tiles), rowBytes)
  if (!place) return
  const at = loadList(b, d, list, place.step, 0)
  for (let tile = 0; tile < tiles; tile++) {
    const down = place.start + tile * my * yStride * place.step
    const i: InstructionOf<'mac.depthwise'> = {
      ...{ op: 'mac.depthwise', wait: 0, signal: 0, x_step: xStep, mx, my, entries, blocks },
      ...{ ...windowsAt(place), input: place.size > 0 && down >= place.end ? down - place.size : down },
      ...{ list: at, weight: weights.weight, last_columns: weights.last_columns, precision: 0 },
      ...{ acc: acc(tile), accumulate: 0, early: 0, lines, taps, x_stride: xStride, y_stride: yStride },
      resume: resumes && tile > 0 ? 1 : 0,
    }
    b.emit(d, 'mac.depthwise', i)
    // The rows that the next tile takes from the line buffers must stay the same in memory.
    const windows = list.map(({ row, byte }) => ({ offset: row * place.step + byte, bytes: cols }))
    const kept = resumes ? readSpans(i, target, { setup: undefined, windows }) : []
    empty(b, d, { acc: acc(tile), mx, my, blocks, lanes: weights.last_columns || cols }, kept)
  }
}
