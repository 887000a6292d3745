/** Before the tests: builds the executable, which some of them start as users do, if a source is newer than it. */
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const EXECUTABLE = 'dist/src/cli/main.js'

export default function setup(): void {
  if (isFresh()) return
  const { status, stderr, stdout } = spawnSync('npm', ['run', '--silent', 'build'], { encoding: 'utf8' })
  // Type errors are the business of `npm run check`: the compiler has written the program all the same.
  if (status !== 0 && !isFresh()) throw new Error(`the build failed:\n${stdout}${stderr}`)
}

function isFresh(): boolean {
  const built = statSync(EXECUTABLE, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return ['src', 'ir', 'sim', 'backends', 'package.json'].every((path) => newest(path) < built)
}

function newest(path: string): number {
  const status = statSync(path)
  if (!status.isDirectory()) return status.mtimeMs
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
}
