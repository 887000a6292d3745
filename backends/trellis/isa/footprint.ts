/**
 * What memory an instruction touches: the ranges that the compiler orders, the verifier checks and the simulator
 * asserts. Ranges enclose whole rows; the zero-weighted bytes that a window reads past a row's end are not counted
 * (every tensor is followed by room for one window).
 */
import { unreachable } from '../../../ir/diagnostic.ts'
import type { Target } from '../target.ts'
import { weightStreamBytes } from './bursts.ts'
import { accBlockBytes, accOutputBytes } from './costs.ts'
import type { Instruction, InstructionOf } from './table.ts'

/** Memories, each with its own addresses: bytes, but columns in weight, vectors in accumulator, entries in index. */
export const SPACES = ['dram', 'activation', 'weight', 'index', 'parameter', 'accumulator', 'table'] as const
export type Space = (typeof SPACES)[number]

export interface Access {
  readonly space: Space
  readonly write: boolean
  readonly start: number
  /** One past the last. */
  readonly end: number
}

/** Whether two ranges of one memory share a place. */
export function overlap(a: Pick<Access, 'start' | 'end'>, b: Pick<Access, 'start' | 'end'>): boolean {
  return a.start < b.end && b.start < a.end
}

interface Ring {
  readonly end: number
  readonly size: number
}

/** `count` rows of `bytes` bytes, `step` apart: one enclosing range, or two where the ring wraps. */
function rows(
  write: boolean,
  start: number,
  count: number,
  step: number,
  bytes: number,
  ring: Ring,
): Access[] {
  return wrapped(write, start, start + (count - 1) * step + bytes, ring)
}

function wrapped(write: boolean, start: number, end: number, ring: Ring): Access[] {
  const range = (from: number, to: number): Access => ({ space: 'activation', write, start: from, end: to })
  if (ring.size === 0) return [range(start, end)]
  const base = ring.end - ring.size
  if (end - start >= ring.size) return [range(base, ring.end)]
  const shift = start >= ring.end ? ring.size : 0
  const from = start - shift
  const to = end - shift
  return to <= ring.end ? [range(from, to)] : [range(from, ring.end), range(base, to - ring.size)]
}

const span = (space: Space, write: boolean, start: number, length: number): Access => ({
  space,
  write,
  start,
  end: start + length,
})

/**
 * The list entries that a mac instruction walks are data, so who asks gives their smallest and largest offset, and
 * how many bytes of the last window matter (fewer than `rows` lanes where its weights end in zeros).
 */
export interface ListExtent {
  readonly lowest: number
  readonly highest: number
  readonly windowBytes: number
}

export function footprint(i: Instruction, target: Target, list?: ListExtent): Access[] {
  const { cols } = target.array
  switch (i.op) {
    case 'load.act':
      return [
        ...dramRows(false, i.dram, i.rows, i.dram_pitch, i.bytes),
        ...rows(true, i.act, i.rows, i.y_step, i.pad_left + i.bytes + i.pad_right, {
          end: i.ring_end,
          size: i.ring_size,
        }),
      ]
    case 'load.fill':
      return rows(true, i.act, i.rows, i.y_step, i.bytes, { end: i.ring_end, size: i.ring_size })
    case 'load.weight':
      return [
        span('dram', false, i.dram, weightStreamBytes(i)),
        span('weight', true, i.column, (i.groups - 1) * i.group_step + i.columns),
      ]
    case 'load.index':
      return [span('dram', false, i.dram, i.entries * 4), span('index', true, i.list, i.entries)]
    case 'load.param':
      return [span('dram', false, i.dram, i.bytes), span('parameter', true, i.param, i.bytes)]
    case 'load.table':
      return [span('dram', false, i.dram, 256), span('table', true, i.table, 1)]
    case 'mac.dense': {
      const extent = list ?? { lowest: 0, highest: 0, windowBytes: target.array.rows }
      return [
        ...windowRows(i, (i.mx - 1) * i.x_step + extent.windowBytes, i.my, extent),
        ...macMemories(i, target),
      ]
    }
    case 'mac.depthwise': {
      const extent = list ?? { lowest: 0, highest: 0, windowBytes: cols }
      const columns = (i.mx - 1) * i.x_stride + i.taps
      const bytes = (columns - 1) * i.x_step + (i.blocks - 1) * cols + extent.windowBytes
      return [...windowRows(i, bytes, (i.my - 1) * i.y_stride + i.lines, extent), ...macMemories(i, target)]
    }
    case 'post.setup':
    case 'end':
      return []
    case 'post.acc':
      return [
        ...(i.zeros === 1 ? [] : [span('accumulator', false, i.acc, i.blocks * i.mx * i.my)]),
        span('parameter', false, i.param, i.blocks * accBlockBytes(i, target)),
        ...(i.mode === 2 ? [span('table', false, i.table, 1)] : []),
        ...rows(true, i.out, i.my, i.y_step, accRowBytes(i, target), {
          end: i.ring_end,
          size: i.ring_size,
        }),
      ]
    case 'post.binary':
    case 'post.unary':
      return [
        ...rows(false, i.input, i.my, i.in_y_step, rowOfVectors(i, i.in_x_step, target), {
          end: i.in_ring_end,
          size: i.in_ring_size,
        }),
        ...(i.op === 'post.unary' && i.mode === 2 ? [span('table', false, i.table, 1)] : []),
        ...rows(true, i.out, i.my, i.y_step, rowOfVectors(i, i.x_step, target), {
          end: i.ring_end,
          size: i.ring_size,
        }),
      ]
    case 'post.pool': {
      // Window rows interleave with rows of windows: the enclosing range starts at the first and ends with the last.
      const bytes = rowOfVectors(i, i.in_x_step, target) + (i.ky - 1) * i.ky_step + (i.kx - 1) * i.kx_step
      return [
        ...rows(false, i.input, i.my, i.in_y_step, bytes, { end: i.in_ring_end, size: i.in_ring_size }),
        ...rows(true, i.out, i.my, i.y_step, rowOfVectors(i, i.x_step, target), {
          end: i.ring_end,
          size: i.ring_size,
        }),
      ]
    }
    case 'post.fill':
      return rows(true, i.out, i.rows, i.y_step, i.bytes, { end: i.ring_end, size: i.ring_size })
    case 'store':
      return [
        ...rows(false, i.act, i.rows, i.y_step, i.bytes, { end: i.ring_end, size: i.ring_size }),
        ...dramRows(true, i.dram, i.rows, i.dram_pitch, i.bytes),
      ]
    default:
      return unreachable(i)
  }
}

/**
 * The second operand that an instruction reads where the last `post.setup` says: post.binary, and post.acc in mode 1.
 * These reads are not in `footprint`, because the instruction alone does not know them.
 */
export function operandFootprint(
  i: Instruction,
  setup: InstructionOf<'post.setup'>,
  target: Target,
): Access[] {
  if (i.op !== 'post.binary' && !(i.op === 'post.acc' && i.mode === 1)) return []
  const bytes =
    i.op === 'post.acc'
      ? (i.mx - 1) * setup.x_step + (i.blocks - 1) * target.array.cols + i.last_lanes
      : rowOfVectors(i, setup.x_step, target)
  return rows(false, setup.operand, i.my, setup.y_step, bytes, { end: setup.ring_end, size: setup.ring_size })
}

/**
 * Whether an early token of `mac` is enough for `post` to read its accumulators: it reads the same ones, in the order in
 * which they are written.
 */
export function followsClosely(post: Instruction, mac: Instruction): boolean {
  if (post.op !== 'post.acc' || (mac.op !== 'mac.dense' && mac.op !== 'mac.depthwise')) return false
  return mac.acc === post.acc && mac.mx === post.mx && mac.my === post.my && mac.blocks === post.blocks
}

/** Bytes that a row of a post.acc's results encloses. */
export function accRowBytes(i: InstructionOf<'post.acc'>, target: Target): number {
  return (i.mx - 1) * i.x_step + accOutputBytes(i, (i.blocks - 1) * target.array.cols + i.last_lanes)
}

type Vectors = Pick<InstructionOf<'post.unary'>, 'mx' | 'last_lanes' | 'every'>

/**
 * Bytes that a row of vectors encloses. Without `every` all but the last vector are whole, so where they overlap
 * (x step < cols) the one before it may reach further.
 */
export function rowOfVectors(i: Vectors, xStep: number, target: Target): number {
  const last = (i.mx - 1) * xStep + i.last_lanes
  return i.mx === 1 || i.every === 1 ? last : Math.max(last, (i.mx - 2) * xStep + target.array.cols)
}

function dramRows(write: boolean, start: number, count: number, pitch: number, bytes: number): Access[] {
  return [span('dram', write, start, (count - 1) * pitch + bytes)]
}

type Mac = Extract<Instruction, { readonly op: `mac.${string}` }>

function windowRows(i: Mac, bytes: number, count: number, list: ListExtent): Access[] {
  const length = bytes + (list.highest - list.lowest)
  return rows(false, i.input + list.lowest, count, i.y_step, length, {
    end: i.in_ring_end,
    size: i.in_ring_size,
  })
}

function macMemories(i: Mac, target: Target): Access[] {
  return [
    span('index', false, i.list, i.entries),
    span('weight', false, i.weight, i.entries * i.blocks * target.array.cols),
    span('accumulator', true, i.acc, i.blocks * i.mx * i.my),
  ]
}
