/** What holds of every pass: it leaves a valid graph that computes the same, and does not touch what it was given. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Graph } from '../../ir/graph.ts'
import { createInterpreter } from '../../ir/interpreter.ts'
import type { Pass } from '../../ir/pass.ts'
import { verify } from '../../ir/verifier.ts'
import { OPTIMIZATIONS, optimize } from '../../src/pipeline.ts'
import { cases } from './long-run.ts'
import { randomInputs } from './network-builder.ts'
import { randomNetwork } from './random-network.ts'

const passes = OPTIMIZATIONS.map(({ pass }) => pass)
const context = { warn: () => {} }

/** Networks of many small layers, so that patterns meet. */
const networks = randomNetwork({ maxLayers: 14 })

describe.each(passes)('$name', (pass) => {
  test('leaves a valid graph with the same interface and results', () => {
    fc.assert(
      fc.property(networks, fc.nat(), (graph, seed) => {
        expectSame(graph, pass.run(graph, context), seed)
      }),
      cases(60),
    )
  })

  test('does not touch its input, and gives the same twice', () => {
    fc.assert(
      fc.property(networks, (graph) => {
        const copy = structuredClone(graph)
        const first = pass.run(graph, context)
        expect(isDeepStrictEqual(graph, copy)).toBe(true)
        expect(isDeepStrictEqual(pass.run(graph, context), first)).toBe(true)
      }),
      cases(30),
    )
  })

  test('has nothing left to do after itself', () => {
    fc.assert(
      fc.property(networks, (graph) => {
        const once = pass.run(graph, context)
        expect(pass.run(once, context).nodes).toEqual(once.nodes)
      }),
      cases(30),
    )
  })
})

test('passes in any order leave a valid graph with the same interface and results', () => {
  const anyOrder = fc.array(fc.constantFrom(...passes), { minLength: 2, maxLength: 8 })
  fc.assert(
    fc.property(networks, anyOrder, fc.nat(), (graph, order: readonly Pass<Graph>[], seed) => {
      let current = graph
      for (const pass of order) {
        const before = current
        current = pass.run(before, context)
        expect(verify(current), pass.name).toEqual([])
      }
      expectSame(graph, current, seed)
    }),
    cases(150),
  )
})

test('the whole pipeline leaves the same interface and results, and no more nodes than before', () => {
  fc.assert(
    fc.property(networks, fc.nat(), (graph, seed) => {
      const optimized = optimize(graph)
      expectSame(graph, optimized, seed)
      expect(optimized.nodes.length).toBeLessThanOrEqual(graph.nodes.length)
    }),
    cases(150),
  )
})

function expectSame(before: Graph, after: Graph, seed: number): void {
  expect(verify(after)).toEqual([])
  const interface_ = ({ name, inputs, outputs, values }: Graph) => ({
    name,
    inputs: inputs.map((id) => [id, values.get(id)?.type]),
    outputs: outputs.map((id) => [id, values.get(id)?.type]),
  })
  expect(interface_(after)).toEqual(interface_(before))
  const inputs = randomInputs(before, seed)
  expect(createInterpreter(after).run(inputs)).toEqual(createInterpreter(before).run(inputs))
}
