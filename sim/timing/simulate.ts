/**
 * The timing model of one segment, after docs/timing.md: when, never what. Events are handled in the order of their
 * cycles; what an event changes is seen from the next cycle on, so the order within a cycle does not matter.
 */
import { INSTRUCTION_BYTES, type Instruction, UNITS } from '../../backends/trellis/isa/table.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { fail } from '../../ir/diagnostic.ts'
import { accountUnits } from './account.ts'
import { Arbiter, FETCH_CLIENT, STORE_CLIENT } from './arbiter.ts'
import { explainDeadlock } from './deadlock.ts'
import { FetchUnit } from './fetch-unit.ts'
import { IssueQueue } from './issue-queue.ts'
import type { Interval, TimedUnit, UnitCycles } from './ledger.ts'
import { LoadUnit } from './load-unit.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import { StoreUnit } from './store-unit.ts'
import { StreamUnit } from './stream-unit.ts'
import { LOAD, MAC, POST, STORE, type TimedProgram, timeProgram } from './timed-program.ts'

export interface TimingOptions {
  /** Keeps for each unit what it did when, for a trace. */
  readonly intervals?: boolean
}

/** Times are cycles from 0, the first without reset; arrays are indexed by instruction. */
export interface Timing {
  readonly cycles: number
  /** Start of each instruction; of `end`, its dispatch. */
  readonly startCycles: Float64Array
  /** First cycle after an instruction's last effect; of `end`, the cycle after its dispatch. */
  readonly doneCycles: Float64Array
  /** mac and post: first cycle of the stream; NaN for the others. */
  readonly streamCycles: Float64Array
  /** Busy + stalls + idle = cycles for each. */
  readonly units: Readonly<Record<TimedUnit, UnitCycles>>
  readonly intervals?: Readonly<Record<TimedUnit, readonly Interval[]>>
}

/**
 * Times one segment whose instructions stand at `segmentAddress` in DRAM. A program that can never end stops it with
 * `program/deadlock` or `program/end` (`fail`: call it inside `attempt`).
 */
export function simulateTiming(
  instructions: readonly Instruction[],
  segmentAddress: number,
  target: Target,
  options: TimingOptions = {},
): Timing {
  if (segmentAddress % INSTRUCTION_BYTES !== 0) {
    fail({
      code: 'program/address',
      message: `instructions at ${segmentAddress} are not aligned to ${INSTRUCTION_BYTES} bytes`,
    })
  }
  const program = timeProgram(instructions, target)
  const schedule = run(program, instructions)
  let cycles = 0
  for (const done of schedule.done) cycles = Math.max(cycles, done)
  const { units, intervals } = accountUnits(program, schedule, cycles, options.intervals === true)
  return {
    cycles,
    startCycles: schedule.started,
    doneCycles: schedule.done,
    streamCycles: schedule.streamed,
    units,
    ...(intervals ? { intervals } : {}),
  }
}

function run(program: TimedProgram, instructions: readonly Instruction[]): Schedule {
  const schedule = createSchedule(program)
  const arbiter = new Arbiter()
  const queues = UNITS.map((_, unit) => new IssueQueue(program, schedule, unit))
  const complete = (instruction: number, cycle: number): void => {
    schedule.done[instruction] = cycle
    const signal = program.signal[instruction] as number
    if (signal === 0) return
    const from = program.unit[instruction] as number
    for (let to = 0; to < UNITS.length; to++) {
      if ((signal & (1 << to)) === 0) continue
      const early = to === POST ? (program.early[instruction] as number) : 0
      queues[to]?.channels[from]?.give(cycle - early)
      units[to]?.refresh()
    }
  }
  const load = new LoadUnit(program, schedule, queues[LOAD] as IssueQueue, arbiter, complete)
  const mac = new StreamUnit(program, schedule, queues[MAC] as IssueQueue, complete)
  const post = new StreamUnit(program, schedule, queues[POST] as IssueQueue, complete)
  const store = new StoreUnit(program, schedule, queues[STORE] as IssueQueue, arbiter, complete)
  const units = [load, mac, post, store]
  const fetch = new FetchUnit(program, schedule, queues, arbiter)

  for (;;) {
    const cycle = Math.min(arbiter.next, fetch.next, load.next, mac.next, post.next, store.next)
    if (cycle === Number.POSITIVE_INFINITY) break
    if (cycle === arbiter.next) {
      const client = arbiter.grant()
      if (client === FETCH_CLIENT) fetch.granted(cycle)
      else if (client === STORE_CLIENT) store.granted(cycle)
      else load.granted(cycle)
    } else if (cycle === fetch.next) {
      const unit = fetch.dispatch(cycle)
      if (unit >= 0) units[unit]?.refresh()
    } else {
      const unit = cycle === mac.next ? mac : cycle === post.next ? post : cycle === load.next ? load : store
      unit.start(cycle)
      // A start frees a slot of the queue that dispatch may be waiting for.
      fetch.refresh()
    }
  }

  const end = program.count - 1
  if (program.hasEnd && !Number.isNaN(schedule.dispatched[end] as number)) {
    schedule.started[end] = schedule.dispatched[end] as number
    schedule.done[end] = (schedule.dispatched[end] as number) + 1
  }
  if (!program.hasEnd || schedule.done.some(Number.isNaN))
    explainDeadlock(program, schedule, queues, instructions)
  return schedule
}
