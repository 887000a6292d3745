import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** The commit that changed last what is synthesized, or how. */
export function synthesizedCommit() {
  const sources = [
    'backends/trellis/rtl/*.sv',
    'backends/trellis/isa/table.ts',
    'backends/trellis/area/synthesis.ts',
  ]
  const cwd = join(import.meta.dirname, '../..')
  return execFileSync('git', ['log', '-1', '--format=%h', '--', ...sources], { cwd, encoding: 'utf8' }).trim()
}
