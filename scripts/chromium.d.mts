import type { Browser } from 'playwright-core'

/** Path of the executable, whether or not it is there. */
export const CHROMIUM: string
export const hasChromium: boolean
export function launchChromium(): Promise<Browser>
