/** Every example runs as its header says. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

test('examples/digits/classify.mjs', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/digits/classify.mjs'], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout.match(/this is a \d/g)).toEqual(['this is a 7', 'this is a 2', 'this is a 1'])
  expect(stdout).toContain('200 of 200 digits are read correctly on reference')
})
