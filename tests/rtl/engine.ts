/**
 * What runs a program beside the simulator, and the comparison: equal in every cycle and every bit. The RTL is such an engine;
 * so are the models that are written after the contract's words.
 */
import { NO_SETUP } from '../../backends/trellis/isa/no-setup.ts'
import type { Instruction } from '../../backends/trellis/isa/table.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { must } from '../../ir/diagnostic.ts'
import { createMachine } from '../../sim/execute/machine.ts'
import { simulateTiming } from '../../sim/timing/simulate.ts'
import { NaiveMachine } from '../sim/model/naive-machine.ts'
import { stepProgram } from '../sim/model/stepping-machine.ts'
import type { RandomProgram } from './random/program.ts'

/** One program as the machine meets it. */
export interface Run {
  readonly target: Target
  /** Up to and including `end`. */
  readonly instructions: readonly Instruction[]
  /** DRAM address of the first instruction. */
  readonly address: number
  /** DRAM before the run, instructions included; the engine must not change it. */
  readonly dram: Uint8Array
  /** More cycles mean that the engine hangs. */
  readonly mostCycles: number
}

/** Cycles count from 0, the first without reset; by instruction, as in sim/timing. */
export interface Outcome {
  readonly cycles: number
  readonly startCycles: ArrayLike<number>
  readonly doneCycles: ArrayLike<number>
  readonly dram: Uint8Array
  /** Two units used one port of a bank of activation memory at once: what they read or wrote there is undefined. */
  readonly hasConflict?: boolean
}

export interface Engine {
  readonly name: string
  readonly run: (run: Run) => Outcome
}

/** The contract stepped cycle by cycle, and the instructions one element at a time. */
export const MODEL_ENGINE: Engine = {
  name: 'model',
  run({ target, instructions, dram, mostCycles }) {
    const naive = new NaiveMachine(target, dram.length)
    naive.dram.set(dram)
    for (const i of [NO_SETUP, ...instructions]) naive.execute(i)
    const { cycles, started, done } = stepProgram(instructions, target, mostCycles)
    const { buffer } = naive.dram
    return { cycles, startCycles: started, doneCycles: done, dram: new Uint8Array(buffer) }
  },
}

/** The first difference between an engine and the simulator, in words; undefined if there is none. */
export function differenceOn(
  engine: Engine,
  { program, dram }: Pick<RandomProgram, 'program' | 'dram'>,
): string | undefined {
  const { target } = program
  const { instructions, address } = must(program.segments[0], 'segment')
  const timing = simulateTiming(instructions, address, target)
  const outcome = engine.run({ target, instructions, address, dram, mostCycles: 2 * timing.cycles + 1000 })

  const differing = (ours: ArrayLike<number>, theirs: ArrayLike<number>) =>
    instructions.findIndex((_, n) => ours[n] !== theirs[n])
  const [start, done] = [
    differing(timing.startCycles, outcome.startCycles),
    differing(timing.doneCycles, outcome.doneCycles),
  ]
  const late = (n: number, what: string, ours: ArrayLike<number>, theirs: ArrayLike<number>) =>
    `instruction ${n} (${instructions[n]?.op}) ${what} in cycle ${theirs[n]} on ${engine.name}, but in ${ours[n]} by the simulator`
  if (outcome.hasConflict === true) return `two units used one port of a bank at once on ${engine.name}`
  if (start >= 0 && (done < 0 || start <= done))
    return late(start, 'starts', timing.startCycles, outcome.startCycles)
  if (done >= 0) return late(done, 'is done', timing.doneCycles, outcome.doneCycles)
  if (outcome.cycles !== timing.cycles)
    return `${outcome.cycles} cycles on ${engine.name}, but ${timing.cycles} by the simulator`

  const machine = createMachine(target, dram.length)
  machine.dram.set(dram)
  machine.run(instructions)
  const byte = machine.dram.findIndex((value, at) => value !== outcome.dram[at])
  if (byte < 0) return undefined
  return `DRAM byte ${byte} is ${outcome.dram[byte]} on ${engine.name}, but ${machine.dram[byte]} by the simulator`
}
