/** Convolutions whose column blocks each walk a list of their own, without the blocks of weights that are all 0. */
import { must } from '../../../ir/diagnostic.ts'
import type { BlockList, Entry } from '../schedule/blocks.ts'
import type { Emitter } from './emitter.ts'
import { ownPiece } from './mac-constants.ts'
import { emitDense, type PhasePart, PIECE_COLUMNS, post, type Region, steps } from './regions.ts'

/** Some entries of one column block's list. */
interface Walk {
  readonly block: number
  readonly entries: readonly Entry[]
  /** Not the first of its block. */
  readonly accumulate: boolean
  readonly last: boolean
}

export function emitOwnLists(e: Emitter, part: PhasePart, lists: readonly BlockList[]): void {
  const { cols } = e.target.array
  // Half of each memory for what one load brings, the other half for the next.
  const most = Math.min(
    Math.floor(e.weightMemory.capacity / 2 / cols),
    Math.floor(e.indexMemory.capacity / 2),
  )
  const pieces = piecesOf(lists, most, Math.min(most, Math.ceil(PIECE_COLUMNS / cols)))
  const total = lists.reduce((n, list) => n + list.entries.length, 0)
  const allFit =
    total * cols * part.stage.phases.length <= e.weightMemory.capacity &&
    total * part.stage.phases.length <= e.indexMemory.capacity
  if (allFit) {
    e.weightMemory.keepTogether(total * cols)
    e.indexMemory.keepTogether(total)
  }
  /** The accumulators of a block that is walked in several pieces stay in use meanwhile, so its pieces follow one another. */
  const runs = allFit ? [pieces] : wholeBlocks(pieces)
  for (const run of runs) {
    for (const t of part.tiles()) {
      let acc = 0
      for (const piece of run) {
        for (const walk of piece) {
          const r: Region = { ...t, block: walk.block, nb: 1 }
          acc = emitWalk(e, part, piece, walk, r, acc)
        }
      }
    }
  }
}

/** Computes a region's share of a walk, after the last one of its block its outputs; returns where its accumulators are. */
function emitWalk(
  e: Emitter,
  part: PhasePart,
  piece: readonly Walk[],
  walk: Walk,
  r: Region,
  before: number,
): number {
  const { stage, kernel } = part
  if (walk.entries.length === 0) {
    part.beforeFirst(r, 1)
    post(e, stage, kernel, r, 'zeros', 1, part.out)
    return before
  }
  const acc = walk.accumulate ? before : e.accumulators(r.mx * r.my)
  const loaded = ownPiece(e, stage.layer, kernel, piece)
  part.beforeFirst(r, 1)
  const at = piece.slice(0, piece.indexOf(walk)).reduce((n, w) => n + w.entries.length, 0)
  emitDense(e, part, r, walk.entries, {
    list: loaded.list + at,
    weight: loaded.column + at * e.target.array.cols,
    acc,
    accumulate: walk.accumulate ? 1 : 0,
  })
  if (walk.last) post(e, stage, kernel, r, acc, 1, part.out)
  return acc
}

/** Walks in pieces of about `wanted` entries, and at most `most`, each of which is loaded at once. */
function piecesOf(lists: readonly BlockList[], most: number, wanted: number): Walk[][] {
  const pieces: Walk[][] = []
  let room = 0
  lists.forEach(({ entries }, block) => {
    const walks: Walk[] = []
    if (entries.length === 0) walks.push({ block, entries, accumulate: false, last: true })
    for (const [start, count] of steps(0, entries.length, most)) {
      const end = start + count
      const last = end === entries.length
      walks.push({ block, entries: entries.slice(start, end), accumulate: start > 0, last })
    }
    for (const walk of walks) {
      if (pieces.length === 0 || walk.entries.length > room) {
        pieces.push([])
        room = Math.max(wanted, walk.entries.length)
      }
      must(pieces.at(-1), 'piece').push(walk)
      room -= walk.entries.length
    }
  })
  return pieces
}

/** Runs of pieces, each of which begins and ends with whole blocks. */
function wholeBlocks(pieces: readonly Walk[][]): Walk[][][] {
  const runs: Walk[][][] = []
  for (const piece of pieces) {
    if (piece[0]?.accumulate) must(runs.at(-1), 'run').push(piece)
    else runs.push([piece])
  }
  return runs
}
