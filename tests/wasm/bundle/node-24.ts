/** A newer Node than the suite runs on, which has relaxed SIMD. */
import { existsSync } from 'node:fs'

const path = process.env.ESPALIER_NODE24
export const hasNode24 = path !== undefined && existsSync(path)
export const NODE_24 = path ?? ''
if (!hasNode24) console.warn('skipping tests on Node 24: ESPALIER_NODE24 names no executable of it')
