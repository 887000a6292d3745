/** Pages for the tests, in one Chromium; where there is none, the tests that need it are skipped. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { CHROMIUM, hasChromium, launchChromium } from '../../scripts/chromium.mjs'

if (!hasChromium) {
  console.warn(
    `skipping tests in a browser: no Chromium at ${CHROMIUM}; the variable CHROMIUM may name another`,
  )
}

export { hasChromium }

/** What a page complained of: console errors and warnings, uncaught errors, requests that failed. */
export interface Watched {
  readonly page: Page
  readonly complaints: readonly string[]
  /** Addresses of everything that the page asked for, itself included. */
  readonly requests: readonly string[]
}

let browser: Browser | undefined

/** A page of a new profile. */
export async function newPage(options: BrowserContextOptions = {}): Promise<Watched> {
  browser ??= await launchChromium()
  const page = await (await browser.newContext(options)).newPage()
  const complaints: string[] = []
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`))
  return { page, complaints, requests }
}

export async function closeBrowser(): Promise<void> {
  await browser?.close()
}
