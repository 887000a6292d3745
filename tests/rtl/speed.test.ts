/**
 * How fast the simulator is beside Verilator on a whole network. Not a test of speed: it runs for `npm run bench:rtl` alone, and
 * compares the results besides.
 */
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadTarget } from '../../backends/trellis/target.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import { createMachine } from '../../sim/execute/machine.ts'
import { simulateTiming } from '../../sim/timing/simulate.ts'
import { openProgram } from '../../src/open-program.ts'
import { initialDram } from '../../src/program-image.ts'
import { differenceOn } from './engine.ts'
import { verilatorEngine, verilatorVersion } from './verilator-engine.ts'

const MODEL = process.env.BENCH_RTL ?? ''
const RUNS = 9
const isAsked = MODEL !== ''
if (isAsked && !existsSync(MODEL)) throw new Error(`${MODEL} does not exist`)

describe.skipIf(!isAsked || verilatorVersion() === undefined)('simulator and Verilator', () => {
  test('one network, in turns', { timeout: 900_000 }, async () => {
    const target = unwrap(loadTarget('trellis-16'))
    const program = unwrap(await openProgram(MODEL, 'trellis-16'))
    const engine = verilatorEngine([target], '-O3')
    const machine = createMachine(target, program.dramBytes)
    const dram = initialDram(program)
    machine.dram.set(dram)
    const segment = must(program.segments[0], 'segment')
    const { instructions, address } = segment
    const ours = { ...program, target, segments: [segment] }
    expect(differenceOn(engine, { program: ours, dram })).toBe(undefined)

    const { cycles } = simulateTiming(instructions, address, target)
    const run = { target, instructions, address, dram, mostCycles: 2 * cycles }
    const kinds = {
      'Verilator, one run of its binary': () => engine.run(run),
      'simulator, timing': () => simulateTiming(instructions, address, target),
      'simulator, every value': () => machine.run(instructions),
    }
    const times = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, [] as number[]]))
    for (let k = 0; k < RUNS; k++)
      for (const [kind, once] of Object.entries(kinds)) times[kind]?.push(milliseconds(once))

    const median = (of: string) => must(times[of]?.sort((a, b) => a - b)[RUNS >> 1], 'a time')
    const verilator = median('Verilator, one run of its binary')
    console.log(
      `${program.model} on trellis-16: ${cycles} cycles; ${verilatorVersion()}; medians of ${RUNS} runs in turns`,
    )
    for (const kind of Object.keys(kinds)) {
      const ms = median(kind)
      const speed = (cycles / ms / 1000).toFixed(2)
      console.log(
        `${kind.padEnd(34)} ${ms.toFixed(3).padStart(9)} ms ${speed.padStart(8)} Mcycle/s ${(verilator / ms).toFixed(0).padStart(6)} x`,
      )
    }
  })
})

/** Of one call, the mean over as many as take 50 ms: short ones would measure the clock. */
function milliseconds(once: () => unknown): number {
  const start = performance.now()
  let calls = 0
  do {
    once()
    calls++
  } while (performance.now() - start < 50)
  return (performance.now() - start) / calls
}
