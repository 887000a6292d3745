/** A program's simulation: how long it takes and what it costs, and its trace. Values play no part in either. */
import type { Program } from '../backends/trellis/program.ts'
import type { Result } from '../ir/diagnostic.ts'
import { type SimulationDetails, simulationDetails } from '../sim/details/details.ts'
import { type SimulationResult, summarize } from '../sim/result.ts'
import { timeSegments } from '../sim/timed-segments.ts'
import { chromeTrace, type Trace } from '../sim/trace.ts'
import { type AreaEstimates, estimatedAreas } from './area.ts'

export interface SimulateOptions {
  /** Also Chrome trace events. */
  readonly trace?: boolean
  /** Also what a report draws: the result has `details` then. */
  readonly details?: boolean
}

export interface Simulation {
  readonly result: SimulationResult & { readonly area: AreaEstimates; readonly details?: SimulationDetails }
  /** When asked for. */
  readonly trace?: Trace
}

/** Diagnostics: `program/...` for a program that hangs or breaks a rule of the machine. */
export function simulate(program: Program, options: SimulateOptions = {}): Result<Simulation> {
  const timed = timeSegments(program)
  if (!timed.ok) return timed
  const result = {
    ...summarize(program, timed.value),
    area: estimatedAreas(program.target),
    ...(options.details ? { details: simulationDetails(program, timed.value) } : {}),
  }
  return {
    ok: true,
    value: options.trace ? { result, trace: chromeTrace(program, timed.value) } : { result },
  }
}
