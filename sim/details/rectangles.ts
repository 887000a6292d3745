/** Pieces of a tensor, which come tile by tile, made into as few rectangles of places and cycles as say the same. */
import { must } from '../../ir/diagnostic.ts'
import type { Piece } from './residency.ts'

/** A rectangle may be at most this many times as large as the pieces in it together. */
const MOST_AREA = 2

/** So many boxes of the same tensor that begin last before a box are tried as neighbours. */
const NEIGHBOURS = 8

/** Cells into which a memory is cut, so that a rectangle is compared with what is near it alone. */
const CELLS = 64

interface Box extends Piece {
  /** Places x cycles of the pieces in it. */
  readonly mass: number
}

/**
 * Rectangles that hold all of `pieces`, which do not overlap; each is of one tensor. Nor do they overlap, and at least half of
 * each was really in use. `size` is the number of places of the memory.
 */
export function rectangles(pieces: readonly Piece[], size: number): Piece[] {
  const space = new Space(size)
  const byTensor = new Map<number, Box[]>()
  for (const piece of pieces) {
    const box = { ...piece, mass: (piece.end - piece.start) * (piece.to - piece.from) }
    space.add(box)
    const boxes = byTensor.get(piece.tensor)
    if (boxes) boxes.push(box)
    else byTensor.set(piece.tensor, [box])
  }
  const all = [...byTensor.values()].flatMap((boxes) => merged(boxes, space))
  return all
    .map(({ mass: _, ...piece }): Piece => piece)
    .sort((a, b) => a.from - b.from || a.start - b.start || a.to - b.to)
}

/** Merges neighbours among the boxes of one tensor until no two of them can be. */
function merged(boxes: readonly Box[], space: Space): Box[] {
  const alive = new Set(boxes)
  for (let before = 0; before !== alive.size; ) {
    before = alive.size
    let seen: Box[] = []
    for (const box of [...alive].sort((a, b) => a.from - b.from || a.start - b.start)) {
      if (!alive.has(box)) continue
      let grown = box
      for (let back = 1; back <= Math.min(seen.length, NEIGHBOURS); back++) {
        const enclosed = space.enclose(must(seen.at(-back), 'box'), grown)
        if (enclosed === undefined) continue
        for (const member of enclosed.members) {
          space.remove(member)
          alive.delete(member)
        }
        space.add(enclosed.box)
        alive.add(enclosed.box)
        seen = seen.filter((other) => alive.has(other))
        grown = enclosed.box
        back = 0
      }
      seen.push(grown)
    }
  }
  return [...alive]
}

function union(a: Box, b: Box): Box {
  return {
    start: Math.min(a.start, b.start),
    end: Math.max(a.end, b.end),
    tensor: a.tensor,
    from: Math.min(a.from, b.from),
    to: Math.max(a.to, b.to),
    mass: a.mass + b.mass,
  }
}

function isMostlyEmpty({ start, end, from, to, mass }: Box): boolean {
  return (end - start) * (to - from) > MOST_AREA * mass
}

/** The boxes of all tensors, by the cells that they touch. */
class Space {
  readonly #cellSize: number
  readonly #cells: readonly Set<Box>[] = Array.from({ length: CELLS }, () => new Set<Box>())

  constructor(size: number) {
    this.#cellSize = Math.max(1, Math.ceil(size / CELLS))
  }

  add(box: Box): void {
    for (const cell of this.#touched(box)) cell.add(box)
  }

  remove(box: Box): void {
    for (const cell of this.#touched(box)) cell.delete(box)
  }

  /**
   * The box around `a` and `b`, of one tensor, and all boxes of that tensor which it overlaps; undefined where another tensor's
   * is in the way or too much of it would be empty.
   */
  enclose(a: Box, b: Box): { readonly box: Box; readonly members: ReadonlySet<Box> } | undefined {
    const members = new Set([a, b])
    let box = union(a, b)
    if (isMostlyEmpty(box)) return undefined
    for (let before = 0; before !== members.size; ) {
      before = members.size
      for (const other of this.#overlapping(box)) {
        if (other.tensor !== box.tensor) return undefined
        if (members.has(other)) continue
        members.add(other)
        box = union(box, other)
      }
    }
    return isMostlyEmpty(box) ? undefined : { box, members }
  }

  *#overlapping({ start, end, from, to }: Box): Iterable<Box> {
    for (const cell of this.#touched({ start, end }))
      for (const box of cell)
        if (box.start < end && box.end > start && box.from < to && box.to > from) yield box
  }

  #touched({ start, end }: Pick<Box, 'start' | 'end'>): readonly Set<Box>[] {
    const last = Math.floor((end - 1) / this.#cellSize)
    return this.#cells.slice(Math.floor(start / this.#cellSize), last + 1)
  }
}
