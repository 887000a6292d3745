import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { INSTRUCTIONS, type Instruction, type Opcode } from '../../backends/trellis/isa/table.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { type Counts, countAccesses, MEMORIES, type Memory } from '../../sim/access-counts.ts'
import { transferOf } from '../../sim/dram-traffic.ts'
import { addActions, noActions } from '../../sim/energy/actions.ts'
import { COMPONENTS, energyOf } from '../../sim/energy/energy.ts'
import { ENERGY_TABLES } from '../../sim/energy/table.ts'
import { drawFrom, GENERATORS, SHAPES, targetOf } from './model/instructions.ts'
import { make, TRELLIS_16 } from './model/small-programs.ts'

const counted = (i: Instruction): Partial<Record<Memory, Counts>> =>
  Object.fromEntries(Object.entries(countAccesses(i, TRELLIS_16)).filter(([, c]) => c.reads + c.writes > 0))
const reads = (n: number, bytes: number): Counts => ({ reads: n, readBytes: bytes, writes: 0, writeBytes: 0 })
const writes = (n: number, bytes: number): Counts => ({
  reads: 0,
  readBytes: 0,
  writes: n,
  writeBytes: bytes,
})

describe('access counts', () => {
  it('mac.dense: windows, weights, entries, and read-modify-write but for the first entry', () => {
    expect(counted(make('mac.dense', { mx: 5, my: 2, entries: 3, blocks: 2 }))).toEqual({
      activation: reads(60, 60 * 16),
      weight: reads(6 * 8, 6 * 256),
      index: reads(6, 24),
      accumulator: { reads: 40, readBytes: 40 * 64, writes: 60, writeBytes: 60 * 64 },
    })
    const added = counted(make('mac.dense', { mx: 5, my: 2, entries: 3, blocks: 2, accumulate: 1 }))
    expect(added.accumulator?.reads).toBe(60)
  })

  it('mac.depthwise: every pixel of the pass, and two line buffers where there are three lines', () => {
    const pass = counted(make('mac.depthwise', { mx: 4, my: 2, lines: 3, taps: 3 }))
    expect(pass.activation).toEqual(reads(4 * 6, 4 * 6 * 16))
    expect(pass.line).toEqual({ reads: 48, readBytes: 48 * 16, writes: 48, writeBytes: 48 * 16 })
    expect(pass.accumulator).toEqual(writes(8, 8 * 64))
  })

  it('post: the last lanes count only as far as they are valid', () => {
    expect(counted(make('post.acc', { mx: 3, blocks: 2, last_lanes: 4, per_channel: 1, mode: 1 }))).toEqual({
      accumulator: reads(6, 6 * 64),
      parameter: reads(2 * 9, 2 * 144),
      activation: { reads: 6, readBytes: 3 * 20, writes: 6, writeBytes: 3 * 20 },
    })
    const pool = counted(make('post.pool', { mx: 3, my: 2, kx: 2, ky: 2, last_lanes: 8 }))
    expect(pool.activation).toEqual({ reads: 24, readBytes: 4 * 80, writes: 6, writeBytes: 80 })
    const every = counted(make('post.unary', { mx: 3, last_lanes: 8, every: 1, mode: 2 }))
    expect(every.activation).toEqual({ reads: 3, readBytes: 24, writes: 3, writeBytes: 24 })
    expect(every.table).toEqual(reads(24, 24))
  })

  it('bytes that leave DRAM arrive in a memory, and bytes that leave it arrive in DRAM', () => {
    const kinds = Object.keys(INSTRUCTIONS).filter(
      (op) => op.startsWith('load.') || op === 'store',
    ) as Opcode[]
    fc.assert(
      fc.property(fc.gen(), fc.constantFrom(...SHAPES), fc.constantFrom(...kinds), (g, [rows, cols], op) => {
        const target = targetOf(rows, cols)
        const i: Instruction = GENERATORS[op](drawFrom(g), target)
        const counts = countAccesses(i, target)
        const sum = (key: 'readBytes' | 'writeBytes') =>
          MEMORIES.reduce((total, m) => total + counts[m][key], 0)
        const transfer = transferOf(i)
        expect(sum('readBytes')).toBe(transfer?.writeBytes ?? 0)
        // What is written beside the stream: padding, constants, and lanes that take no byte of it.
        const beside =
          i.op === 'load.act'
            ? i.rows * (i.pad_left + i.pad_right)
            : i.op === 'load.fill'
              ? i.rows * i.bytes
              : i.op === 'load.weight'
                ? i.groups * i.columns * rows - (transfer?.readBytes ?? 0)
                : 0
        expect(sum('writeBytes')).toBe((transfer?.readBytes ?? 0) + beside)
      }),
      { numRuns: 200 },
    )
  })
})

describe('energy', () => {
  const actionsOf = (target: Target, ...instructions: readonly Instruction[]) => {
    const actions = noActions()
    for (const i of instructions) addActions(actions, i, target)
    return actions
  }
  const dense = make('mac.dense', { mx: 10, entries: 4 })

  it('every constant lies in its interval and says where it comes from', () => {
    for (const table of Object.values(ENERGY_TABLES)) {
      for (const [name, c] of Object.entries(table)) {
        expect(c.low, name).toBeLessThanOrEqual(c.nominal)
        expect(c.nominal, name).toBeLessThanOrEqual(c.high)
        expect(c.source.length, name).toBeGreaterThan(20)
      }
    }
  })

  it('is low <= nominal <= high in all and by component, and components sum to the total', () => {
    const energy = energyOf(actionsOf(TRELLIS_16, dense, make('post.acc', { mode: 1 })), 100, TRELLIS_16)
    for (const bound of ['low', 'nominal', 'high'] as const) {
      const sum = COMPONENTS.reduce((total, c) => total + energy.by[c][bound], 0)
      expect(energy[bound]).toBeCloseTo(sum, 12)
    }
    for (const range of [energy, ...Object.values(energy.by)]) {
      expect(range.low).toBeLessThanOrEqual(range.nominal)
      expect(range.nominal).toBeLessThanOrEqual(range.high)
    }
  })

  it('adds up: parts with their shares of the cycles make the whole', () => {
    const other = make('store', { rows: 3 })
    const whole = energyOf(actionsOf(TRELLIS_16, dense, other), 300, TRELLIS_16)
    const parts = [
      energyOf(actionsOf(TRELLIS_16, dense), 100, TRELLIS_16),
      energyOf(actionsOf(TRELLIS_16, other), 200, TRELLIS_16),
    ]
    expect(parts.reduce((sum, e) => sum + e.nominal, 0)).toBeCloseTo(whole.nominal, 12)
  })

  it('worked by hand: 2560 lanes, and 2560 bytes of a 16 KiB bank', () => {
    const { by } = energyOf(actionsOf(TRELLIS_16, make('mac.dense', { mx: 10 })), 0, TRELLIS_16)
    expect(by.mac.nominal).toBeCloseTo((10 * 256 * 0.26) / 1e6, 12)
    expect(by.activation.nominal).toBeCloseTo((160 * 1.25 * Math.SQRT2) / 1e6, 12)
    expect(by.dram.nominal).toBeCloseTo((32 * 160) / 1e6, 12)
    const idle = energyOf(noActions(), 200e6, TRELLIS_16)
    // One second at 200 MHz of 32.4 mW.
    expect(idle.by.dram_background.nominal).toBeCloseTo(32400, 6)
  })

  it('larger memories cost more an access, a higher clock leaks less a cycle', () => {
    const larger = { ...TRELLIS_16, memories: { ...TRELLIS_16.memories, weight_kib: 256 } }
    const faster = { ...TRELLIS_16, clock_mhz: 400 }
    const of = (target: Target) => energyOf(actionsOf(target, dense), 1000, target).by
    expect(of(larger).weight.nominal).toBeCloseTo(2 * of(TRELLIS_16).weight.nominal, 12)
    expect(of(faster).leakage.nominal).toBeCloseTo(of(TRELLIS_16).leakage.nominal / 2, 12)
  })
})
