/** What each unit did when, layer by layer and instruction by instruction: lists that compress well and lose nothing. */
import { printInstruction } from '../../backends/trellis/isa/assembler.ts'
import { unitOf } from '../../backends/trellis/isa/table.ts'
import type { TimedSegment } from '../timed-segments.ts'
import { CAUSES, eachUnit, TIMED_UNITS, type TimedUnit } from '../timing/ledger.ts'

/** Layers one after another: slice n is cycles [end of n - 1, end of n), from cycle 0 on. Neighbours may be of one layer where a segment ends. */
export interface SliceList {
  /** Index into the result's layers. */
  readonly layer: readonly number[]
  readonly end: readonly number[]
}

/** A unit's intervals one after another: interval n is cycles [end of n - 1, end of n), from cycle 0 on. */
export interface IntervalList {
  readonly end: readonly number[]
  /** Index into `causes`. */
  readonly cause: readonly number[]
  /** Index into the list of instructions; -1 for none. */
  readonly instruction: readonly number[]
  /**
   * Stalls that are evenly mixed into a busy stream whose blocks wait for one another: index of the interval, index of
   * the cause, cycles; the interval's other cycles are busy.
   */
  readonly mixed: readonly (readonly [interval: number, cause: number, cycles: number])[]
}

/** Every instruction, in the order of the program, segment after segment. Lists have an entry for each. */
export interface InstructionList {
  /** In assembly. */
  readonly text: readonly string[]
  /** Index into `units`; of `end`, the fetch unit's, which takes it out of the program. */
  readonly unit: readonly number[]
  /** Index into the result's layers. */
  readonly layer: readonly number[]
  /** Cycle in which it starts; of `end`, its dispatch. */
  readonly start: readonly number[]
  /** First cycle after its last effect. */
  readonly done: readonly number[]
}

export type Timeline = Readonly<Record<TimedUnit, IntervalList>>

/** A segment at its place among all: the cycle in which it begins and the number of its first instruction. */
export interface PlacedSegment extends TimedSegment {
  readonly firstCycle: number
  readonly firstInstruction: number
}

/** Segments one after another; host ops take no cycles. */
export function placeSegments(timed: readonly TimedSegment[]): PlacedSegment[] {
  let firstCycle = 0
  let firstInstruction = 0
  return timed.map((each) => {
    const placed = { ...each, firstCycle, firstInstruction }
    firstCycle += each.timing.cycles
    firstInstruction += each.segment.instructions.length
    return placed
  })
}

export function sliceList(segments: readonly PlacedSegment[]): SliceList {
  const slices = segments.flatMap(({ slices, firstCycle }) =>
    slices.map(({ layer, to }) => ({ layer, end: firstCycle + to })),
  )
  return { layer: slices.map((s) => s.layer), end: slices.map((s) => s.end) }
}

export function timeline(segments: readonly PlacedSegment[]): Timeline {
  return eachUnit((unit) => intervalList(segments, unit))
}

function intervalList(segments: readonly PlacedSegment[], unit: TimedUnit): IntervalList {
  const list = {
    end: [] as number[],
    cause: [] as number[],
    instruction: [] as number[],
    mixed: [] as [number, number, number][],
  }
  for (const { intervals, firstCycle, firstInstruction } of segments) {
    for (const { cause, end, instruction, mixed = [] } of intervals[unit]) {
      for (const [stall, cycles] of mixed) list.mixed.push([list.end.length, CAUSES.indexOf(stall), cycles])
      list.end.push(firstCycle + end)
      list.cause.push(CAUSES.indexOf(cause))
      list.instruction.push(instruction < 0 ? -1 : firstInstruction + instruction)
    }
  }
  return list
}

export function instructionList(segments: readonly PlacedSegment[]): InstructionList {
  const list = {
    text: [] as string[],
    unit: [] as number[],
    layer: [] as number[],
    start: [] as number[],
    done: [] as number[],
  }
  for (const { segment, timing, firstCycle } of segments) {
    segment.instructions.forEach((i, index) => {
      list.text.push(printInstruction(i))
      list.unit.push(TIMED_UNITS.indexOf(i.op === 'end' ? 'fetch' : unitOf(i)))
      list.layer.push(segment.layerOf[index] as number)
      list.start.push(firstCycle + (timing.startCycles[index] as number))
      list.done.push(firstCycle + (timing.doneCycles[index] as number))
    })
  }
  return list
}
