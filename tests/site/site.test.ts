/** The documentation site is written, all of its links lead somewhere, and it works from disk, without a network. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CHROMIUM, hasChromium, launchChromium } from '../../scripts/chromium.mjs'
import { deadHtmlLinks } from '../../scripts/site/html-links.mjs'

const TYPEDOC = 'scripts/site/node_modules/typedoc'
const BUILD_MS = 180_000
const hasTypeDoc = existsSync(TYPEDOC)
if (!hasTypeDoc)
  console.warn(`no ${TYPEDOC}: tests of the site are skipped; npm ci --prefix scripts/site brings it`)
if (!hasChromium) console.warn(`no Chromium at ${CHROMIUM}: tests of the site in a browser are skipped`)

const site = mkdtempSync(join(tmpdir(), 'espalier-site-'))
afterAll(() => rmSync(site, { recursive: true }))

function text(page: string): string {
  return readFileSync(join(site, page), 'utf8')
}

describe.skipIf(!hasTypeDoc)('the site', () => {
  beforeAll(() => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/site/site.mjs', '--out', site], {
      encoding: 'utf8',
    })
    expect([status, stderr], stdout).toEqual([0, ''])
  }, BUILD_MS)

  test('has a page for each of the repository, for each function, and for the sources they speak of', () => {
    const documents = readdirSync(join(site, 'documents'))
    for (const name of ['A_tour', 'Architecture', 'Benchmarks', 'Instruction_set', 'Sources.src_index.ts'])
      expect(documents).toContain(`${name}.html`)
    expect(text('functions/espalier.openExecutable.html')).toContain('Executable')
    expect(text('documents/Sources.backends_trellis_rtl.html')).toContain('trellis.sv')
  })

  test('shows the figures of the benchmarks at home', () => {
    const row = readFileSync('docs/benchmarks.md', 'utf8').match(
      /### trellis-16\n[\s\S]*?\| vww_96_int8 \| ([\d,]+) \|/,
    )
    expect(row?.[1]).toMatch(/\d/)
    expect(text('index.html')).toContain(row?.[1])
  })

  test('has no dead link, and would say so', () => {
    expect(deadHtmlLinks(site)).toEqual([])
    const page = text('documents/Targets.html')
    writeFileSync(
      join(site, 'documents/Targets.html'),
      `${page}<a href="nowhere.html"></a><a href="Area.html#nowhere"></a>`,
    )
    expect(deadHtmlLinks(site)).toEqual([
      'documents/Targets.html: nowhere.html',
      'documents/Targets.html: Area.html#nowhere',
    ])
    writeFileSync(join(site, 'documents/Targets.html'), page)
  })

  describe.skipIf(!hasChromium)('in a browser, from disk', () => {
    let browser: Browser
    let page: Page
    const requests: string[] = []
    const errors: string[] = []

    beforeAll(async () => {
      browser = await launchChromium()
    })
    // A new profile: the site remembers which groups of the sidebar are open.
    beforeEach(async () => {
      page = await browser.newPage({ viewport: { width: 1280, height: 860 } })
      page.on('request', (request) => requests.push(request.url()))
      page.on('pageerror', (error) => errors.push(error.message))
    })
    afterEach(() => page.close())
    afterAll(() => browser.close())

    async function open(name: string): Promise<void> {
      await page.goto(pathToFileURL(join(site, name)).href, { waitUntil: 'domcontentloaded' })
    }

    test('no page is wider than the window, whatever its tables', async () => {
      const wide: string[] = []
      const names = readdirSync(join(site, 'documents')).filter((name) => !name.startsWith('Sources.'))
      for (const name of names) {
        await open(`documents/${name}`)
        const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        if (excess > 0) wide.push(`${name}: ${excess}`)
      }
      expect(wide).toEqual([])
    })

    test('the search finds words of pages and functions', async () => {
      await open('index.html')
      await page.locator('#tsd-search-trigger').click()
      for (const [words, result] of [
        ['openExecutable', 'openExecutable'],
        ['timing contract', 'Timing contract'],
      ] as const) {
        await page.locator('#tsd-search-input').fill(words)
        await page.locator('#tsd-search-results li', { hasText: result }).first().waitFor()
      }
    })

    test('the sidebar leads to a page', async () => {
      await open('index.html')
      const sidebar = page.locator('.site-menu')
      await sidebar.getByText('The accelerator').click()
      await sidebar.getByText('Instruction set').click()
      await page.getByRole('heading', { name: 'The instruction set of Trellis' }).waitFor()
    })

    test('nothing came from a network, and no script failed', () => {
      expect(requests.length).toBeGreaterThan(0)
      expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([])
      expect(errors).toEqual([])
    })
  })
})
