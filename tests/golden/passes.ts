/** The graph passes that golden files can name: those of the compiler, and those of the ONNX importer. */
import type { Graph } from '../../ir/graph.ts'
import type { Pass } from '../../ir/pass.ts'
import { foldScales } from '../../ir/passes/fold-scales.ts'
import { foldThresholds } from '../../ir/passes/fold-thresholds.ts'
import { integerArithmetic } from '../../ir/passes/integer-arithmetic.ts'
import { OPTIMIZATIONS } from '../../src/pipeline.ts'

export const PASSES: ReadonlyMap<string, Pass<Graph>> = new Map(
  [...OPTIMIZATIONS.map(({ pass }) => pass), integerArithmetic, foldThresholds, foldScales].map((pass) => [
    pass.name,
    pass,
  ]),
)
