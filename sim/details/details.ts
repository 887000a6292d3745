/** All that a report draws beyond sums: what every unit did in every cycle, and every instruction. */
import type { Program } from '../../backends/trellis/program.ts'
import type { TimedSegment } from '../timed-segments.ts'
import { CAUSES, TIMED_UNITS } from '../timing/ledger.ts'
import { type MemoryDetails, memoryDetails } from './memory.ts'
import {
  type InstructionList,
  instructionList,
  placeSegments,
  type SliceList,
  sliceList,
  type Timeline,
  timeline,
} from './timeline.ts'

/** Keys as in `details` of `espalier simulate --json`. For one sample, however large the batch; times are in cycles. */
export interface SimulationDetails {
  /** Cycles of one sample. */
  readonly cycles: number
  /** Names of what a cycle can go to. */
  readonly causes: readonly string[]
  /** Names of units. */
  readonly units: readonly string[]
  /** Which layer each cycle belongs to. */
  readonly slices: SliceList
  readonly timeline: Timeline
  readonly instructions: InstructionList
  /** Which tensor stands where on the chip, and when. */
  readonly memory: MemoryDetails
}

export function simulationDetails(program: Program, timed: readonly TimedSegment[]): SimulationDetails {
  const segments = placeSegments(timed)
  return {
    cycles: timed.reduce((sum, { timing }) => sum + timing.cycles, 0),
    causes: CAUSES,
    units: TIMED_UNITS,
    slices: sliceList(segments),
    timeline: timeline(segments),
    instructions: instructionList(segments),
    memory: memoryDetails(program, segments),
  }
}
