/** Networks on float32 tensors: passes keep their results to the bit, and on Trellis the host computes them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTarget, presetYaml } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import { verify } from '../../ir/verifier.ts'
import { optimize } from '../../src/pipeline.ts'
import { cases } from './long-run.ts'
import { randomInputs } from './network-builder.ts'
import { randomRealNetwork } from './random-real-network.ts'
import { checkOnTrellis } from './trellis-law.ts'

const target = unwrap(parseTarget(presetYaml('trellis-16'), 'target'))

test('the whole pipeline leaves the same results, bit for bit', () => {
  fc.assert(
    fc.property(randomRealNetwork(10), fc.nat(), (graph, seed) => {
      expect(verify(graph)).toEqual([])
      const inputs = randomInputs(graph, seed).map((data) => withUnusual(data as Float32Array, seed))
      expect(createInterpreter(optimize(graph)).run(inputs)).toEqual(createInterpreter(graph).run(inputs))
    }),
    cases(150),
  )
})

test('random networks on Trellis equal the interpreter bit for bit', () => {
  fc.assert(
    fc.property(randomRealNetwork(), fc.nat(), (graph, seed) => {
      expect(checkOnTrellis(graph, target, seed)).toBe('exact')
    }),
    cases(100),
  )
})

/** One in eight elements is a zero with a sign, an infinity or no number. */
function withUnusual(data: Float32Array, seed: number): Float32Array {
  const unusual = [-0, Infinity, -Infinity, Number.NaN]
  return data.map((value, i) =>
    (i + seed) % 8 === 0 ? (unusual[(i >> 3) % unusual.length] ?? value) : value,
  )
}
