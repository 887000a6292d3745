/** Random programs on the RTL and on the simulator: the same cycles, the same bytes. */
import { expect, test } from 'vitest'
import { firstFailure } from './fuzz.ts'
import { netlistEngine } from './netlist-engine.ts'
import { FUZZ_TARGETS } from './random/targets.ts'
import { verilatorEngine, verilatorVersion } from './verilator-engine.ts'

const LONG = 900_000
/** With npm packages alone: the smallest target with every width of operands. */
const SMALL = FUZZ_TARGETS.slice(1, 2)

test('the netlist of the RTL', { timeout: LONG }, async () => {
  const failure = firstFailure(await netlistEngine(SMALL), SMALL, 0, (tried) => tried < 20)
  expect(failure?.text).toBe(undefined)
})

const version = verilatorVersion()
if (version === undefined) console.warn('verilator is not installed: the RTL is tested as a netlist only')

test.skipIf(version === undefined)('the RTL in Verilator', { timeout: LONG }, () => {
  const failure = firstFailure(verilatorEngine(SMALL), SMALL, 0, (tried) => tried < 50)
  expect(failure?.text).toBe(undefined)
})
