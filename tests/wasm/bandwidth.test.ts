/** The loops that bandwidth is measured with: they read what they say, all of it and no more. */
import { beforeAll, expect, test } from 'vitest'
import {
  bandwidthModule,
  fillBandwidthMemory,
  readExport,
  WORKING_SETS,
} from '../../backends/wasm/bandwidth.ts'
import type { ModuleExports } from '../../backends/wasm/runtime/types.ts'

/** Where the module leaves the sums of its eight vectors of 32 bits. */
const SUMS = { address: 16, words: 32 }

let exports: ModuleExports
beforeAll(async () => {
  const { instance } = await WebAssembly.instantiate(bandwidthModule().slice())
  exports = instance.exports as ModuleExports
})

test.each(WORKING_SETS)('%d bytes', (bytes) => {
  fillBandwidthMemory(exports.memory)
  const read = exports[readExport(bytes)] as () => void
  read()
  const sums = new Uint32Array(exports.memory.buffer, SUMS.address, SUMS.words)
  // Each word of four bytes of 1 is in one sum.
  const total = (bytes / 4) * 0x01010101
  expect(sums.reduce((sum, word) => sum + word, 0) % 2 ** 32).toBe(total % 2 ** 32)
})
