/**
 * Random legal programs on the RTL and on the simulator, until time is up or they differ:
 *
 *   npm run fuzz:rtl -- --minutes 10 --seed 1000 --engine netlist
 *
 * Engines: `verilator`, where it is installed; `netlist`, with npm packages alone; `icarus`, the emitted test bench in Icarus
 * Verilog, slowly; `model`, without RTL: the second model of the simulator. The first two take up to a minute for each
 * target that they have not seen before. Prints its progress, and of a failure the smallest program found, as assembly text with its seed.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const hasVerilator = spawnSync('verilator', ['--version']).status === 0
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    engine: { type: 'string', default: hasVerilator ? 'verilator' : 'netlist' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
})
const ROOT = join(import.meta.dirname, '..')
console.log(`seed ${values.seed}, for ${values.minutes} minutes on ${values.engine}`)
const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', 'tests/rtl/fuzz.test.ts', '-t', 'take the same cycles', '--disable-console-intercept'],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      FUZZ_RTL_MINUTES: values.minutes,
      FUZZ_RTL_SEED: values.seed,
      FUZZ_RTL_ENGINE: values.engine,
    },
  },
)
process.exit(status ?? 1)
