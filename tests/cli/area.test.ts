/** `espalier area`: what it refuses. Synthesis itself takes minutes: tests/area/ has it of small units. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { presetYaml } from '../../backends/trellis/target.ts'
import { call } from './call.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-area-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('refuses a target without RTL', async () => {
  const file = join(folder, 'target.yaml')
  writeFileSync(
    file,
    presetYaml('trellis-8')
      .replace('cols: 8', 'cols: 12')
      .replace(/activation_kib: \d+/, 'activation_kib: 96'),
  )
  const outcome = await call('area', '--target', file)
  expect(outcome.code).toBe(1)
  expect(outcome.err).toContain('rtl/unsupported')
})

it('refuses a family that it does not know', async () => {
  const outcome = await call('area', '--family', 'ecp6')
  expect(outcome.code).toBe(2)
  expect(outcome.err).toContain('ecp5')
})
