/** `simulate --report` writes one file that needs nothing else. What the page does with it, tests/browser says. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { renderReport } from '../../src/report/render.ts'
import type { SimulationData } from '../../src/report/simulation-data.ts'
import { call } from '../cli/call.ts'
import { hasZoo, zooPath } from '../importers/zoo.ts'
import { embedded } from './embedded.ts'

const MODEL = 'examples/digits/digits_int8.tflite'
const folder = mkdtempSync(join(tmpdir(), 'report-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function report(model: string): Promise<{ readonly html: string; readonly json: unknown }> {
  const file = join(folder, 'r.html')
  const { code, out, err } = await call('simulate', model, '--report', file, '--json')
  expect([code, err]).toEqual([0, expect.stringContaining(`-> ${file}`)])
  return { html: readFileSync(file, 'utf8'), json: JSON.parse(out) }
}

test('the page holds the very object that --json prints', async () => {
  const { html, json } = await report(MODEL)
  expect(embedded(html)).toEqual(json)
})

test('without --json the table is printed as ever', async () => {
  const file = join(folder, 'table.html')
  const [plain, reported] = [await call('simulate', MODEL), await call('simulate', MODEL, '--report', file)]
  expect(reported.out).toBe(plain.out)
  expect(existsSync(file)).toBe(true)
})

test('the file asks for nothing, runs one script, and names its libraries with their licences', async () => {
  const { html } = await report(MODEL)
  expect(html).toMatch(
    /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-/,
  )
  expect(html).not.toMatch(/<(link|img|iframe|object)\b|<script[^>]*\bsrc=|\bon[a-z]+="/)
  expect(html.match(/<script/g)).toHaveLength(2)
  for (const library of ['@observablehq/plot', 'd3-scale', '@dagrejs/dagre']) {
    expect(html).toMatch(new RegExp(`/\\*! ${library} [\\d.]+\\n[^/]*Copyright`))
  }
})

test('a title is text, whatever is in it', () => {
  const html = renderReport('simulation', '</title><script>alert(1)</script>', {} as SimulationData)
  expect(html).not.toContain('alert(1)</script>')
})

test('a report that cannot be written is refused before the model is read', async () => {
  const { code, err } = await call('simulate', 'missing.tflite', '--report', join(folder, 'no/r.html'))
  expect(code).toBe(1)
  expect(err).toContain('output/no-folder')
  const inTheWay = await call('simulate', MODEL, '--report', folder)
  expect([inTheWay.code, inTheWay.err]).toEqual([1, expect.stringContaining('output/in-the-way')])
})

if (!hasZoo) console.warn('skipping the size of a report of resnet8: there is no ../shared/zoo')

test.skipIf(!hasZoo)('the report of resnet8 is smaller than 1.5 MB', async () => {
  const { html } = await report(zooPath('models/resnet8_int8.tflite'))
  expect(Buffer.byteLength(html)).toBeLessThan(1.5e6)
})
