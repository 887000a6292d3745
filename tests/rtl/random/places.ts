/** Random places in activation memory: in one bank more often than across several, so that units can work side by side. */
import { overlap } from '../../../backends/trellis/isa/footprint.ts'
import { readSpans, type Span, writtenSpans } from '../../../backends/trellis/isa/spans.ts'
import type { Instruction, InstructionOf } from '../../../backends/trellis/isa/table.ts'
import { capacities, type Target } from '../../../backends/trellis/target.ts'
import type { Draw } from '../../sim/model/instructions.ts'
import { anyPlace } from './builder.ts'

/** Rows of bytes, `step` apart, that wrap at `end` by `size` bytes; `size` 0: they do not. */
export interface Rows {
  readonly start: number
  readonly step: number
  readonly end: number
  readonly size: number
}

/** A piece of activation memory of at least `bytes` bytes, in a bank if it fits. */
function piece(
  d: Draw,
  target: Target,
  bytes: number,
  wanted: number | undefined,
): { readonly from: number; readonly to: number } {
  const { activationBytes, bankBytes } = capacities(target)
  const { banks } = target.memories
  if (bytes > bankBytes || (wanted === undefined && d.int(0, 5) === 0))
    return { from: 0, to: activationBytes }
  const bank = wanted === undefined ? d.int(0, banks - 1) : wanted % banks
  return { from: bank * bankBytes, to: (bank + 1) * bankBytes }
}

/**
 * A place for `rows` rows of `bytes` bytes each, or undefined if they do not fit. No row straddles the end of a ring: it
 * would leave the ring there. `apart`: rows do not overlap. `bank`: where they stand if they fit; else any.
 */
export function placeRows(
  d: Draw,
  target: Target,
  rows: number,
  bytes: number,
  apart = true,
  bank?: number,
): Rows | undefined {
  if (d.int(0, 3) === 0) {
    const ring = placeRing(d, target, rows, bytes, bank)
    if (ring) return ring
  }
  const { activationBytes } = capacities(target)
  let step = apart ? bytes + d.pick(0, 0, d.int(0, 40)) : d.int(0, bytes + 20)
  if ((rows - 1) * step + bytes > activationBytes) step = bytes
  const all = (rows - 1) * step + bytes
  if (all > activationBytes) return undefined
  const { from, to } = piece(d, target, all, bank)
  return { start: from + anyPlace(d, to - from - all), step, end: 0, size: 0 }
}

function placeRing(
  d: Draw,
  target: Target,
  rows: number,
  bytes: number,
  bank: number | undefined,
): Rows | undefined {
  const step = Math.ceil((bytes + d.int(0, 12)) / 16) * 16
  const places = rows + d.int(0, 3)
  const size = step * places
  if (size > capacities(target).activationBytes) return undefined
  const { from, to } = piece(d, target, size, bank)
  const base = from + 16 * anyPlace(d, (to - from - size) >> 4)
  const start = base + step * d.int(0, places - 1) + d.int(0, step - bytes)
  return { start, step, end: base + size, size }
}

/** Whether an instruction writes what it reads itself: when, units are free to choose. */
export function overlapsItself(
  i: Instruction,
  target: Target,
  setup: InstructionOf<'post.setup'> | undefined,
): boolean {
  const written = writtenSpans(i, target)
  const read = readSpans(i, target, { setup, windows: undefined })
  return written.some((w) => read.some((r) => meet(w, r)))
}

export function meet(a: Span, b: Span): boolean {
  return a.space === b.space && overlap(a, b)
}
