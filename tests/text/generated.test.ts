import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

test('the committed parser is what the grammar generates', () => {
  const output = execFileSync(process.execPath, ['scripts/generate-parser.mjs', '--check'], {
    encoding: 'utf8',
  })
  expect(output).toContain('up to date')
})
