/** The tests of this folder again, on a Node that has relaxed SIMD. */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasNode24, NODE_24 } from './bundle/node-24.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Where this runs on that Node itself, they are there already. */
const isNewer = Number(process.versions.node.split('.')[0]) >= 22
const FILES = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.test.ts') && file !== 'relaxed.test.ts')
  .map((file) => `tests/wasm/${file}`)

test.skipIf(!hasNode24 || isNewer)(
  'relaxed SIMD is exact wherever plain SIMD is (skipped without ESPALIER_NODE24)',
  async () => {
    const { status, output } = await run(['node_modules/vitest/vitest.mjs', 'run', ...FILES])
    expect(status, output).toBe(0)
    expect(output).toMatch(new RegExp(`Test Files .*${FILES.length} passed`))
    // wasm-law.ts says so where it had to leave relaxed variants out.
    expect(output).not.toContain('has no relaxed SIMD')
  },
  300_000,
)

function run(args: readonly string[]): Promise<{ readonly status: number | null; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(NODE_24, args, { cwd: ROOT, env: { ...process.env, NO_COLOR: '1' } })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        output += text.toString()
      })
    }
    child.on('close', (status) => resolve({ status, output }))
  })
}
