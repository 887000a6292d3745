/** fetch: reads instructions ahead and dispatches one a cycle, in order (section 4 of docs/timing.md). */
import { FETCH_BUFFER, FETCH_BURST, instructionBeats } from '../../backends/trellis/isa/costs.ts'
import { type Arbiter, FETCH_CLIENT } from './arbiter.ts'
import type { IssueQueue } from './issue-queue.ts'
import type { Schedule } from './schedule.ts'
import type { TimedProgram } from './timed-program.ts'

export class FetchUnit {
  next = Number.POSITIVE_INFINITY
  readonly #program: TimedProgram
  readonly #schedule: Schedule
  readonly #queues: readonly IssueQueue[]
  readonly #arbiter: Arbiter
  readonly #beats: number
  #requested = 0
  #arrived = 0
  #dispatched = 0
  #lastDispatch = -1
  /** First cycle in which the next request may be decided. */
  #mayDecide = 0

  constructor(program: TimedProgram, schedule: Schedule, queues: readonly IssueQueue[], arbiter: Arbiter) {
    this.#program = program
    this.#schedule = schedule
    this.#queues = queues
    this.#arbiter = arbiter
    this.#beats = instructionBeats(program.target)
    this.#request()
  }

  refresh(): void {
    const i = this.#dispatched
    if (i >= this.#arrived) {
      this.next = Number.POSITIVE_INFINITY
      return
    }
    const slot = this.#isEnd(i) ? 0 : (this.#queues[this.#program.unit[i] as number] as IssueQueue).slotFree
    this.next = Math.max(this.#schedule.arrived[i] as number, this.#lastDispatch + 1, slot)
  }

  /** Dispatches one instruction; returns the unit that has it now, or -1 for `end`. */
  dispatch(cycle: number): number {
    const i = this.#dispatched++
    this.#lastDispatch = cycle
    this.#schedule.dispatched[i] = cycle
    const unit = this.#isEnd(i) ? -1 : (this.#program.unit[i] as number)
    if (unit >= 0) this.#queues[unit]?.push()
    this.#request()
    this.refresh()
    return unit
  }

  /** The arbiter granted the waiting request. */
  granted(cycle: number): void {
    const first = cycle + this.#program.target.dram.latency_cycles
    const burst = this.#requested - this.#arrived
    for (let j = 0; j < burst; j++) {
      this.#schedule.arrived[this.#arrived + j] = first + (j + 1) * this.#beats
    }
    this.#arrived = this.#requested
    this.#schedule.fetchGrants.push(cycle)
    this.#schedule.fetchBeats.push(burst * this.#beats)
    this.#mayDecide = cycle + 1
    this.#request()
    this.refresh()
  }

  #isEnd(i: number): boolean {
    return this.#program.hasEnd && i === this.#program.count - 1
  }

  /** Asks for the next burst as soon as it is known when its places are free. */
  #request(): void {
    if (this.#requested > this.#arrived) return
    const burst = Math.min(FETCH_BURST, this.#program.count - this.#requested)
    // The instruction whose dispatch frees the last of the places.
    const freeing = this.#requested + burst - FETCH_BUFFER - 1
    if (burst <= 0 || freeing >= this.#dispatched) return
    const freed = freeing < 0 ? 0 : (this.#schedule.dispatched[freeing] as number) + 1
    this.#requested += burst
    const decided = Math.max(this.#mayDecide, freed)
    this.#arbiter.request(FETCH_CLIENT, decided + 1, burst * this.#beats)
  }
}
