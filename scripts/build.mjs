/**
 * Builds dist: tsc writes it; then the command line is made executable, and the bundles' runtime written again without
 * its comments, which every page would fetch, and the RTL copied. After type errors too, for all of which tsc writes the program; they give
 * the exit code.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, rmSync } from 'node:fs'

const RTL = 'backends/trellis/rtl'
const RUNTIME = 'backends/wasm/runtime/runtime.js'

function tsc(...args) {
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', ...args], {
    stdio: 'inherit',
  })
  return status ?? 1
}

const program = tsc('-p', 'tsconfig.build.json')
chmodSync('dist/src/cli/main.js', 0o755)
const language = ['--allowJs', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler']
const places = ['--ignoreConfig', '--rootDir', '.', '--outDir', 'dist']
const runtime = tsc(...language, ...places, '--noCheck', '--removeComments', RUNTIME)
for (const name of readdirSync(`dist/${RTL}`)) if (/\.svh?$/.test(name)) rmSync(`dist/${RTL}/${name}`)
cpSync(RTL, `dist/${RTL}`, { recursive: true, filter: (path) => !path.endsWith('.ts') })
process.exitCode = program || runtime
