/** The page of `bench --report`, opened from disk. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Benchmark, VariantBenchmark } from '../../src/bench.ts'
import { renderReport } from '../../src/report/render.ts'
import { call } from '../cli/call.ts'
import { embedded } from '../report/embedded.ts'
import { closeBrowser, hasChromium } from './chromium.ts'
import { column, graveFaults, openReport, overflow, rows, sum } from './report-page.ts'

const folder = mkdtempSync(join(tmpdir(), 'benchmark-'))
const file = join(folder, 'benchmark.html')
/** What this engine measured, and beside it a variant of half the speed, which not every engine has. */
let data: Benchmark
let own: VariantBenchmark

describe.skipIf(!hasChromium)('the page of a benchmark', () => {
  beforeAll(async () => {
    const args = ['bench', 'examples/digits/digits_int8.tflite', '--runs', '2', '--json', '--report', file]
    const { out } = await call(...args)
    const measured: Benchmark = JSON.parse(out)
    expect(embedded(readFileSync(file, 'utf8'))).toEqual(measured)
    const [first] = measured.variants
    if (first === undefined) throw new Error('no variant was measured')
    own = first
    const layers = first.layers.map((layer) => ({ ...layer, median_us: 2 * layer.median_us }))
    data = { ...measured, variants: [first, { ...first, variant: 'relaxed_signed', layers }] }
    writeFileSync(file, renderReport('benchmark', 'digits', data))
  }, 240_000)
  afterAll(async () => {
    await closeBrowser()
    rmSync(folder, { recursive: true })
  }, 120_000)

  test('opens from disk, complains of nothing and asks for nothing', async () => {
    const { page, complaints, requests } = await openReport(file)
    expect(await page.locator('h2').allTextContents()).toEqual([
      ...['Summary', 'Roofline', 'Time by layer', 'Layers', 'Memory'],
    ])
    expect(await page.locator('section svg').count()).toBeGreaterThanOrEqual(3)
    expect(await page.locator('.figures dt').allTextContents()).toEqual(
      data.variants.map(({ variant }) => variant),
    )
    expect(complaints).toEqual([])
    expect(requests).toEqual([pathToFileURL(file).href])
  })

  test('a dot for each layer that multiplies, under a slope for each working set', async () => {
    const { page } = await openReport(file)
    const timed = own.layers.filter(({ gmacs }) => gmacs > 0)
    const dots = page.locator('#roofline [data-mark="dot"] > *')
    expect(await dots.count()).toBe(timed.length)
    expect(await page.locator('#roofline [data-mark="line"]').count()).toBe(data.bandwidth.length)
    await dots.first().hover()
    const slowest = timed.toSorted((p, q) => q.median_us - p.median_us)[0]
    expect(await page.locator('.tooltip').textContent()).toContain(
      `bytes${slowest?.bytes.toLocaleString('en-US')}`,
    )
  })

  test('figures of layers are those of --json, of the variant that is chosen', async () => {
    const { page } = await openReport(file)
    expect(sum(await column(page, 'layers', 'MACs'))).toBe(data.macs)
    expect(await column(page, 'layers', 'bytes')).toEqual(own.layers.map(({ bytes }) => bytes))
    const times = async () => (await rows(page, 'layers')).map(([, , , time]) => time)
    const shown = (factor: number) =>
      own.layers.map(({ median_us }) =>
        Number((factor * median_us).toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 }),
      )
    expect(await times()).toEqual(shown(1))
    await page.locator('#layers select').selectOption('relaxed_signed')
    expect(await times()).toEqual(shown(2))
  })

  test('times have a whisker, and lead to the row of their layer', async () => {
    const { page } = await openReport(file)
    const bars = page.locator('#times figure').first().locator('.hit')
    await expect.poll(() => bars.count()).toBe(own.layers.length)
    await bars.nth(1).click()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('layer-1')
    const whiskers = page.locator('#times figure').first().locator('[data-mark="rule"] > *')
    expect(await whiskers.count()).toBeGreaterThanOrEqual(own.layers.length)
  })

  test.each([
    ['light', 1300],
    ['dark', 420],
  ] as const)('axe finds nothing serious, %s, %i pixels wide', async (colorScheme, width) => {
    const { page } = await openReport(file, { colorScheme, viewport: { width, height: 900 } })
    expect(await graveFaults(page)).toEqual([])
    expect(await overflow(page)).toBeLessThanOrEqual(0)
  })
})
