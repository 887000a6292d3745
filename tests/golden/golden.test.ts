/** Compares every golden with what happens now. `UPDATE_GOLDEN=1 npx vitest run tests/golden` writes them anew. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runGolden } from './run.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).sort()
const update = process.env.UPDATE_GOLDEN === '1'

test.each(files.filter((file) => file.endsWith('.esp')))('%s', (file) => {
  const path = join(FOLDER, file)
  const actual = runGolden(path)
  if (update) writeFileSync(`${path}.out`, actual)
  expect(existsSync(`${path}.out`), `${file}.out is missing: run again with UPDATE_GOLDEN=1`).toBe(true)
  expect(actual).toBe(readFileSync(`${path}.out`, 'utf8'))
})

test('every output has its golden', () => {
  const orphans = files.filter(
    (file) => file.endsWith('.esp.out') && !files.includes(file.slice(0, -'.out'.length)),
  )
  if (update) for (const orphan of orphans) rmSync(join(FOLDER, orphan))
  else expect(orphans).toEqual([])
})
