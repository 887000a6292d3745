/** The graph passes that golden files can name. */
import type { Graph } from '../../ir/graph.ts'
import type { Pass } from '../../ir/pass.ts'

const LIST: readonly Pass<Graph>[] = []

export const PASSES: ReadonlyMap<string, Pass<Graph>> = new Map(LIST.map((pass) => [pass.name, pass]))
