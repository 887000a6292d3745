/**
 * Builds dist: tsc writes it; then the command line is made executable, and the bundles' runtime put there as it is, not
 * as tsc prints it. After type errors too, for all of which tsc writes the program; they give the exit code.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync } from 'node:fs'

const RUNTIME = 'backends/wasm/runtime/runtime.js'

const { status } = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  { stdio: 'inherit' },
)
chmodSync('dist/src/cli/main.js', 0o755)
copyFileSync(RUNTIME, `dist/${RUNTIME}`)
process.exitCode = status ?? 1
