/** The graph passes that golden files can name: those of the compiler. */
import type { Graph } from '../../ir/graph.ts'
import type { Pass } from '../../ir/pass.ts'
import { OPTIMIZATIONS } from '../../src/pipeline.ts'

export const PASSES: ReadonlyMap<string, Pass<Graph>> = new Map(
  OPTIMIZATIONS.map(({ pass }) => [pass.name, pass]),
)
