/** What the sections of docs/validation.md share: runs on Trellis, tables, and differences in percent. */
import type { Program } from '../../../backends/trellis/program.ts'
import type { Target } from '../../../backends/trellis/target.ts'
import { unwrap } from '../../../ir/diagnostic.ts'
import type { Graph } from '../../../ir/graph.ts'
import { type SimulationResult, simulateProgram } from '../../../sim/result.ts'
import { compileModel } from '../../../src/pipeline.ts'

/** What the simulator says of a network on a target. */
export function simulated(graph: Graph, target: Target): SimulationResult {
  return resultOf(unwrap(compileModel(graph, target)))
}

/** The compiler has verified the program: who owns which port need not be checked again. */
export function resultOf(program: Program): SimulationResult {
  return unwrap(simulateProgram(program, { ownership: false }))
}

/** Markdown; the first column holds words, the others numbers. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => (typeof cell === 'number' ? thousands(cell) : cell)).join(' | ')} |\n`
  return (
    line(header) + line(header.map((_, column) => (column === 0 ? '---' : '---:'))) + rows.map(line).join('')
  )
}

export function thousands(n: number): string {
  return n.toLocaleString('en-US')
}

/** How much more than theirs ours is. */
export function difference(ours: number, theirs: number): string {
  if (ours === theirs) return '0'
  const percent = (100 * (ours - theirs)) / theirs
  return `${percent < 0 ? '-' : '+'}${Math.abs(percent).toFixed(1)} %`
}
