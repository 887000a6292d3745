/** What each instruction does to the on-chip memories: the one home of the counts behind energy and reports. */
import {
  accBlockBytes,
  accOutputBytes,
  depthwisePixels,
  macCost,
  WEIGHT_COLUMNS_PER_CYCLE,
} from '../backends/trellis/isa/costs.ts'
import type { Instruction, InstructionOf } from '../backends/trellis/isa/table.ts'
import { portBytes, type Target } from '../backends/trellis/target.ts'
import { unreachable } from '../ir/diagnostic.ts'

/** `line` are the two line buffers of depthwise; `table` the lookup tables. */
export const MEMORIES = [
  'activation',
  'weight',
  'accumulator',
  'parameter',
  'index',
  'table',
  'line',
] as const
export type Memory = (typeof MEMORIES)[number]

/**
 * An access is one use of a port: a window or vector of activations, two columns of weights, one accumulator vector,
 * one parameter word, one list entry, one table byte, one word of a line buffer.
 */
export interface Counts {
  reads: number
  readBytes: number
  writes: number
  writeBytes: number
}
export type AccessCounts = Readonly<Record<Memory, Counts>>

export function noAccesses(): AccessCounts {
  const none = (): Counts => ({ reads: 0, readBytes: 0, writes: 0, writeBytes: 0 })
  return Object.fromEntries(MEMORIES.map((m) => [m, none()])) as Record<Memory, Counts>
}

export function countAccesses(instruction: Instruction, target: Target): AccessCounts {
  const counts = noAccesses()
  addAccesses(counts, instruction, target)
  return counts
}

/** Adds what one instruction does to `counts`. */
export function addAccesses(counts: AccessCounts, i: Instruction, target: Target): void {
  const { rows, cols } = target.array
  const port = portBytes(target)
  const read = (memory: Memory, times: number, bytes: number): void => {
    counts[memory].reads += times
    counts[memory].readBytes += bytes
  }
  const write = (memory: Memory, times: number, bytes: number): void => {
    counts[memory].writes += times
    counts[memory].writeBytes += bytes
  }
  /** Rows of bytes through the activation port. */
  const words = (rowCount: number, bytes: number): number => rowCount * Math.ceil(bytes / port)

  switch (i.op) {
    case 'load.act': {
      const bytes = i.pad_left + i.bytes + i.pad_right
      write('activation', words(i.rows, bytes), i.rows * bytes)
      return
    }
    case 'load.fill':
    case 'post.fill':
      write('activation', words(i.rows, i.bytes), i.rows * i.bytes)
      return
    case 'load.weight': {
      const columns = i.groups * i.columns
      write('weight', Math.ceil(columns / WEIGHT_COLUMNS_PER_CYCLE), columns * rows)
      return
    }
    case 'load.index':
      write('index', i.entries, 4 * i.entries)
      return
    case 'load.param':
      write('parameter', Math.ceil(i.bytes / target.dram.bytes_per_cycle), i.bytes)
      return
    case 'load.table':
      write('table', 256, 256)
      return
    case 'mac.dense':
    case 'mac.depthwise': {
      const { blocks, setupCycles } = macCost(i, target)
      const vectors = i.mx * i.my
      read('index', blocks, 4 * blocks)
      read('weight', blocks * setupCycles, blocks * cols * rows)
      if (i.op === 'mac.dense') {
        read('activation', blocks * vectors, blocks * vectors * rows)
      } else {
        const pixels = blocks * depthwisePixels(i)
        read('activation', pixels, pixels * cols)
        read('line', pixels * (i.lines - 1), pixels * (i.lines - 1) * cols)
        write('line', pixels * (i.lines - 1), pixels * (i.lines - 1) * cols)
      }
      const overwritten = i.accumulate === 1 ? 0 : i.blocks
      read('accumulator', (blocks - overwritten) * vectors, (blocks - overwritten) * vectors * 4 * cols)
      write('accumulator', blocks * vectors, blocks * vectors * 4 * cols)
      return
    }
    case 'post.acc': {
      const vectors = i.mx * i.my
      const lanes = vectors * ((i.blocks - 1) * cols + i.last_lanes)
      const bytes = vectors * accOutputBytes(i, (i.blocks - 1) * cols + i.last_lanes)
      const blockBytes = accBlockBytes(i, target)
      if (i.zeros === 0) read('accumulator', i.blocks * vectors, i.blocks * vectors * 4 * cols)
      read('parameter', i.blocks * Math.ceil(blockBytes / port), i.blocks * blockBytes)
      if (i.mode === 1) read('activation', i.blocks * vectors, lanes)
      if (i.mode === 2) read('table', lanes, lanes)
      write('activation', i.blocks * vectors, bytes)
      return
    }
    case 'post.binary':
    case 'post.unary':
    case 'post.pool': {
      const vectors = i.mx * i.my
      const bytes = vectorBytes(i, cols)
      const operands = i.op === 'post.pool' ? i.kx * i.ky : i.op === 'post.binary' ? 2 : 1
      read('activation', vectors * operands, bytes * operands)
      if (i.op === 'post.unary' && i.mode === 2) read('table', bytes, bytes)
      write('activation', vectors, bytes)
      return
    }
    case 'store':
      read('activation', words(i.rows, i.bytes), i.rows * i.bytes)
      return
    case 'post.setup':
    case 'end':
      return
    default:
      unreachable(i)
  }
}

/** Bytes of all the vectors of a post instruction, partial ones as far as they are valid. */
function vectorBytes(
  i: Pick<InstructionOf<'post.unary'>, 'mx' | 'my' | 'last_lanes' | 'every'>,
  cols: number,
): number {
  return i.my * (i.every === 1 ? i.mx * i.last_lanes : (i.mx - 1) * cols + i.last_lanes)
}
