/** Opens the page of a report from disk, and waits until all of it is there. */
import { pathToFileURL } from 'node:url'
import type { BrowserContextOptions } from 'playwright-core'
import { newPage, type Watched } from './chromium.ts'

export async function openReport(file: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const watched = await newPage({ viewport: { width: 1300, height: 900 }, ...options })
  await watched.page.goto(pathToFileURL(file).href)
  await watched.page.waitForSelector('html[data-ready]')
  return watched
}
