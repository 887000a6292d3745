/** The compiler on one screen: what happens to a model between its file and its program, and why. */
import { compileTrellis } from '../backends/trellis/compile.ts'
import type { Program } from '../backends/trellis/program.ts'
import type { Target } from '../backends/trellis/target.ts'
import { verifyProgram } from '../backends/trellis/verify-program.ts'
import type { WasmArtifact } from '../backends/wasm/artifact.ts'
import type { CompileOptions } from '../backends/wasm/compile.ts'
import type { Diagnostic, Result } from '../ir/diagnostic.ts'
import type { Graph } from '../ir/graph.ts'
import type { Pass, PassContext } from '../ir/pass.ts'
import { foldConstants } from '../ir/passes/fold-constants.ts'
import { fuseActivation } from '../ir/passes/fuse-activation.ts'
import { fusePad } from '../ir/passes/fuse-pad.ts'
import { removeDead } from '../ir/passes/remove-dead.ts'
import { removeIdentities } from '../ir/passes/remove-identities.ts'
import { simplifyLayout } from '../ir/passes/simplify-layout.ts'
import { sinkTransposes } from '../ir/passes/sink-transposes.ts'
import { verify } from '../ir/verifier.ts'

interface Step {
  readonly pass: Pass<Graph>
  readonly because: string
}

/** What both compilers run first, in order. */
export const OPTIMIZATIONS: readonly Step[] = [
  { pass: foldConstants, because: 'no machine needs to compute what is known now' },
  { pass: removeIdentities, because: 'nodes that do nothing hide which ops are neighbours' },
  {
    pass: sinkTransposes,
    because: 'transposes that an elementwise op keeps apart meet, and cancel in the next pass',
  },
  { pass: simplifyLayout, because: 'a transpose moves every element, and Trellis leaves it to the host' },
  { pass: fusePad, because: 'a padded convolution costs nothing, a pad writes its whole result' },
  { pass: removeDead, because: 'what was fused away must not count as a reader below' },
  { pass: fuseActivation, because: 'the clamp at the end of an op is free, one more op is not' },
]

/**
 * A program for `target` that computes exactly what the verified graph does. Diagnostics: `trellis/...` where the
 * target is too small for a layer.
 */
export function compileModel(graph: Graph, target: Target): Result<Program> {
  const program = compileTrellis(optimize(graph), target)
  if (program.ok) expectNone(verifyProgram(program.value), `the program of ${graph.name}`)
  return program
}

/**
 * Modules for WebAssembly, and their weights, that compute exactly what the verified graph does. Diagnostics:
 * `wasm/...` where the graph holds what the backend cannot do.
 */
export async function compileModelToWasm(
  graph: Graph,
  options: CompileOptions = {},
): Promise<Result<WasmArtifact>> {
  // binaryen takes a second to load, which is no other command's business.
  const { compileWasm } = await import('../backends/wasm/compile.ts')
  return compileWasm(optimize(graph), options)
}

/** The graph in the form that costs least: the same inputs, outputs and results. */
export function optimize(graph: Graph): Graph {
  const context: PassContext = { warn: () => {} }
  return runPasses(
    graph,
    OPTIMIZATIONS.map(({ pass }) => pass),
    context,
  )
}

/** Runs passes one after another on a verified graph, and checks what each leaves. */
export function runPasses(graph: Graph, passes: readonly Pass<Graph>[], context: PassContext): Graph {
  let current = graph
  for (const pass of passes) {
    current = pass.run(current, context)
    expectNone(verify(current), `the graph ${graph.name} after pass ${pass.name}`)
  }
  return current
}

/** Findings in what we made ourselves are our bug, not the user's. */
function expectNone(findings: readonly Diagnostic[], what: string): void {
  if (findings.length === 0) return
  const list = findings.map(({ code, message }) => `${code}: ${message}`)
  throw new Error(`internal error: ${what} is wrong:\n${list.join('\n')}`)
}
