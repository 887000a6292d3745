/** The compiler on one screen: what happens to a model between its file and its program, and why. */
import { compileTrellis } from '../backends/trellis/compile.ts'
import type { Program } from '../backends/trellis/program.ts'
import type { Target } from '../backends/trellis/target.ts'
import { verifyProgram } from '../backends/trellis/verify-program.ts'
import type { Diagnostic, Result } from '../ir/diagnostic.ts'
import type { Graph } from '../ir/graph.ts'
import type { Pass, PassContext } from '../ir/pass.ts'
import { fusePad } from '../ir/passes/fuse-pad.ts'
import { removeDead } from '../ir/passes/remove-dead.ts'
import { verify } from '../ir/verifier.ts'

interface Step {
  readonly pass: Pass<Graph>
  readonly because: string
}

/** The passes of `compileModel`, in order. */
export const OPTIMIZATIONS: readonly Step[] = [
  { pass: fusePad, because: 'a padded convolution costs nothing, a pad writes its whole result' },
  { pass: removeDead, because: 'what was fused away is not computed any more' },
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
