/** The page of `simulate --report`, opened from disk. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { must } from '../../ir/diagnostic.ts'
import { renderReport } from '../../src/report/render.ts'
import type { SimulationData } from '../../src/report/simulation-data.ts'
import { call } from '../cli/call.ts'
import { closeBrowser, hasChromium } from './chromium.ts'
import { column, graveFaults, openReport, overflow, rows, sum } from './report-page.ts'

const folder = mkdtempSync(join(tmpdir(), 'report-'))
const file = join(folder, 'digits.html')
let data: SimulationData

const open = (path = file, options: BrowserContextOptions = {}) => openReport(path, options)

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
      expect(await legend.textContent()).toContain(`works ${((100 * busy) / data.cycles).toFixed(1)} %`)
    }
  })

  test('a table is sorted by its heads', async () => {
    const { page } = await open()
    await page.locator('#layers thead button', { hasText: /^cycles$/ }).press('Enter')
    const cycles = await column(page, 'layers', 'cycles')
    expect(cycles).toEqual([...cycles].sort((a, b) => b - a))
    expect(new Set(cycles).size).toBeGreaterThan(1)
  })

  test('zooming changes the cycles that are shown: buttons, wheel, drag, keys, a layer', async () => {
    const { page } = await open()
    const shown = async () =>
      (await page.locator('#timeline .range').textContent())
        ?.match(/[\d,]+/g)
        ?.map((n) => Number(n.replaceAll(',', ''))) ?? []
    const cycles = must(data.details, 'details').cycles
    expect(await shown()).toEqual([0, cycles, cycles])
    await page.locator('#timeline button', { hasText: '+' }).click()
    const [from = 0, to = 0] = await shown()
    expect(to - from).toBeCloseTo(cycles / 2, -1)

    const canvas = page.locator('#timeline canvas')
    await canvas.hover()
    await page.mouse.wheel(0, -300)
    await expect.poll(async () => (await shown())[1]).toBeLessThan(to)
    const [left = 0] = await shown()
    const box = must((await canvas.boundingBox()) ?? undefined, 'the canvas')
    await page.mouse.move(box.x + 400, box.y + 100)
    await page.mouse.down()
    await page.mouse.move(box.x + 700, box.y + 100, { steps: 3 })
    await page.mouse.up()
    expect((await shown())[0]).toBeLessThan(left)

    await canvas.press('Home')
    expect(await shown()).toEqual([0, cycles, cycles])
    await canvas.press('ArrowRight')
    await canvas.press('+')
    expect((await shown())[1]).toBeLessThan(cycles)
    expect(await page.locator('#timeline .readout').textContent()).toMatch(/^\d+ \w+ .* cycles /)
    await canvas.press('ArrowDown')
    await canvas.press('ArrowDown')
    expect(await page.locator('#timeline .readout').textContent()).toMatch(/^load /)

    await page.locator('#timeline select').selectOption('1')
    const { slices } = must(data.details, 'details')
    expect((await shown())[1]).toBe(slices.end[slices.layer.lastIndexOf(1)])
  })

  test('the timeline says what a unit does there, in which instruction and layer', async () => {
    const { page } = await open()
    const { timeline, instructions } = must(data.details, 'details')
    await page.locator('#timeline canvas').scrollIntoViewIfNeeded()
    const canvas = must((await page.locator('#timeline canvas').boundingBox()) ?? undefined, 'the canvas')
    // The third row below the layers is mac's; it streams in the middle of the run.
    await page.mouse.move(canvas.x + canvas.width / 2, canvas.y + 22 + 3 * 40 + 10)
    const tip = await page.locator('.tooltip').textContent()
    expect(tip).toMatch(/^mac (works|waits)/)
    const indices = must(timeline.mac, 'mac').instruction.filter((i) => i >= 0)
    expect(indices.some((i) => tip?.includes(instructions.text[i] ?? '?'))).toBe(true)
    expect(tip).toMatch(/layer\d+ \w+/)
  })

  test('every pixel of the timeline adds up to its unit’s account', async () => {
    const { page } = await open()
    // Busy cycles stand at the bottom of a row: their area is their share.
    const { shares, colour } = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('#timeline canvas')
      const context = canvas?.getContext('2d')
      if (!canvas || !context) return { shares: [], colour: '' }
      const probe = document.body.appendChild(document.createElement('i'))
      probe.style.color = 'var(--busy)'
      const busy = getComputedStyle(probe).color
      const wanted = busy.match(/\d+/g)?.map(Number) ?? []
      const rows = [1, 2, 3, 4, 5, 6].map((row) => {
        const { data, width } = context.getImageData(74, 22 + row * 40, canvas.width - 74, 34)
        let count = 0
        for (let i = 0; i < data.length; i += 4)
          if (wanted.every((value, c) => Math.abs(value - (data[i + c] ?? 0)) < 40)) count++
        return count / (width * 34)
      })
      return { shares: rows, colour: busy }
    })
    expect(colour).toMatch(/^rgb/)
    const accounts = Object.values(data.units).map(({ busy }) => busy / data.cycles)
    for (const [i, share] of accounts.entries()) expect(Math.abs((shares[i] ?? 0) - share)).toBeLessThan(0.05)
  })

  test('searching leaves the instructions that have all the words', async () => {
    const { page } = await open()
    const { text, layer } = must(data.details, 'details').instructions
    const wanted = text.filter((line, i) => line.includes('mac.dense') && layer[i] === 1)
    await page.locator('#program input').fill('MAC.dense 1 conv2d')
    const count = wanted.length.toLocaleString('en-US')
    expect(await page.locator('#program output').textContent()).toContain(`${count} of `)
    const lines = await page.locator('#program code').allTextContents()
    expect(lines.length).toBeGreaterThan(0)
    expect(wanted.slice(0, lines.length)).toEqual(lines)
    await page.locator('#program input').fill('nothing has this')
    expect(await page.locator('#program code').count()).toBe(0)
  })

  test('the arrow keys go through the program, however long it is', async () => {
    const { page } = await open()
    const list = page.locator('#program [role="table"]')
    await list.focus()
    const presses = 60
    for (let i = 0; i < presses; i++) await page.keyboard.press('ArrowDown')
    const start = must(data.details, 'details').instructions.start[presses - 1] ?? 0
    const focused = () => page.evaluate(() => document.activeElement?.textContent)
    expect(await focused()).toBe(start.toLocaleString('en-US'))
    await page.keyboard.press('ArrowRight')
    expect(await focused()).toMatch(/^\d+ [a-z]/)
  })

  test('the start of an instruction leads to its place in the timeline', async () => {
    const { page } = await open()
    const before = await page.locator('#timeline .range').textContent()
    await page.locator('#program .plain').first().press('Enter')
    expect(await page.locator('#timeline .range').textContent()).not.toBe(before)
  })

  test('a node of the network leads to its row, and a row to its node', async () => {
    const { page } = await open()
    const nodes = page.locator('#network .node')
    expect(await nodes.count()).toBeGreaterThanOrEqual(data.layers.length + data.host_ops.length + 2)
    await page.locator('#node-2').click()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('layer-2')
    await page.locator('#layer-2 a').first().click()
    expect(new URL(page.url()).hash).toBe('#node-2')
    // Every layer has a way in and a way out.
    expect(await page.locator('#network .edge').count()).toBeGreaterThanOrEqual(data.layers.length + 1)
  })

  test('each memory says which bank holds how much at most', async () => {
    const { page } = await open()
    const { memories } = must(data.details, 'details').memory
    const peaks = await page
      .locator('#memory table')
      .first()
      .locator('tbody tr')
      .evaluateAll((all) => all.map((row) => row.children[3]?.textContent))
    const expected = memories.flatMap(({ banks_used }) => banks_used.map((bank) => bank.bytes_peak))
    expect(peaks).toEqual(expected.map((bytes) => bytes.toLocaleString('en-US')))
    const weight = must(
      memories.find(({ name }) => name === 'weight'),
      'weights',
    )
    await page.locator('#memory select').selectOption('weight')
    const share = ((100 * weight.used_bytes) / weight.bytes).toFixed(1)
    expect(await page.locator('#memory h3').first().textContent()).toContain(`(${share} %)`)
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
    const wanted = await page
      .locator('a[href], button, select, input')
      .evaluateAll((all) => all.filter((element) => element.getAttribute('tabindex') !== '-1').length)
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
    ['dark', 420],
  ] as const)(
    'axe finds nothing serious, %s, %i pixels wide',
    { timeout: 240_000 },
    async (colorScheme, width) => {
      const { page } = await open(file, { colorScheme, viewport: { width, height: 900 } })
      expect(await graveFaults(page)).toEqual([])
      expect(await overflow(page)).toBeLessThanOrEqual(0)
    },
  )

  test('a network that the host computes alone has a page, too', async () => {
    const { details: _, ...without } = data
    const none = { busy: 0, stall: {}, idle: 0 }
    const units = { fetch: none, load: none, mac: none, post: none, store: none, dram: none }
    const path = join(folder, 'host.html')
    const lower_bound = { cycles: 0, dram_bytes: 0 }
    const host = { ...without, ...{ units, cycles: 0, latency_ms: 0, lower_bound, layers: [] } }
    writeFileSync(path, renderReport('simulation', 'host', host))
    const { page, complaints } = await open(path)
    expect(await page.locator('#summary').textContent()).toContain('the host computes everything')
    expect(await page.locator('main').textContent()).not.toMatch(/NaN|Infinity|undefined/)
    expect(complaints).toEqual([])
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
