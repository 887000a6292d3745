/**
 * Random legal programs on the RTL and on the simulator, until time is up or they differ:
 *
 *   npm run fuzz:rtl -- --minutes 10 --seed 1000
 *
 * Prints its progress, and of a failure the smallest program found, as assembly text with its seed.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
})
const ROOT = join(import.meta.dirname, '..')
console.log(`seed ${values.seed}, for ${values.minutes} minutes`)
const { status } = spawnSync(
  process.execPath,
  [
    ...[
      join(ROOT, 'node_modules/vitest/vitest.mjs'),
      'run',
      'tests/rtl/fuzz.test.ts',
      '--disable-console-intercept',
    ],
    ...['-t', 'take the same cycles'],
  ],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, FUZZ_RTL_MINUTES: values.minutes, FUZZ_RTL_SEED: values.seed },
  },
)
process.exit(status ?? 1)
