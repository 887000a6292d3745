/** The timing of all that a program runs on the machine, and which layer each cycle belongs to. */
import { Accesses } from '../backends/trellis/isa/accesses.ts'
import { UNITS, unitOf } from '../backends/trellis/isa/table.ts'
import type { Program, Segment } from '../backends/trellis/program.ts'
import { attempt, Diagnosed, must, type Result } from '../ir/diagnostic.ts'
import { type LayerSlice, layerSlices } from './layer-cycles.ts'
import type { Interval, TimedUnit } from './timing/ledger.ts'
import { checkOwnership } from './timing/ownership.ts'
import { simulateTiming, type Timing } from './timing/simulate.ts'

export interface SimulationOptions {
  /** Asserts that no two units ever share a port of activation memory; on unless false. */
  readonly ownership?: boolean
}

/** One step of a program that runs on the machine. */
export interface TimedSegment {
  readonly segment: Segment
  readonly timing: Timing
  /** What each unit did when, from cycle 0 to the last without gaps. */
  readonly intervals: Readonly<Record<TimedUnit, readonly Interval[]>>
  readonly slices: readonly LayerSlice[]
}

/**
 * The timing of each segment, in the order of the steps that run them; once, however large the batch. A program that hangs
 * or breaks a rule of the machine gives `program/...` diagnostics.
 */
export function timeSegments(
  program: Program,
  options: SimulationOptions = {},
): Result<readonly TimedSegment[]> {
  return attempt(() => {
    const { target } = program
    const constants = { bytes: program.weights, address: program.weightsAddress }
    const accesses = options.ownership === false ? undefined : new Accesses(target, constants)
    return program.steps.flatMap((step) => {
      if ('host' in step) return []
      const segment = must(program.segments[step.run], `segment ${step.run}`)
      const timing = simulateTiming(segment.instructions, segment.address, target, { intervals: true })
      if (accesses) {
        const touched = segment.instructions.map((i) => accesses.next(i))
        const unitOfEach = Uint8Array.from(segment.instructions, (i) => UNITS.indexOf(unitOf(i)))
        const conflicts = checkOwnership({ unitOf: unitOfEach, ...timing }, touched, target)
        if (conflicts.length > 0) throw new Diagnosed(conflicts)
      }
      const intervals = must(timing.intervals, 'intervals')
      return [{ segment, timing, intervals, slices: layerSlices({ segment, timing }, target) }]
    })
  })
}
