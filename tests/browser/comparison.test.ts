/** The page of `compare --report`, opened from disk. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Comparison } from '../../src/compare/compare.ts'
import { renderReport } from '../../src/report/render.ts'
import { call } from '../cli/call.ts'
import { closeBrowser, hasChromium } from './chromium.ts'
import { column, graveFaults, openReport, overflow, rows, sum } from './report-page.ts'

const folder = mkdtempSync(join(tmpdir(), 'comparison-'))
const file = join(folder, 'comparison.html')
let data: Comparison

/** What a cell shows of a whole number. */
const counted = (value: number): string => value.toLocaleString('en-US')

describe.skipIf(!hasChromium)('the page of a comparison', () => {
  beforeAll(async () => {
    const save = async (name: string, ...args: string[]): Promise<string> => {
      const path = join(folder, name)
      writeFileSync(path, (await call('simulate', ...args, '--json')).out)
      return path
    }
    const a = await save('a.json', 'examples/digits/digits_int8.tflite')
    const b = await save('b.json', 'examples/digits/digits_sparse_int8.tflite', '--target', 'trellis-8')
    data = JSON.parse((await call('compare', a, b, '--json', '--report', file)).out)
  }, 120_000)
  afterAll(async () => {
    await closeBrowser()
    rmSync(folder, { recursive: true })
  }, 120_000)

  test('opens from disk, complains of nothing and asks for nothing', async () => {
    const { page, complaints, requests } = await openReport(file)
    expect(await page.locator('h2').allTextContents()).toEqual([
      ...['Summary', 'Roofline', 'Costs by layer', 'Layers', 'Causes', 'Units'],
    ])
    expect(await page.locator('section svg').count()).toBeGreaterThanOrEqual(2)
    expect(complaints).toEqual([])
    expect(requests).toEqual([pathToFileURL(file).href])
  })

  test('figures beside each other are those of --json', async () => {
    const { page } = await openReport(file)
    const cards = await page.locator('.figures').textContent()
    for (const { a, b, difference } of [data.headline.cycles, data.headline.dram_bytes]) {
      expect(cards).toContain(`${counted(a)} → ${counted(b)}`)
      expect(cards).toContain(counted(difference))
    }
    const table = new Map((await rows(page, 'summary')).map(([name, ...cells]) => [name, cells]))
    const { a, b, difference, percent } = data.headline.cycles
    expect(table.get('cycles')).toEqual([
      ...[counted(a), counted(b), `${difference > 0 ? '+' : ''}${counted(difference)}`],
      `${difference > 0 ? '+' : ''}${percent?.toFixed(1)} %`,
    ])
    for (const [kind, each] of Object.entries(data.dram_by))
      expect(table.get(`DRAM bytes: ${kind}`)?.slice(0, 2)).toEqual([counted(each.a), counted(each.b)])
  })

  test('differences of layers sum to those of the whole', async () => {
    const { page } = await openReport(file)
    expect(sum(await column(page, 'layers', 'cycles A'))).toBe(data.headline.cycles.a)
    expect(sum(await column(page, 'layers', 'cycles B'))).toBe(data.headline.cycles.b)
    expect(sum(await column(page, 'layers', 'cycles B − A'))).toBe(data.headline.cycles.difference)
    expect(sum(await column(page, 'layers', 'DRAM B B − A'))).toBe(data.headline.dram_bytes.difference)
    // Every unit accounts for all cycles.
    const units = (await rows(page, 'units')).map(([unit, , , , difference = '']) => ({
      ...{ unit, difference: Number(difference.replaceAll(',', '')) },
    }))
    for (const name of Object.keys(data.units)) {
      const own = units.filter(({ unit }) => unit === name).map(({ difference }) => difference)
      expect([name, sum(own)]).toEqual([name, data.headline.cycles.difference])
    }
  })

  test('both runs are under the roofline, with an arrow where a layer moved', async () => {
    const { page } = await openReport(file)
    const both = data.layers.filter(({ kept_macs }) => kept_macs.a > 0 && kept_macs.b > 0)
    const dots = page.locator('#roofline [data-mark="dot"] > *')
    expect(await dots.count()).toBe(2 * both.length)
    expect(await page.locator('#roofline [data-mark="arrow"] > *').count()).toBe(both.length)
    await dots.last().hover()
    const note = await page.locator('.tooltip').textContent()
    const layer = data.layers.find(({ a, cycles }, i) =>
      note?.startsWith(`${i} ${a?.op}`)
        ? note.includes(`${counted(cycles.a)} → ${counted(cycles.b)}`)
        : false,
    )
    expect(layer).toBeDefined()
  })

  test('bars are two a layer, of what is chosen', async () => {
    const { page } = await openReport(file)
    const [measure, unit, which] = [0, 1, 2].map((n) => page.locator('#costs select').nth(n))
    const hits = page.locator('#costs .hit')
    await expect.poll(() => hits.count()).toBe(2 * data.layers.length)
    await unit?.selectOption('load')
    expect(await page.locator('#costs h3').textContent()).toBe('Cycles of load by cause')
    await measure?.selectOption('DRAM bytes')
    expect(await unit?.isVisible()).toBe(false)
    await which?.selectOption({ index: 1 })
    await expect.poll(() => hits.count()).toBe(2 * data.layers.length)
    await hits.first().hover()
    const { a, b } = data.layers[0]?.dram_bytes ?? { a: 0, b: 0 }
    expect(await page.locator('.tooltip').textContent()).toContain(`in all${counted(a)} → ${counted(b)}`)
  })

  test('the table is sorted by its heads, and a mark leads to its row', async () => {
    const { page } = await openReport(file)
    const head = page.locator('#layers thead button', { hasText: 'cycles B − A' })
    await head.press('Enter')
    const differences = await column(page, 'layers', 'cycles B − A')
    expect(differences).toEqual([...differences].sort((p, q) => q - p))
    await head.press('Enter')
    expect(await column(page, 'layers', 'cycles B − A')).toEqual([...differences].sort((p, q) => p - q))
    await page.locator('#roofline .noted').first().focus()
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toMatch(/^layer-\d+$/)
  })

  test('causes are of the unit that is chosen, the largest difference first', async () => {
    const { page } = await openReport(file)
    for (const unit of ['mac', 'post']) {
      await page.locator('#causes select').selectOption(unit)
      const wanted = data.layers.flatMap((layer) =>
        Object.values(layer.units[unit] ?? {}).flatMap(({ difference }) =>
          difference === 0 ? [] : [difference],
        ),
      )
      const shown = await column(page, 'causes', 'B − A')
      expect(shown).toHaveLength(wanted.length)
      expect(sum(shown)).toBe(sum(wanted))
      const sizes = shown.map(Math.abs)
      expect(sizes).toEqual([...sizes].sort((p, q) => q - p))
    }
  })

  test.each([
    ['light', 1300],
    ['dark', 1300],
    ['light', 420],
  ] as const)('axe finds nothing serious, %s, %i pixels wide', async (colorScheme, width) => {
    const { page } = await openReport(file, { colorScheme, viewport: { width, height: 900 } })
    expect(await graveFaults(page)).toEqual([])
    expect(await overflow(page)).toBeLessThanOrEqual(0)
  })

  test('names from files are text, whatever is in them', async () => {
    const hostile = '</script><img src=x onerror="document.title=1"><b>bold</b>'
    const side = <T extends object>(of: T | undefined) => (of ? { ...of, name: hostile, op: hostile } : of)
    const layers = data.layers.map((layer) => ({ ...layer, a: side(layer.a), b: side(layer.b) }))
    const path = join(folder, 'hostile.html')
    const comparison = { ...data, a: { ...data.a, model: hostile, target: hostile }, layers } as Comparison
    writeFileSync(path, renderReport('comparison', hostile, comparison))
    const { page, complaints, requests } = await openReport(path)
    await page.locator('#costs .noted').first().focus()
    expect(await page.title()).toBe(hostile)
    expect(await page.locator('img, b').count()).toBe(0)
    expect([complaints, requests]).toEqual([[], [pathToFileURL(path).href]])
  })
})
