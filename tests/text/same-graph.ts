import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { Graph } from '../../ir/graph.ts'

/** Expects equal graphs, but for the places they came from, which a printed text does not carry. */
export function expectSameGraph(actual: Graph, expected: Graph): void {
  expect({ ...shape(actual), nodes: nodes(actual) }).toEqual({ ...shape(expected), nodes: nodes(expected) })
  for (const [id, value] of expected.values) {
    // The matcher explains a difference but takes seconds for a large array.
    if (isDeepStrictEqual(actual.values.get(id), value)) continue
    expect([id, actual.values.get(id)]).toEqual([id, value])
  }
}

function shape({ name, inputs, outputs, values }: Graph) {
  return { name, inputs, outputs, values: [...values.keys()].sort() }
}

function nodes(graph: Graph) {
  return graph.nodes.map(({ span: _, ...node }) => node)
}
