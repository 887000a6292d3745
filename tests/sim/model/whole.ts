/** All that holds of the simulation of any program. */
import type { Program } from '../../../backends/trellis/program.ts'
import { unwrap } from '../../../ir/diagnostic.ts'
import { memoryDetails } from '../../../sim/details/memory.ts'
import { placeSegments } from '../../../sim/details/timeline.ts'
import type { SimulationResult } from '../../../sim/result.ts'
import { timeSegments } from '../../../sim/timed-segments.ts'
import { whatDoesNotAddUp, whatIsNotConnected } from './conserved.ts'
import { whatIsMisplaced } from './placed.ts'

/** What does not hold of `result`, in words: cycles, bytes and energy add up, layers are a graph, tensors have their places to themselves. */
export function whatDoesNotHold(program: Program, result: SimulationResult): string[] {
  const segments = placeSegments(unwrap(timeSegments(program)))
  return [
    ...whatDoesNotAddUp(result),
    ...whatIsNotConnected(result),
    ...whatIsMisplaced(program, segments, memoryDetails(program, segments)),
    ...(result.lower_bound.cycles > result.cycles ? ['fewer cycles than the lower bound'] : []),
  ]
}
