/** `inspect --report` writes one file that holds what `--json` prints. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { call } from '../cli/call.ts'
import { embedded } from './embedded.ts'

const MODEL = 'examples/digits/digits_int8.tflite'
const folder = mkdtempSync(join(tmpdir(), 'inspection-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('the page holds the very object that --json prints', async () => {
  const file = join(folder, 'r.html')
  const { code, out, err } = await call('inspect', MODEL, '--report', file, '--json')
  expect([code, err]).toEqual([0, `the report of digits_int8 -> ${file}\n`])
  expect(embedded(readFileSync(file, 'utf8'))).toEqual(JSON.parse(out))
  expect(statSync(file).size).toBeLessThan(1.5e6)
})

test('without --json the table is printed as ever', async () => {
  const file = join(folder, 'table.html')
  const [plain, reported] = [await call('inspect', MODEL), await call('inspect', MODEL, '--report', file)]
  expect(reported.out).toBe(plain.out)
  expect(existsSync(file)).toBe(true)
})

test('a report that cannot be written is refused before the model is read', async () => {
  const noFolder = await call('inspect', 'missing.tflite', '--report', join(folder, 'no/r.html'))
  expect([noFolder.code, noFolder.err]).toEqual([1, expect.stringContaining('output/no-folder')])
  const inTheWay = await call('inspect', MODEL, '--report', folder)
  expect([inTheWay.code, inTheWay.err]).toEqual([1, expect.stringContaining('output/in-the-way')])
  const noName = await call('inspect', MODEL, '--report')
  expect(noName.code).toBe(2)
})

test.each(['inspect', 'simulate'])('%s does not overwrite the model with its report', async (command) => {
  const model = join(folder, 'model.tflite')
  copyFileSync(MODEL, model)
  symlinkSync(model, join(folder, `${command}.tflite`))
  for (const name of [model, join(folder, `${command}.tflite`)]) {
    const { code, err } = await call(command, model, '--report', name)
    expect([code, err]).toEqual([1, expect.stringContaining('output/overwrites-input')])
  }
  expect(readFileSync(model)).toEqual(readFileSync(MODEL))
})

test('a model that cannot be read leaves no report', async () => {
  const file = join(folder, 'missing.html')
  const { code } = await call('inspect', 'missing.tflite', '--report', file)
  expect([code, existsSync(file)]).toEqual([1, false])
})
