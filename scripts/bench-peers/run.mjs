/** What the runs of both benchmarks share: pages of a new profile, and what they were measured on. */
import { existsSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { PACKAGES } from './site.mjs'

/**
 * Does `work` with a page of a new profile, whose messages go to standard error if it fails. `prepare` is given the tab
 * before it opens the address.
 */
export async function withPage(browser, url, work, prepare = async () => {}) {
  const context = await browser.newContext()
  const messages = []
  try {
    const tab = await context.newPage()
    tab.on('console', (message) => messages.push(message.text()))
    tab.on('pageerror', (error) => messages.push(error.message))
    await prepare(tab, context)
    await tab.goto(url)
    return await work(tab)
  } catch (error) {
    for (const message of messages) console.error(`page: ${message}`)
    throw error
  } finally {
    await context.close()
  }
}

/** The load of the machine before anything is measured, which is said where it will be seen in the figures. */
export function loadNow(script) {
  const load = loadavg()[0]
  if (load > 0.5)
    console.error(`${script}: other work is running here (load ${load.toFixed(1)}): expect noise`)
  return load.toFixed(1)
}

/** What the processor can do with bytes, which decides how fast relaxed SIMD is. */
export function dotProducts() {
  if (!existsSync('/proc/cpuinfo')) return 'instructions unknown'
  const flags = new Set(
    /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1].split(' '),
  )
  const found = ['avx512_vnni', 'avx_vnni', 'asimddp'].filter((flag) => flags.has(flag))
  return found.length > 0 ? found.join(', ') : 'no byte dot product'
}

export function engineVersions() {
  const version = (name) => JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8')).version
  return `@litertjs/core ${version('@litertjs/core')}, onnxruntime-web ${version('onnxruntime-web')}`
}
