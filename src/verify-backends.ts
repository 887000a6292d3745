/** The backends that this machine can compare with the reference. */
import type { Target } from '../backends/trellis/target.ts'
import { VARIANTS, type WasmArtifact } from '../backends/wasm/artifact.ts'
import { exactVariants } from '../backends/wasm/runtime/runtime.js'
import { attemptAsync, type Result, unwrap } from '../ir/diagnostic.ts'
import type { Graph } from '../ir/graph.ts'
import { trellisExecutable } from './executable.ts'
import { compileModel, compileModelToWasm } from './pipeline.ts'
import type { Contender } from './verify.ts'
import { VARIANT_NEEDS, wasmExecutable } from './wasm-executable.ts'

/** The simulated machine, values only. */
export function trellisContender(target: Target): Contender {
  return {
    backend: 'trellis',
    target: target.name,
    open: (graph) => attemptAsync(async () => trellisExecutable(unwrap(compileModel(graph, target)))),
  }
}

/** One for each variant. A graph is compiled once for all of them. */
export function wasmContenders(): readonly Contender[] {
  const compiled = new WeakMap<Graph, Promise<Result<WasmArtifact>>>()
  const compile = (graph: Graph): Promise<Result<WasmArtifact>> => {
    const known = compiled.get(graph) ?? compileModelToWasm(graph)
    compiled.set(graph, known)
    return known
  }
  return VARIANTS.toReversed().map((variant) => {
    const name = { backend: 'wasm', variant }
    if (!exactVariants().includes(variant))
      return { ...name, cannotRun: `it needs ${VARIANT_NEEDS[variant]}` }
    const open = (graph: Graph) =>
      attemptAsync(async () => wasmExecutable(unwrap(await compile(graph)), variant))
    return { ...name, open }
  })
}
