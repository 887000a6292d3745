/** A headless Chromium of the system, or the one that the environment variable CHROMIUM names. */
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

export const hasChromium = existsSync(CHROMIUM)

/** A new process with a profile of its own. */
export function launchChromium() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
}
