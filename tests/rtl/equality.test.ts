/** Random programs on the RTL and on the simulator: the same cycles, the same bytes. */
import { describe, expect, test } from 'vitest'
import { firstFailure } from './fuzz.ts'
import { netlistEngine } from './netlist-engine.ts'
import { FUZZ_TARGETS } from './random/targets.ts'
import { verilatorEngine, verilatorVersion } from './verilator-engine.ts'

const LONG = 900_000
/** Programs of each target. */
const NETLIST_PROGRAMS = 25
const VERILATOR_PROGRAMS = 64

const named = FUZZ_TARGETS.map(
  (target, n) => [`${n}: ${target.name}`, target, n * VERILATOR_PROGRAMS] as const,
)

/** With npm packages alone: the two smallest targets, one with every width of operands. */
describe('the netlist of the RTL', () => {
  test.each(named.slice(0, 2))('%s', { timeout: LONG }, async (_, target, first) => {
    const engine = await netlistEngine([target])
    expect(firstFailure(engine, [target], first, (tried) => tried < NETLIST_PROGRAMS)?.text).toBe(undefined)
  })
})

const version = verilatorVersion()
if (version === undefined) console.warn('verilator is not installed: the RTL is tested as a netlist only')

describe.skipIf(version === undefined)('the RTL in Verilator', () => {
  test.each(named)('%s', { timeout: LONG }, (_, target, first) => {
    const engine = verilatorEngine([target])
    expect(firstFailure(engine, [target], first, (tried) => tried < VERILATOR_PROGRAMS)?.text).toBe(undefined)
  })
})
