/** Random instructions for a target: mostly legal, small, with and without rings. */
import fc, { type GeneratorValue } from 'fast-check'
import type { InstructionOf, Opcode } from '../../../backends/trellis/isa/table.ts'
import { capacities, type Target } from '../../../backends/trellis/target.ts'

/** A target of any shape; memories are small so that edges are met often. */
export function targetOf(rows: number, cols: number, overrides: Partial<Target> = {}): Target {
  return {
    name: `test-${rows}x${cols}`,
    clock_mhz: 100,
    array: { rows, cols, post_lanes: cols, line_words: 128 },
    precisions: [8],
    memories: {
      activation_kib: 4,
      weight_kib: 8,
      accumulator_kib: 8,
      parameter_kib: 4,
      index_kib: 0.5,
      banks: 4,
    },
    dram: { bytes_per_cycle: 8, latency_cycles: 10, model: 'fixed' },
    energy: '45nm',
    ...overrides,
  }
}

export const SHAPES: readonly (readonly [rows: number, cols: number])[] = [
  [4, 4],
  [8, 8],
  [16, 16],
  [8, 16],
  [16, 4],
  [12, 20],
  [32, 8],
]

export const DRAM_BYTES = 4096

export interface Draw {
  readonly int: (min: number, max: number) => number
  readonly pick: <T>(...choices: readonly T[]) => T
}

export function drawFrom(g: GeneratorValue): Draw {
  const int = (min: number, max: number): number => g(fc.integer, { min, max: Math.max(min, max) })
  return { int, pick: (...choices) => choices[int(0, choices.length - 1)] as (typeof choices)[number] }
}

/** The same from a seed alone: for values too many to shrink. A linear congruential generator (Numerical Recipes). */
export function drawFromSeed(seed: number): Draw {
  let state = seed >>> 0
  const int = (min: number, max: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return min + Math.floor((state / 2 ** 32) * (Math.max(min, max) - min + 1))
  }
  return { int, pick: (...choices) => choices[int(0, choices.length - 1)] as (typeof choices)[number] }
}

/** Where rows stand in activation memory: `rows` rows of `bytes` bytes, `step` apart, possibly in a ring. */
function placement(d: Draw, target: Target, rows: number, bytes: number, maxExtra = 40) {
  const size = capacities(target).activationBytes
  let step = bytes + d.int(0, maxExtra)
  if (d.pick(true, false)) {
    const ring = Math.ceil((step * d.int(1, rows)) / 16) * 16
    if (ring <= size) {
      const end = Math.min(size, Math.ceil((ring + d.int(0, size - ring)) / 16) * 16)
      const start = end - ring + d.int(0, ring - 1)
      return { start, step, end, size: ring }
    }
  }
  const room = size - bytes
  step = rows > 1 ? Math.min(step, Math.floor(room / (rows - 1))) : step
  return { start: d.int(0, room - (rows - 1) * step), step, end: 0, size: 0 }
}

const q8 = (d: Draw): number => d.int(-128, 127)
/** One in seven is no rule. */
const rounding = (d: Draw) => d.pick(0, 1, 2, 0, 1, 2, 3)
const range8 = (d: Draw): [number, number] => {
  const [a, b] = [q8(d), q8(d)]
  return [Math.min(a, b), Math.max(a, b)]
}

export type Generators = { readonly [O in Opcode]: (d: Draw, target: Target) => InstructionOf<O> }

const none = { wait: 0, signal: 0 }

function fill(d: Draw, target: Target) {
  const rows = d.int(1, 5)
  const bytes = d.int(1, 60)
  const p = placement(d, target, rows, bytes)
  return { rows, bytes, start: p.start, y_step: p.step, ring_end: p.end, ring_size: p.size, value: q8(d) }
}

function mac(d: Draw, target: Target, width: number, height: number, xStep: number, yExtra: number) {
  const { cols } = target.array
  const size = capacities(target)
  const entries = d.int(1, 4)
  const blocks = d.int(1, 3)
  const row = (width - 1) * xStep + 1
  const p = placement(d, target, height, row, yExtra)
  return {
    ...none,
    input: p.start,
    x_step: xStep,
    y_step: p.step,
    in_ring_end: p.end,
    in_ring_size: p.size,
    list: d.int(0, size.indexEntries - entries),
    entries,
    weight: d.int(0, size.weightColumns - entries * blocks * cols),
    blocks,
    accumulate: d.int(0, 1),
    precision: 0,
    last_columns: 0,
    early: d.int(0, 1),
  }
}

function output(d: Draw, target: Target, my: number, rowBytes: number) {
  const p = placement(d, target, my, rowBytes)
  return { out: p.start, y_step: p.step, ring_end: p.end, ring_size: p.size }
}

function vectors(d: Draw, target: Target) {
  const { cols } = target.array
  const mx = d.int(1, 5)
  const my = d.int(1, 4)
  const lastLanes = d.int(1, cols)
  const xStep = d.pick(cols, cols + d.int(0, 5))
  const rowBytes = (mx - 1) * xStep + lastLanes
  const input = placement(d, target, my, rowBytes)
  return {
    ...none,
    input: input.start,
    in_x_step: xStep,
    in_y_step: input.step,
    in_ring_end: input.end,
    in_ring_size: input.size,
    mx,
    my,
    last_lanes: lastLanes,
    every: d.int(0, 1),
    ...output(d, target, my, rowBytes),
    x_step: xStep,
  }
}

export const GENERATORS: Generators = {
  'load.act': (d, target) => {
    const rows = d.int(1, 4)
    const [bytes, left, right] = [d.int(1, 50), d.int(0, 9), d.int(0, 9)]
    const p = placement(d, target, rows, left + bytes + right)
    const pitch = d.int(0, 200)
    return {
      op: 'load.act',
      ...none,
      dram: d.int(0, DRAM_BYTES - (rows - 1) * pitch - bytes),
      dram_pitch: pitch,
      rows,
      bytes,
      act: p.start,
      y_step: p.step,
      ring_end: p.end,
      ring_size: p.size,
      pad_left: left,
      pad_right: right,
      value: q8(d),
    }
  },
  'load.fill': (d, target) => {
    const { start, ...rest } = fill(d, target)
    return { op: 'load.fill', ...none, ...rest, act: start }
  },
  'load.weight': (d, target) => {
    const { rows } = target.array
    const [groups, columns] = [d.int(1, 3), d.int(1, 20)]
    const step = columns + d.int(0, 10)
    const lanes =
      BigInt(d.int(1, 2 ** Math.min(rows, 30) - 1)) | (d.pick(true, false) ? 1n << BigInt(rows - 1) : 0n)
    const taken = lanes.toString(2).replaceAll('0', '').length
    const precision = d.int(0, 3)
    return {
      op: 'load.weight',
      ...none,
      dram: d.int(0, DRAM_BYTES - groups * columns * taken),
      column: d.int(0, capacities(target).weightColumns - (groups - 1) * step - columns),
      groups,
      columns,
      group_step: step,
      lanes,
      precision,
      stream: d.int(precision, 3),
    }
  },
  'load.index': (d, target) => {
    const entries = d.int(1, 20)
    return {
      op: 'load.index',
      ...none,
      dram: d.int(0, DRAM_BYTES - 4 * entries),
      list: d.int(0, capacities(target).indexEntries - entries),
      entries,
    }
  },
  'load.param': (d, target) => {
    const bytes = 4 * d.int(1, 40)
    return {
      op: 'load.param',
      ...none,
      dram: d.int(0, DRAM_BYTES - bytes),
      param: 4 * d.int(0, (capacities(target).parameterBytes - bytes) / 4),
      bytes,
    }
  },
  'load.table': (d) => ({
    op: 'load.table',
    ...none,
    dram: d.int(0, DRAM_BYTES - 256),
    table: d.int(0, 3),
  }),
  'mac.dense': (d, target) => {
    const [mx, my] = [d.int(1, 7), d.int(1, 4)]
    const xStep = d.int(0, 40)
    const base = mac(d, target, mx, my, xStep, 60)
    const vectorsLeft = capacities(target).accumulatorVectors - base.blocks * mx * my
    const packed = { precision: d.int(0, 3), unsigned: d.int(0, 1) }
    return { op: 'mac.dense', ...base, mx, my, acc: d.int(0, vectorsLeft), ...packed }
  },
  'mac.depthwise': (d, target) => {
    const { rows } = target.array
    const [mx, my] = [d.int(1, 5), d.int(1, 3)]
    const lines = d.int(1, rows >= 9 ? 3 : rows >= 6 ? 2 : 1)
    const taps = d.int(1, 3)
    const [xStride, yStride] = [d.int(1, 3), d.int(1, 2)]
    const width = (mx - 1) * xStride + taps
    const height = (my - 1) * yStride + lines
    const base = mac(d, target, width, height, d.int(0, 40), 60)
    const vectorsLeft = capacities(target).accumulatorVectors - base.blocks * mx * my
    return {
      op: 'mac.depthwise',
      ...base,
      mx,
      my,
      acc: d.int(0, vectorsLeft),
      lines,
      taps,
      x_stride: xStride,
      y_stride: yStride,
      resume: 0,
    }
  },
  'post.setup': (d, target) => {
    const xStep = d.int(0, target.array.cols + 4)
    const p = placement(d, target, 4, 4 * xStep + 2 * target.array.cols)
    const multiplier = () => d.pick(d.int(2 ** 30, 2 ** 31 - 1), d.int(-(2 ** 31), 2 ** 31 - 1))
    return {
      op: 'post.setup',
      ...none,
      operand: p.start,
      x_step: xStep,
      y_step: p.step,
      ring_end: p.end,
      ring_size: p.size,
      zp_a: q8(d),
      zp_b: q8(d),
      m_a: multiplier(),
      s_a: d.int(-5, 2),
      m_b: multiplier(),
      s_b: d.int(-5, 2),
      m_out: multiplier(),
      s_out: d.int(-25, 3),
    }
  },
  'post.acc': (d, target) => {
    const { cols } = target.array
    const size = capacities(target)
    const [mx, my, blocks] = [d.int(1, 4), d.int(1, 4), d.int(1, 3)]
    const perChannel = d.int(0, 1)
    const mode = d.int(0, 5)
    const steps = d.int(1, mode === 3 ? 15 : 255)
    const precision = mode === 0 || mode === 3 || mode === 5 ? d.int(0, cols % 8 === 0 ? 3 : 2) : 0
    const lastLanes = d.int(1, cols >> precision) << precision
    const xStep = d.int(0, 3 * cols)
    const perColumn = mode === 5 ? 17 : mode === 3 ? 5 + 4 * steps : mode < 3 && perChannel ? 9 : 4
    const rowLanes = (blocks - 1) * cols + lastLanes
    const rowBytes = mode === 4 ? 4 * rowLanes : rowLanes >> precision
    const [min, max] = range8(d)
    return {
      op: 'post.acc',
      ...none,
      acc: d.int(0, size.accumulatorVectors - blocks * mx * my),
      mx,
      my,
      blocks,
      last_lanes: lastLanes,
      param: 4 * d.int(0, (size.parameterBytes - blocks * cols * perColumn) / 4),
      ...output(d, target, my, (mx - 1) * xStep + rowBytes),
      x_step: xStep,
      zp: q8(d),
      min,
      max,
      per_channel: perChannel,
      multiplier: mode === 3 || mode === 5 ? d.int(-255, 255) : d.int(-(2 ** 31), 2 ** 31 - 1),
      shift: d.int(-31, 20),
      rounding: rounding(d),
      mode,
      steps,
      precision,
      table: d.int(0, 3),
      zeros: d.int(0, 3) === 0 ? 1 : 0,
    }
  },
  'post.binary': (d, target) => {
    const [min, max] = range8(d)
    return { op: 'post.binary', ...vectors(d, target), kind: d.int(0, 2), zp: q8(d), min, max }
  },
  'post.unary': (d, target) => {
    const [min, max] = range8(d)
    return {
      op: 'post.unary',
      ...vectors(d, target),
      mode: d.int(0, 2),
      table: d.int(0, 3),
      zp: q8(d),
      min,
      max,
    }
  },
  'post.pool': (d, target) => {
    const { cols } = target.array
    const [mx, my, kx, ky] = [d.int(1, 4), d.int(1, 3), d.int(1, 4), d.int(1, 3)]
    const lastLanes = d.int(1, cols)
    const xStep = d.int(0, 20)
    const kxStep = d.int(0, 20)
    const kyStep = d.int(0, 200)
    const bytes = (mx - 1) * xStep + (kx - 1) * kxStep + cols
    const p = placement(d, target, my, bytes + (ky - 1) * kyStep, 10)
    return {
      op: 'post.pool',
      ...none,
      precision: d.int(0, 3),
      unsigned: d.int(0, 1),
      kind: d.int(0, 1),
      rounding: rounding(d),
      input: p.start,
      in_x_step: xStep,
      in_y_step: p.step,
      kx_step: kxStep,
      ky_step: kyStep,
      kx,
      ky,
      in_ring_end: p.end,
      in_ring_size: p.size,
      mx,
      my,
      last_lanes: lastLanes,
      every: d.int(0, 1),
      ...output(d, target, my, (mx - 1) * cols + lastLanes),
      x_step: cols,
    }
  },
  'post.fill': (d, target) => {
    const { start, ...rest } = fill(d, target)
    return { op: 'post.fill', ...none, ...rest, out: start }
  },
  store: (d, target) => {
    const [rows, bytes] = [d.int(1, 4), d.int(1, 50)]
    const p = placement(d, target, rows, bytes)
    const pitch = d.int(0, 200)
    return {
      op: 'store',
      ...none,
      act: p.start,
      y_step: p.step,
      ring_end: p.end,
      ring_size: p.size,
      rows,
      bytes,
      dram: d.int(0, DRAM_BYTES - (rows - 1) * pitch - bytes),
      dram_pitch: pitch,
    }
  },
  end: () => ({ op: 'end', ...none }),
}
