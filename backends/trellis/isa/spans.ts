/**
 * The exact places of on-chip memory that an instruction reads and writes, where `footprint` gives ranges that enclose
 * them. Bytes between vectors and between rows are not touched; what is left out of a read must not matter either.
 */
import type { Target } from '../target.ts'
import { accBlockBytes, accOutputBytes } from './costs.ts'
import type { Space } from './footprint.ts'
import type { Instruction, InstructionOf } from './table.ts'

export type OnChip = Exclude<Space, 'dram'>

/** Places `start` to `end`, one past the last, in the unit of the memory. */
export interface Span {
  readonly space: OnChip
  readonly start: number
  readonly end: number
}

/** One list entry that a mac instruction walks: where its windows start, and how many of their bytes meet weights other than 0. */
export interface Window {
  readonly offset: number
  readonly bytes: number
}

/** What instructions before it said: the second operand, and the windows of a mac; undefined where that is not known. */
export interface Known {
  readonly setup: InstructionOf<'post.setup'> | undefined
  readonly windows: readonly Window[] | undefined
}

/** Rows of vectors in activation memory. */
interface Walk {
  readonly start: number
  readonly mx: number
  readonly my: number
  readonly xStep: number
  readonly yStep: number
  readonly ringEnd: number
  readonly ringSize: number
  /** Bytes of vector x. */
  readonly bytesAt: (x: number) => number
}

type Vectors = InstructionOf<'post.binary' | 'post.unary' | 'post.pool'>
type Mac = InstructionOf<'mac.dense'> | InstructionOf<'mac.depthwise'>

/** What `i` reads of on-chip memories. */
export function readSpans(i: Instruction, target: Target, known: Known): Span[] {
  switch (i.op) {
    case 'mac.dense':
      return [...macMemories(i, target), ...denseWindows(i, known.windows ?? [])]
    case 'mac.depthwise':
      return [...macMemories(i, target), ...depthwiseWindows(i, known.windows ?? [], target)]
    case 'post.acc':
      return [
        ...(i.zeros === 1 ? [] : [span('accumulator', i.acc, i.blocks * i.mx * i.my)]),
        span('parameter', i.param, i.blocks * accBlockBytes(i, target)),
        ...(i.mode === 2 ? [span('table', i.table, 1)] : []),
        ...(i.mode === 1 ? operand(i, known, () => (i.blocks - 1) * target.array.cols + i.last_lanes) : []),
      ]
    case 'post.binary':
      return [...walk(inputOf(i, target)), ...operand(i, known, (x) => lanesOf(i, x, target))]
    case 'post.unary':
      return [...walk(inputOf(i, target)), ...(i.mode === 2 ? [span('table', i.table, 1)] : [])]
    case 'post.pool': {
      const spans: Span[] = []
      for (let ky = 0; ky < i.ky; ky++) {
        for (let kx = 0; kx < i.kx; kx++) {
          const input = inputOf(i, target)
          // A window's row wraps with its own start, so each window row is a walk of its own.
          for (const s of walk({ ...input, start: i.input + ky * i.ky_step }))
            spans.push({ ...s, start: s.start + kx * i.kx_step, end: s.end + kx * i.kx_step })
        }
      }
      return spans
    }
    case 'store':
      return walk(rowsOf(i.act, i.rows, i.y_step, i.bytes, i))
    default:
      return []
  }
}

/** What `i` writes in on-chip memories. */
export function writtenSpans(i: Instruction, target: Target): Span[] {
  switch (i.op) {
    case 'load.act':
      return walk(rowsOf(i.act, i.rows, i.y_step, i.pad_left + i.bytes + i.pad_right, i))
    case 'load.fill':
      return walk(rowsOf(i.act, i.rows, i.y_step, i.bytes, i))
    case 'post.fill':
      return walk(rowsOf(i.out, i.rows, i.y_step, i.bytes, i))
    case 'load.weight':
      return Array.from({ length: i.groups }, (_, g) =>
        span('weight', i.column + g * i.group_step, i.columns),
      )
    case 'load.index':
      return [span('index', i.list, i.entries)]
    case 'load.param':
      return [span('parameter', i.param, i.bytes)]
    case 'load.table':
      return [span('table', i.table, 1)]
    case 'mac.dense':
    case 'mac.depthwise':
      return [span('accumulator', i.acc, i.blocks * i.mx * i.my)]
    case 'post.acc': {
      const bytes = accOutputBytes(i, (i.blocks - 1) * target.array.cols + i.last_lanes)
      return walk({ ...outputOf(i, target), bytesAt: () => bytes })
    }
    case 'post.binary':
    case 'post.unary':
    case 'post.pool':
      return walk(outputOf(i, target))
    default:
      return []
  }
}

const span = (space: OnChip, start: number, length: number): Span => ({ space, start, end: start + length })

type Ringed = { readonly ring_end: number; readonly ring_size: number }

function rowsOf(start: number, my: number, yStep: number, bytes: number, i: Ringed): Walk {
  return {
    ...{ start, mx: 1, my, xStep: 0, yStep, ringEnd: i.ring_end, ringSize: i.ring_size },
    bytesAt: () => bytes,
  }
}

function inputOf(i: Vectors, target: Target): Walk {
  return {
    ...{ start: i.input, mx: i.mx, my: i.my, xStep: i.in_x_step, yStep: i.in_y_step },
    ...{ ringEnd: i.in_ring_end, ringSize: i.in_ring_size },
    bytesAt: (x) => lanesOf(i, x, target),
  }
}

function outputOf(i: Vectors | InstructionOf<'post.acc'>, target: Target): Walk {
  return {
    ...{ start: i.out, mx: i.mx, my: i.my, xStep: i.x_step, yStep: i.y_step },
    ...{ ringEnd: i.ring_end, ringSize: i.ring_size },
    bytesAt: (x) => (i.op === 'post.acc' ? 0 : lanesOf(i, x, target)),
  }
}

function lanesOf(i: Vectors, x: number, target: Target): number {
  return i.every === 1 || x === i.mx - 1 ? i.last_lanes : target.array.cols
}

function operand(
  i: InstructionOf<'post.acc' | 'post.binary'>,
  { setup }: Known,
  bytesAt: (x: number) => number,
): Span[] {
  if (setup === undefined) return []
  return walk({
    ...{ start: setup.operand, mx: i.mx, my: i.my, xStep: setup.x_step, yStep: setup.y_step },
    ...{ ringEnd: setup.ring_end, ringSize: setup.ring_size },
    bytesAt,
  })
}

/** The bytes of rows of vectors; neighbours that touch are one span. */
function walk(w: Walk): Span[] {
  const spans: Span[] = []
  for (let y = 0; y < w.my; y++) {
    const row = wrap(w.start + y * w.yStep, w.ringEnd, w.ringSize)
    appendRow(spans, row, w.mx, w.xStep, w.bytesAt)
  }
  return spans
}

/** `mx` vectors from `row` on. */
function appendRow(
  spans: Span[],
  row: number,
  mx: number,
  xStep: number,
  bytesAt: (x: number) => number,
): void {
  let start = row
  let end = row
  for (let x = 0; x < mx; x++) {
    const at = row + x * xStep
    if (at > end) {
      if (end > start) spans.push({ space: 'activation', start, end })
      start = at
    }
    end = Math.max(end, at + bytesAt(x))
  }
  if (end > start) spans.push({ space: 'activation', start, end })
}

function wrap(address: number, ringEnd: number, ringSize: number): number {
  return ringSize > 0 && address >= ringEnd ? address - ringSize : address
}

function macMemories(i: Mac, target: Target): Span[] {
  const { cols } = target.array
  const spans = [span('index', i.list, i.entries)]
  const whole = i.last_columns > 0 && i.last_columns < cols ? i.blocks - 1 : i.blocks
  if (whole > 0) spans.push(span('weight', i.weight, whole * i.entries * cols))
  for (let e = 0; whole < i.blocks && e < i.entries; e++)
    spans.push(span('weight', i.weight + (whole * i.entries + e) * cols, i.last_columns))
  if (i.accumulate === 1) spans.push(span('accumulator', i.acc, i.blocks * i.mx * i.my))
  return spans
}

function denseWindows(i: InstructionOf<'mac.dense'>, windows: readonly Window[]): Span[] {
  const spans: Span[] = []
  for (const { offset, bytes } of windows)
    for (let y = 0; y < i.my; y++) windowRow(spans, i, i.input + offset + y * i.y_step, i.mx, i.x_step, bytes)
  return spans
}

/** Of the pixels that are streamed only those that an output uses. */
function depthwiseWindows(
  i: InstructionOf<'mac.depthwise'>,
  windows: readonly Window[],
  target: Target,
): Span[] {
  const spans: Span[] = []
  const { cols } = target.array
  const rows = new Set<number>()
  for (let y = 0; y < i.my; y++) for (let line = 0; line < i.lines; line++) rows.add(y * i.y_stride + line)
  for (const { offset, bytes } of windows) {
    const wordBytes = (i.blocks - 1) * cols + bytes
    for (const row of rows) {
      const first = i.input + offset + row * i.y_step
      for (let tap = 0; tap < i.taps; tap++)
        windowRow(spans, i, first + tap * i.x_step, i.mx, i.x_step * i.x_stride, wordBytes)
    }
  }
  return spans
}

/** A row of windows, each of which wraps with its own start. */
function windowRow(spans: Span[], i: Mac, row: number, mx: number, xStep: number, bytes: number): void {
  if (bytes === 0) return
  const last = row + (mx - 1) * xStep
  const { in_ring_end: end, in_ring_size: size } = i
  if (size > 0 && row < end && last >= end) {
    for (let x = 0; x < mx; x++) appendRow(spans, wrap(row + x * xStep, end, size), 1, 0, () => bytes)
  } else appendRow(spans, wrap(row, end, size), mx, xStep, () => bytes)
}
