/** Whatever the network and the target: the machine computes what the interpreter does, and its accounts add up. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cases } from './long-run.ts'
import { randomNetwork } from './random-network.ts'
import { checkOnTrellis, TARGETS } from './trellis-law.ts'

test.each(TARGETS.map((target) => ({ name: target.name, target })))(
  'random networks on $name equal the interpreter bit for bit',
  ({ target }) => {
    let tried = 0
    let tooSmall = 0
    fc.assert(
      fc.property(randomNetwork(), fc.nat(), (graph, seed) => {
        tried++
        if (checkOnTrellis(graph, target, seed) === 'memory-too-small') tooSmall++
      }),
      cases(150),
    )
    // A shrinking failure throws before this: only whole runs are counted.
    expect(tooSmall).toBeLessThanOrEqual(tried / 20)
  },
)
