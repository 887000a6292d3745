/** When everything happened: what the units write down as they go, and what the accounts are made from. */
import type { TimedProgram } from './timed-program.ts'

/** Times of the bursts of one unit, in cycles. */
export interface BurstTimes {
  /** First cycle in which the arbiter sees the request. */
  readonly visible: Float64Array
  readonly granted: Float64Array
  /** Load: the last read of the staging buffer. Store: the last write beat. */
  readonly last: Float64Array
  /** Store: the last read of the memory port. */
  readonly read: Float64Array
}

/** Times in cycles; NaN where it has not happened. */
export interface Schedule {
  /** Fetch: first cycle in which the instruction stands in the instruction buffer. */
  readonly arrived: Float64Array
  readonly dispatched: Float64Array
  readonly started: Float64Array
  /** First cycle in which all tokens were there, and the unit that gave the last of them; -Infinity without tokens. */
  readonly tokenReady: Float64Array
  readonly tokenFrom: Uint8Array
  /** mac and post: first cycle of the first block's stream. */
  readonly streamed: Float64Array
  readonly done: Float64Array
  readonly loadBursts: BurstTimes
  readonly storeBursts: BurstTimes
  /** Grants of the fetch unit, with their beats, in order. */
  readonly fetchGrants: number[]
  readonly fetchBeats: number[]
}

export function createSchedule(program: TimedProgram): Schedule {
  const times = (length: number) => new Float64Array(length).fill(Number.NaN)
  const bursts = (length: number): BurstTimes => ({
    visible: times(length),
    granted: times(length),
    last: times(length),
    read: times(length),
  })
  return {
    arrived: times(program.count),
    dispatched: times(program.count),
    started: times(program.count),
    tokenReady: times(program.count).fill(Number.NEGATIVE_INFINITY),
    tokenFrom: new Uint8Array(program.count),
    streamed: times(program.count),
    done: times(program.count),
    loadBursts: bursts(program.loadBursts.beats.length),
    storeBursts: bursts(program.storeBursts.beats.length),
    fetchGrants: [],
    fetchBeats: [],
  }
}
