/** The generator itself: every network is valid and runs, and all ops occur. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createInterpreter } from '../../ir/interpreter.ts'
import { REALS } from '../../ir/ops/constraints.ts'
import { OP_NAMES, type OpName } from '../../ir/ops/names.ts'
import { OPS } from '../../ir/ops/registry.ts'
import { verify } from '../../ir/verifier.ts'
import { cases } from './long-run.ts'
import { randomInputs } from './network-builder.ts'
import { randomNetwork } from './random-network.ts'

/** Ops that no int8 network has. */
const isOfReals = (op: OpName) => OPS[op].constraints.some(({ sentence }) => sentence === REALS.sentence)

test('random networks are valid and run', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(randomNetwork(), fc.nat(), (graph, seed) => {
      expect(verify(graph)).toEqual([])
      createInterpreter(graph).run(randomInputs(graph, seed))
      for (const node of graph.nodes) seen.add(node.op)
    }),
    cases(300),
  )
  expect([...seen].sort()).toEqual(OP_NAMES.filter((op) => !isOfReals(op)).sort())
})
