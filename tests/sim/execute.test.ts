import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  INSTRUCTIONS,
  type Instruction,
  type InstructionOf,
  type Opcode,
} from '../../backends/trellis/isa/table.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { attempt } from '../../ir/diagnostic.ts'
import { createMachine, type Machine } from '../../sim/execute/machine.ts'
import { weightIndex } from '../../sim/execute/memories.ts'
import { DRAM_BYTES, type Draw, drawFrom, GENERATORS, SHAPES, targetOf } from './model/instructions.ts'
import { Illegal, NaiveMachine } from './model/naive-machine.ts'

/** Both machines with the same random contents in every memory. */
function pair(target: Target, seed: number): readonly [Machine, NaiveMachine] {
  const machine = createMachine(target, DRAM_BYTES)
  const naive = new NaiveMachine(target, DRAM_BYTES)
  let state = seed | 1
  const random = (): number => {
    // xorshift32 (Marsaglia 2003)
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state
  }
  const m = machine.memories
  const { rows, cols } = target.array
  for (let i = 0; i < DRAM_BYTES; i++) machine.dram[i] = naive.dram[i] = random()
  for (let i = 0; i < m.activation.length; i++) m.activation[i] = naive.activation[i] = random()
  for (let i = 0; i < m.index.length; i++) m.index[i] = naive.index[i] = random() % 64
  for (let i = 0; i < m.parameters.length; i++) m.parameters[i] = naive.parameters[i] = random()
  // Shifts of random parameter blocks must lie in the range of a shift wherever they stand: keep all bytes there.
  for (let i = 0; i < m.parameters.length; i++) m.parameters[i] = naive.parameters[i] = (random() % 24) - 4
  naive.accumulators.forEach((vector, v) => {
    for (let c = 0; c < cols; c++) m.accumulators[v * cols + c] = vector[c] = random()
  })
  naive.weights.forEach((column, c) => {
    for (let lane = 0; lane < rows; lane++) {
      column[lane] = random()
      m.weights.bytes[weightIndex(m.weights, c, lane)] = column[lane] as number
    }
  })
  naive.tables.forEach((table, t) => {
    for (let i = 0; i < 256; i++) m.tables[t * 256 + i] = table[i] = random()
  })
  return [machine, naive]
}

function expectSame(machine: Machine, naive: NaiveMachine): void {
  const m = machine.memories
  const { rows } = machine.target.array
  expect(Buffer.compare(machine.dram, new Uint8Array(naive.dram.buffer)), 'DRAM').toBe(0)
  expect(Buffer.from(m.activation).equals(Buffer.from(naive.activation)), 'activation').toBe(true)
  expect(m.index).toEqual(naive.index)
  expect(Buffer.from(m.parameters).equals(Buffer.from(naive.parameters)), 'parameters').toBe(true)
  expect(Int32Array.from(naive.accumulators.flatMap((v) => [...v]))).toEqual(Int32Array.from(m.accumulators))
  expect(
    Buffer.from(m.tables).equals(Buffer.concat(naive.tables.map((t) => new Uint8Array(t.buffer)))),
    'tables',
  ).toBe(true)
  const differing = naive.weights.findIndex((column, c) =>
    column.some((w, lane) => lane < rows && w !== m.weights.bytes[weightIndex(m.weights, c, lane)]),
  )
  expect(differing, 'first differing weight column').toBe(-1)
}

/** Runs on both; an instruction that leaves a memory must be refused by both. */
function runBoth(machine: Machine, naive: NaiveMachine, instructions: readonly Instruction[]): boolean {
  try {
    for (const i of instructions) naive.execute(i)
  } catch (error) {
    if (!(error instanceof Illegal)) throw error
    const result = attempt(() => machine.run(instructions))
    expect(result).toMatchObject({ ok: false, diagnostics: [{ code: 'program/illegal' }] })
    return false
  }
  machine.run(instructions)
  expectSame(machine, naive)
  return true
}

const NEEDS_SETUP = new Set<Opcode>(['post.acc', 'post.binary', 'post.unary', 'post.pool'])

describe('each instruction against the naive model', () => {
  for (const op of Object.keys(INSTRUCTIONS) as Opcode[]) {
    it(op, () => {
      let legal = 0
      let runs = 0
      fc.assert(
        fc.property(fc.gen(), fc.constantFrom(...SHAPES), fc.integer(), (g, [rows, cols], seed) => {
          const target = targetOf(rows, cols)
          const d: Draw = drawFrom(g)
          const [machine, naive] = pair(target, seed)
          const setup = GENERATORS['post.setup'](d, target)
          const instruction = GENERATORS[op](d, target)
          runs++
          if (runBoth(machine, naive, NEEDS_SETUP.has(op) ? [setup, instruction] : [instruction])) legal++
        }),
        { numRuns: 60 },
      )
      expect(legal, `legal of ${runs} runs`).toBeGreaterThan(runs / 3)
    })
  }
})

describe('sequences', () => {
  it('keep their contents from instruction to instruction', () => {
    fc.assert(
      fc.property(fc.gen(), fc.constantFrom(...SHAPES), fc.integer(), (g, [rows, cols], seed) => {
        const target = targetOf(rows, cols)
        const d = drawFrom(g)
        const [machine, naive] = pair(target, seed)
        // Random DRAM holds no list offsets and no legal shifts.
        const ops = Object.keys(GENERATORS).filter(
          (op) => op !== 'end' && op !== 'load.index' && op !== 'load.param',
        ) as Opcode[]
        const program: Instruction[] = [GENERATORS['post.setup'](d, target)]
        for (let n = d.int(2, 8); n > 0; n--) program.push(GENERATORS[d.pick(...ops)](d, target))
        runBoth(machine, naive, program)
      }),
      { numRuns: 60 },
    )
  })
})

describe('corners of the mac unit', () => {
  const dense = (over: Partial<InstructionOf<'mac.dense'>>): InstructionOf<'mac.dense'> => ({
    ...{ op: 'mac.dense', wait: 0, signal: 0, input: 0, x_step: 16, y_step: 0, mx: 1, my: 1 },
    ...{ in_ring_end: 0, in_ring_size: 0, list: 0, entries: 1, weight: 0, blocks: 1, acc: 0 },
    ...{ accumulate: 0, precision: 0, unsigned: 0, last_columns: 0, early: 0 },
    ...over,
  })

  it('reads zeros past the end of activation memory', () => {
    const [machine, naive] = pair(targetOf(16, 16), 3)
    const last = machine.memories.activation.length - 1
    machine.memories.index[0] = naive.index[0] = 0
    expect(runBoth(machine, naive, [dense({ input: last })])).toBe(true)
    const sum = (machine.memories.activation[last] as number) * (machine.memories.weights.bytes[0] as number)
    expect(machine.memories.accumulators[0]).toBe(sum)
  })

  it('wraps sums around as int32', () => {
    const [machine, naive] = pair(targetOf(4, 4), 5)
    machine.memories.index[0] = naive.index[0] = 0
    machine.memories.accumulators.fill(2 ** 31 - 1)
    for (const vector of naive.accumulators) vector.fill(2 ** 31 - 1)
    expect(runBoth(machine, naive, [dense({ accumulate: 1 })])).toBe(true)
  })

  it('holds the extreme products exactly', () => {
    const [machine, naive] = pair(targetOf(64, 4, { memories: { ...targetOf(64, 4).memories } }), 7)
    machine.memories.index[0] = naive.index[0] = 0
    machine.memories.activation.fill(-128)
    naive.activation.fill(-128)
    for (let c = 0; c < 4; c++) {
      for (let lane = 0; lane < 64; lane++) {
        machine.memories.weights.bytes[weightIndex(machine.memories.weights, c, lane)] = -128
      }
      naive.weights[c]?.fill(-128)
    }
    expect(runBoth(machine, naive, [dense({})])).toBe(true)
    expect(machine.memories.accumulators[0]).toBe(64 * 16384)
  })

  it('says which instruction leaves a memory', () => {
    const machine = createMachine(targetOf(8, 8), DRAM_BYTES)
    const result = attempt(() =>
      machine.run([dense({}), { op: 'load.table', wait: 0, signal: 0, dram: DRAM_BYTES, table: 0 }]),
    )
    expect(result).toMatchObject({
      ok: false,
      diagnostics: [{ code: 'program/illegal', span: { path: 'instruction 1' } }],
    })
  })

  it('counts only the lanes that were filled where weights are bits', () => {
    const machine = createMachine(targetOf(8, 8), DRAM_BYTES)
    machine.memories.activation.fill(0)
    machine.memories.index[0] = 0
    const weights = { dram: 0, column: 0, groups: 1, columns: 8, group_step: 0, lanes: 0b101n }
    machine.run([
      { op: 'load.weight', wait: 0, signal: 0, ...weights, precision: 3, stream: 3 },
      dense({ precision: 3 }),
    ])
    // Two lanes of eight bits that are equal: -1 times -1.
    expect([...machine.memories.accumulators.subarray(0, 8)]).toEqual(new Array(8).fill(16))
  })
})
