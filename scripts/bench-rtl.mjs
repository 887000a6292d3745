/**
 * The simulator beside Verilator on one network, trellis-16: the same cycles and bytes, and how much faster.
 *
 *   npm run bench:rtl -- [MODEL]
 *
 * Without a model ResNet-8 of the zoo beside the repository, where it is, else the digits example. Wants Verilator; building
 * its binary takes a minute once.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const USUAL = ['../shared/zoo/models/resnet8_int8.tflite', 'examples/digits/digits_int8.tflite']
const usual = USUAL.map((path) => join(ROOT, path)).find((path) => existsSync(path))
const model = process.argv[2] === undefined ? usual : resolve(process.argv[2])
if (spawnSync('verilator', ['--version']).status !== 0) {
  console.error('Verilator is not installed (Debian: apt-get install verilator g++ make)')
  process.exit(1)
}
const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', 'tests/rtl/speed.test.ts', '--disable-console-intercept', '--reporter=dot'],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, BENCH_RTL: model } },
)
process.exit(status ?? 1)
