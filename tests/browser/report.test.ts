/** The page of `simulate --report`, opened from disk. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { must } from '../../ir/diagnostic.ts'
import { renderReport } from '../../src/report/render.ts'
import type { SimulationData } from '../../src/report/simulation-data.ts'
import { call } from '../cli/call.ts'
import { closeBrowser, hasChromium, newPage, type Watched } from './chromium.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'report-'))
const file = join(folder, 'digits.html')
let data: SimulationData

async function open(path = file, options: BrowserContextOptions = {}): Promise<Watched> {
  const watched = await newPage({ viewport: { width: 1300, height: 900 }, ...options })
  await watched.page.goto(pathToFileURL(path).href)
  await watched.page.waitForSelector('html[data-ready]')
  return watched
}

/** The cells of the rows of a section's first table, without the foot. */
function rows(page: Page, section: string): Promise<string[][]> {
  const table = page.locator(`#${section} table`).first()
  return table
    .locator('tbody tr')
    .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')))
}

/** The figures of the column of that name. */
async function column(page: Page, section: string, title: string): Promise<number[]> {
  const table = page.locator(`#${section} table`).first()
  const heads = await table.locator('thead th').allTextContents()
  const index = heads.indexOf(title)
  return (await rows(page, section)).map((row) => Number((row[index] ?? '').replaceAll(',', '')))
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

describe.skipIf(!hasChromium)('the page of a simulation', () => {
  beforeAll(async () => {
    const { out } = await call('simulate', 'examples/digits/digits_int8.tflite', '--json', '--report', file)
    data = JSON.parse(out)
  })
  afterAll(async () => {
    await closeBrowser()
    rmSync(folder, { recursive: true })
  })

  test('opens from disk, complains of nothing and asks for nothing', async () => {
    const { page, complaints, requests } = await open()
    const titles = await page.locator('h2').allTextContents()
    expect(titles).toEqual(expect.arrayContaining(['Summary', 'Roofline', 'Costs by layer', 'Layers']))
    expect(await page.locator('section svg').count()).toBeGreaterThanOrEqual(4)
    expect(complaints).toEqual([])
    expect(requests).toEqual([pathToFileURL(file).href])
  })

  test('a dot of the roofline names its layer and what binds it', async () => {
    const { page } = await open()
    const dots = page.locator('#roofline [data-mark="dot"] > *')
    expect(await dots.count()).toBe(data.layers.filter((layer) => layer.kept_macs > 0).length)
    await dots.last().hover()
    const tip = await page.locator('.tooltip').textContent()
    expect(data.layers.some(({ op }, i) => tip?.startsWith(`${i} ${op}`))).toBe(true)
    expect(tip).toMatch(/bound by /)
  })

  test('sums on the page are the totals of --json', async () => {
    const { page } = await open()
    expect(sum(await column(page, 'layers', 'cycles'))).toBe(data.cycles)
    expect(sum(await column(page, 'layers', 'MACs'))).toBe(data.macs)
    const bytes = data.dram.read_bytes + data.dram.write_bytes
    expect(sum(await column(page, 'layers', 'DRAM B'))).toBe(bytes)
    for (const unit of await rows(page, 'units')) {
      const cycles = unit.slice(1).map((cell) => Number(cell.replaceAll(',', '')))
      expect([unit[0], sum(cycles.slice(0, -1))]).toEqual([unit[0], data.cycles])
    }
    const figures = await page.locator('.figures').textContent()
    for (const value of [data.cycles, data.lower_bound.cycles, bytes, data.lower_bound.dram_bytes]) {
      expect(figures).toContain(value.toLocaleString('en-US'))
    }
  })

  test('the bars show every unit that is chosen', async () => {
    const { page } = await open()
    for (const [unit, { busy }] of Object.entries(data.units)) {
      await page.locator('#costs select').selectOption(unit)
      const legend = page.locator('#costs figure').first()
      await expect.poll(() => legend.textContent()).toContain(`Cycles of ${unit} by cause`)
      expect(await legend.textContent()).toContain(`busy ${((100 * busy) / data.cycles).toFixed(1)} %`)
    }
  })

  test('a table is sorted by its heads', async () => {
    const { page } = await open()
    await page.locator('#layers thead button', { hasText: /^cycles$/ }).press('Enter')
    const cycles = await column(page, 'layers', 'cycles')
    expect(cycles).toEqual([...cycles].sort((a, b) => b - a))
    expect(new Set(cycles).size).toBeGreaterThan(1)
  })

  test('marks of a chart are reached with the keyboard, and lead to the layer', async () => {
    const { page } = await open()
    const first = page.locator('#roofline .noted').first()
    await first.focus()
    await page.keyboard.press('ArrowRight')
    const focused = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    expect(focused).toMatch(/^\d+ \w+.*bound by/)
    await page.keyboard.press('Enter')
    const row = await page.evaluate(() => document.activeElement?.id)
    expect(row).toBe(`layer-${must(focused?.match(/^\d+/)?.[0], 'a layer')}`)
  })

  test('the Tab key reaches every control once, and ends', async () => {
    const { page } = await open()
    const seen: string[] = []
    for (let presses = 0; presses < 400; presses++) {
      await page.keyboard.press('Tab')
      const at = await page.evaluate(() => {
        const element = document.activeElement
        if (element === null || element === document.body) return
        const all = [...document.querySelectorAll('*')]
        return `${all.indexOf(element)} ${element.tagName} ${element.textContent?.slice(0, 20)}`
      })
      if (at === undefined || at === seen[0]) break
      seen.push(at)
    }
    const wanted = await page.$$eval('a[href], button, select, input', (all) => all.length)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((at) => / (A|BUTTON|SELECT|INPUT) /.test(at))).toHaveLength(wanted)
  })

  test('colours are light or dark as the system, until the reader presses the button', async () => {
    const { page } = await open(file, { colorScheme: 'dark' })
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const dark = await paper()
    await page.locator('nav button').click()
    expect(await paper()).not.toBe(dark)
    expect(await paper()).toBe('rgb(255, 255, 255)')
  })

  test.each([
    ['light', 1300],
    ['dark', 1300],
    ['light', 420],
  ] as const)('axe finds nothing serious, %s, %i pixels wide', async (colorScheme, width) => {
    const { page } = await open(file, { colorScheme, viewport: { width, height: 900 } })
    await page.evaluate(AXE)
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run(),
    )
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect(grave.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html.slice(0, 120))])).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    )
  })

  test('names from a model are text, whatever is in them', async () => {
    const hostile = '</script><img src=x onerror="document.title=1"><b>bold</b>'
    const layers = data.layers.map((layer) => ({ ...layer, name: hostile, schedule: hostile }))
    const path = join(folder, 'hostile.html')
    const host_ops = data.host_ops.map((op) => ({ ...op, name: hostile, reason: hostile }))
    writeFileSync(path, renderReport('simulation', hostile, { ...data, model: hostile, layers, host_ops }))
    const { page, complaints, requests } = await open(path)
    await page.locator('#roofline .noted').first().focus()
    expect(await page.locator('h1').textContent()).toBe(hostile)
    expect(await page.title()).toBe(hostile)
    expect(await page.locator('img, b').count()).toBe(0)
    expect([complaints, requests]).toEqual([[], [pathToFileURL(path).href]])
  })
})
