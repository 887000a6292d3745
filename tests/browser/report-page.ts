/** What tests do with the page of any report. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { newPage, type Watched } from './chromium.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The page of a file on disk, when it has drawn itself. */
export async function openReport(path: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const watched = await newPage({ viewport: { width: 1300, height: 900 }, ...options })
  await watched.page.goto(pathToFileURL(path).href)
  await watched.page.waitForSelector('html[data-ready]')
  return watched
}

/** The cells of the rows of a section's first table, without the foot. */
export function rows(page: Page, section: string): Promise<string[][]> {
  const table = page.locator(`#${section} table`).first()
  return table
    .locator('tbody tr')
    .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')))
}

/** The figures of the column of that name; an empty cell counts as 0. */
export async function column(page: Page, section: string, title: string): Promise<number[]> {
  const table = page.locator(`#${section} table`).first()
  const heads = await table.locator('thead th').allTextContents()
  const index = heads.indexOf(title)
  return (await rows(page, section)).map((row) => Number((row[index] ?? '').replaceAll(',', '')))
}

/** What axe finds serious or critical: the rule, and the elements. */
export async function graveFaults(page: Page): Promise<readonly string[][]> {
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run(),
  )
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  return grave.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html.slice(0, 120))])
}

/** Pixels that the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
