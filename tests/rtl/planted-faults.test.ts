/**
 * Would the comparison on random programs notice that the two sides differ? One constant or one line of the timing model
 * is changed at a time, and each change must show in the cycle of some instruction. The other side keeps the contract.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { POST_CHAIN, QUEUE_DEPTH, REQUANTIZE_PASSES } from '../../backends/trellis/isa/costs.ts'
import type { Instruction } from '../../backends/trellis/isa/table.ts'
import { CONSTANTS } from '../../backends/trellis/rtl/header.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { must } from '../../ir/diagnostic.ts'
import { simulateTiming } from '../../sim/timing/simulate.ts'
import { type Stepped, stepProgram } from '../sim/model/stepping-machine.ts'
import { programOf, randomRecipe } from './random/program.ts'
import { FUZZ_TARGETS } from './random/targets.ts'

const PROGRAMS = 60
const COSTS = 'backends/trellis/isa/costs.ts'

interface Fault {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** Each constant one less and one more. */
const CONSTANTS_ONE_OFF: readonly Fault[] = Object.entries({ QUEUE_DEPTH, ...CONSTANTS }).flatMap(
  ([name, value]) =>
    [value - 1, value + 1].map((n) => ({
      file: COSTS,
      from: `export const ${name} = ${value}\n`,
      to: `export const ${name} = ${n}\n`,
    })),
)

/** Each pass, and each wait between passes, one more. */
const PASSES_ONE_OFF: readonly Fault[] = [REQUANTIZE_PASSES, POST_CHAIN].flatMap((kinds) =>
  Object.entries(kinds).map(([name, n]) => ({ file: COSTS, from: `${name}: ${n}`, to: `${name}: ${n + 1}` })),
)

const timing = (name: string, from: string, to: string): Fault => ({
  file: `sim/timing/${name}.ts`,
  from,
  to,
})

const RULES_BROKEN: readonly Fault[] = [
  // Who goes first at the DRAM, and for how long.
  timing(
    'arbiter',
    'let client = 0\n',
    'let client = [0, 2, 1].find((c) => (visible[c] as number) <= this.next)\n',
  ),
  timing(
    'arbiter',
    'let client = 0\n',
    'let client = [1, 2, 0].find((c) => (visible[c] as number) <= this.next)\n',
  ),
  timing('arbiter', 'this.#busyUntil = this.next', 'this.#busyUntil = 1 + this.next'),
  // When tokens count, and pushes, pops and grants are seen.
  timing('simulate', 'give(cycle - early)', 'give(cycle - early + 1)'),
  timing('simulate', 'give(cycle - early)', 'give(cycle - early - 1)'),
  timing('simulate', 'give(cycle - early)', 'give(cycle)'),
  timing('issue-queue', '.dispatched[i] as number) + 1', '.dispatched[i] as number) + 2'),
  timing(
    'issue-queue',
    'this.order[occupant] as number] as number) + 1',
    'this.order[occupant] as number] as number) + 2',
  ),
  timing('fetch-unit', '.dispatched[freeing] as number) + 1', '.dispatched[freeing] as number) + 2'),
  timing('load-unit', 'this.#request(cycle + 1)', 'this.#request(cycle + 2)'),
  // What waits for what.
  timing('stream-unit', 'this.#accepted = last + 1', 'this.#accepted = last + 2'),
  timing('stream-unit', 'p.drains[i] === 1', 'false'),
  timing('stream-unit', '(p.gap[i] as number)', '0'),
  timing('stream-unit', 'this.#settled - pipe)', '0)'),
  timing('store-unit', 'this.#started, freed)', 'this.#started)'),
]

const FAULTS = [...CONSTANTS_ONE_OFF, ...PASSES_ONE_OFF, ...RULES_BROKEN]

interface Case {
  readonly instructions: readonly Instruction[]
  readonly address: number
  readonly target: Target
  readonly reference: Stepped
}

/** The first program on which a timing model differs from the contract; undefined if none does. */
function firstDifferent(simulate: typeof simulateTiming, cases: readonly Case[]): number | undefined {
  const found = cases.findIndex(({ instructions, address, target, reference }) => {
    const timing = simulate(instructions, address, target)
    return (
      timing.cycles !== reference.cycles ||
      timing.startCycles.some((cycle, i) => cycle !== reference.started[i]) ||
      timing.doneCycles.some((cycle, i) => cycle !== reference.done[i])
    )
  })
  return found < 0 ? undefined : found
}

describe('random programs', () => {
  let cases: readonly Case[] = []
  let folder = ''
  beforeAll(() => {
    cases = Array.from({ length: PROGRAMS }, (_, seed) => {
      const target = must(FUZZ_TARGETS[seed % FUZZ_TARGETS.length], 'target')
      const { program } = programOf(randomRecipe(seed), target)
      const { instructions, address } = must(program.segments[0], 'segment')
      return { instructions, address, target, reference: stepProgram(instructions, target, 1_000_000) }
    })
    folder = mkdtempSync(join(tmpdir(), 'planted-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('agree in every cycle when nothing is planted', () => {
    expect(firstDifferent(simulateTiming, cases)).toBe(undefined)
  })

  it.each(FAULTS.map((fault) => [fault.from.trim(), fault.to.trim(), fault] as const))(
    'show `%s` as `%s`',
    async (_from, _to, fault) => {
      const simulate = await withFault(mkdtempSync(join(folder, 'copy-')), fault)
      expect(firstDifferent(simulate, cases)).not.toBe(undefined)
    },
  )
})

/** The timing model and the costs, copied to a folder with one fault; all else is that of the project. */
async function withFault(folder: string, fault: Fault): Promise<typeof simulateTiming> {
  mkdirSync(join(folder, 'backends/trellis'), { recursive: true })
  cpSync('backends/trellis/isa', join(folder, 'backends/trellis/isa'), { recursive: true })
  cpSync('sim/timing', join(folder, 'sim/timing'), { recursive: true })
  for (const path of ['ir', 'backends/trellis/target.ts']) symlinkSync(resolve(path), join(folder, path))
  const file = join(folder, fault.file)
  const text = readFileSync(file, 'utf8')
  expect(text.split(fault.from)).toHaveLength(2)
  writeFileSync(file, text.replace(fault.from, fault.to))
  const module = (await import(join(folder, 'sim/timing/simulate.ts'))) as {
    readonly simulateTiming: typeof simulateTiming
  }
  return module.simulateTiming
}
