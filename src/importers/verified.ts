import { Diagnosed } from '../../ir/diagnostic.ts'
import type { Graph } from '../../ir/graph.ts'
import { verify } from '../../ir/verifier.ts'

/** The graph, if it passes the verifier; else fails with all findings, which then name the file. */
export function verified(graph: Graph, file: string): Graph {
  const findings = verify(graph)
  if (findings.length === 0) return graph
  throw new Diagnosed(findings.map((finding) => ({ ...finding, span: { file, ...finding.span } })))
}
