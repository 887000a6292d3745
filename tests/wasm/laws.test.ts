/** Whatever the network: its modules compute what the interpreter does. */
import fc from 'fast-check'
import { test } from 'vitest'
import { optimize } from '../../src/pipeline.ts'
import { cases } from '../laws/long-run.ts'
import { randomNetwork } from '../laws/random-network.ts'
import { checkOnWasm } from './wasm-law.ts'

test('random networks equal the interpreter bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(randomNetwork(), fc.nat(), fc.boolean(), async (graph, seed, isOptimized) => {
      await checkOnWasm(isOptimized ? optimize(graph) : graph, seed)
    }),
    cases(60),
  )
})
