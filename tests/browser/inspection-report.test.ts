/** The page of `inspect --report`, opened from disk. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Inspection } from '../../src/inspect.ts'
import { renderReport } from '../../src/report/render.ts'
import { call } from '../cli/call.ts'
import { hasZoo, zooPath } from '../importers/zoo.ts'
import { closeBrowser, hasChromium } from './chromium.ts'
import { column, graveFaults, openReport, overflow, rows, sum } from './report-page.ts'

const folder = mkdtempSync(join(tmpdir(), 'inspection-'))
const BITS = 'examples/digits/digits_1w1a.onnx'
const BYTES = 'examples/digits/digits_sparse_int8.tflite'

async function report(
  model: string,
  name: string,
): Promise<{ readonly file: string; readonly data: Inspection }> {
  const file = join(folder, name)
  const { out } = await call('inspect', model, '--json', '--report', file)
  return { file, data: JSON.parse(out) }
}

describe.skipIf(!hasChromium)('the page of a network', () => {
  let file: string
  let data: Inspection

  beforeAll(async () => {
    ;({ file, data } = await report(BYTES, 'bytes.html'))
  })
  afterAll(async () => {
    await closeBrowser()
    rmSync(folder, { recursive: true })
  })

  test('opens from disk, complains of nothing and asks for nothing', async () => {
    const { page, complaints, requests } = await openReport(file)
    expect(await page.locator('h2').allTextContents()).toEqual([
      ...['Summary', 'Network', 'Work and weight', 'Layers', 'Activations', 'Constants'],
    ])
    expect(complaints).toEqual([])
    expect(requests).toEqual([pathToFileURL(file).href])
  })

  test('sums on the page are the totals of --json', async () => {
    const { page } = await openReport(file)
    expect(sum(await column(page, 'layers', 'MACs'))).toBe(data.macs)
    expect(sum(await column(page, 'layers', 'parameters'))).toBe(data.parameters)
    expect(sum(await column(page, 'constants', 'bytes'))).toBe(data.weight_bytes)
    const figures = await page.locator('.figures').textContent()
    for (const value of [data.macs, data.parameters, data.weight_bytes, data.layers.length])
      expect(figures).toContain(value.toLocaleString('en-US'))
    const titles = await page.locator('#work h3').allTextContents()
    expect(titles[0]).toContain(data.macs.toLocaleString('en-US'))
    expect(titles[1]).toContain(data.parameters.toLocaleString('en-US'))
  })

  test('precisions have every layer, parameter and MAC once', async () => {
    const bits = await report(BITS, 'bits.html')
    const { page, complaints } = await openReport(bits.file)
    const table = page.locator('#work table')
    const cells = await table
      .locator('tbody tr')
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => (cell.textContent ?? '').replaceAll(',', ''))),
      )
    const figures = (index: number) => sum(cells.map((row) => Number(row[index])))
    expect(cells.map(([precision]) => precision)).toContain('b1xi8')
    expect([figures(1), figures(2), figures(4)]).toEqual([
      ...[bits.data.layers.length, bits.data.parameters, bits.data.macs],
    ])
    expect(complaints).toEqual([])
  })

  test('a node of the graph leads to the row of its layer, and the row back', async () => {
    const { page } = await openReport(file)
    const nodes = page.locator('#network .node[role="button"]')
    expect(await nodes.count()).toBe(data.layers.length)
    const index = data.layers.findIndex(({ op }) => op === 'add')
    await page.locator(`#node-${index}`).click()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe(`layer-${index}`)
    await expect
      .poll(() => page.locator(`#layer-${index}`).evaluate((row) => row.getBoundingClientRect().top))
      .toBeLessThan(900)
    await page.locator(`#layer-${index} a`).first().click()
    expect(new URL(page.url()).hash).toBe(`#node-${index}`)
  })

  test('the graph has an edge for each result that a layer reads, and for the ends', async () => {
    const { page } = await openReport(file)
    const made = new Set(data.layers.flatMap(({ outputs }) => outputs))
    const read = data.layers.flatMap(({ inputs }) => [...new Set(inputs)].filter((name) => made.has(name)))
    const ends = await page.locator('#network .end').count()
    expect(ends).toBe(data.inputs.length + data.outputs.length)
    expect(await page.locator('#network .edge').count()).toBe(read.length + ends)
  })

  test('a node says what its layer is, with the pointer and with the keyboard', async () => {
    const { page } = await openReport(file)
    const index = data.layers.findIndex(({ block_density: kept = 1 }) => kept < 1)
    const layer = data.layers[index]
    await page.locator(`#node-${index}`).hover()
    const tip = page.locator('.tooltip')
    await expect.poll(() => tip.textContent()).toContain(layer?.macs.toLocaleString('en-US'))
    expect(await tip.textContent()).toContain(
      `blocks kept${(100 * (layer?.block_density ?? 0)).toFixed(1)} %`,
    )
    await page.locator('#node-0').focus()
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('layer-0')
  })

  test('every quantized tensor has its range, every constant a histogram', async () => {
    const { page } = await openReport(file)
    const constants = data.tensors.filter(({ role }) => role === 'constant')
    expect(await page.locator('#constants svg.histogram').count()).toBe(constants.length)
    const activations = await rows(page, 'activations')
    expect(activations).toHaveLength(data.tensors.length - constants.length)
    // From the file's scale of 1/255 and its zero point of -128: 0 to 1.
    expect(activations[0]?.at(-1)).toBe('0 to 1')
    const [bar] = constants.filter(({ dtype }) => dtype === 'i8')
    const drawn = page.locator(`#tensor-${bar ? data.tensors.indexOf(bar) : -1} svg rect`)
    expect(await drawn.count()).toBe(bar?.values?.histogram.counts.length)
    const heights = await drawn.evaluateAll((all) => all.map((each) => Number(each.getAttribute('height'))))
    const counts = bar?.values?.histogram.counts ?? []
    expect(heights.indexOf(Math.max(...heights))).toBe(counts.indexOf(Math.max(...counts)))
  })

  test.each([
    ['light', 1300],
    ['dark', 1300],
    ['light', 420],
  ] as const)(
    'axe finds nothing serious, %s, %i pixels wide',
    { timeout: 240_000 },
    async (colorScheme, width) => {
      const { page } = await openReport(file, { colorScheme, viewport: { width, height: 900 } })
      expect(await graveFaults(page)).toEqual([])
      expect(await overflow(page)).toBeLessThanOrEqual(0)
    },
  )

  test('names from a model are text, whatever is in them', async () => {
    const hostile = '</script><img src=x onerror="document.title=1"><b>bold</b>'
    const renamed = (names: readonly string[]) => names.map((name) => name + hostile)
    const layers = data.layers.map((layer) => ({
      ...layer,
      ...{ name: hostile, inputs: renamed(layer.inputs), outputs: renamed(layer.outputs) },
    }))
    const tensors = data.tensors.map((tensor) => ({ ...tensor, name: tensor.name + hostile }))
    const path = join(folder, 'hostile.html')
    writeFileSync(path, renderReport('inspection', hostile, { ...data, model: hostile, layers, tensors }))
    const { page, complaints, requests } = await openReport(path)
    expect([await page.locator('h1').textContent(), await page.title()]).toEqual([hostile, hostile])
    expect(await page.locator('img, b').count()).toBe(0)
    expect([complaints, requests]).toEqual([[], [pathToFileURL(path).href]])
  })

  test('a network without layers has a page, too', async () => {
    const path = join(folder, 'nothing.html')
    const nothing = {
      model: 'nothing',
      format: 'esp',
      inputs: [],
      outputs: [],
      ops: {},
      layers: [],
      tensors: [],
    }
    writeFileSync(
      path,
      renderReport('inspection', 'nothing', { ...nothing, parameters: 0, macs: 0, weight_bytes: 0 }),
    )
    const { page, complaints } = await openReport(path)
    expect(await page.locator('[role="alert"]').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test.skipIf(!hasZoo)('mobilenet_v2 is drawn within the time of the test, with all its layers', async () => {
    const zoo = await report(zooPath('models/mobilenet_v2_int8_224.tflite'), 'mobilenet.html')
    const { page, complaints } = await openReport(zoo.file)
    expect(sum(await column(page, 'layers', 'MACs'))).toBe(zoo.data.macs)
    expect(await page.locator('#network .node[role="button"]').count()).toBe(zoo.data.layers.length)
    expect(complaints).toEqual([])
  })
})
