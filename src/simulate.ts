/** A program's simulation: how long it takes and what it costs, and its trace. Values play no part in either. */
import type { Program } from '../backends/trellis/program.ts'
import type { Result } from '../ir/diagnostic.ts'
import { type SimulationResult, summarize } from '../sim/result.ts'
import { timeSegments } from '../sim/timed-segments.ts'
import { chromeTrace, type Trace } from '../sim/trace.ts'
import { type AreaEstimates, estimatedAreas } from './area.ts'

export interface Simulation {
  readonly result: SimulationResult & { readonly area: AreaEstimates }
  /** Chrome trace events, when asked for. */
  readonly trace?: Trace
}

/** Diagnostics: `program/...` for a program that hangs or breaks a rule of the machine. */
export function simulate(program: Program, options: { readonly trace?: boolean } = {}): Result<Simulation> {
  const timed = timeSegments(program)
  if (!timed.ok) return timed
  const result = { ...summarize(program, timed.value), area: estimatedAreas(program.target) }
  return {
    ok: true,
    value: options.trace ? { result, trace: chromeTrace(program, timed.value) } : { result },
  }
}
