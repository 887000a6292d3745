/** load: requests in order, several bursts in flight, one writer (section 5 of docs/timing.md). */
import { LOAD_BURSTS, LOAD_DESCRIPTORS, LOAD_PIPE, LOAD_SETUP } from '../../backends/trellis/isa/costs.ts'
import { type Arbiter, LOAD_CLIENT } from './arbiter.ts'
import type { IssueQueue } from './issue-queue.ts'
import type { Schedule } from './schedule.ts'
import type { TimedProgram } from './timed-program.ts'

export class LoadUnit {
  next = Number.POSITIVE_INFINITY
  readonly queue: IssueQueue
  readonly #program: TimedProgram
  readonly #schedule: Schedule
  readonly #arbiter: Arbiter
  readonly #complete: (instruction: number, cycle: number) => void
  /** The instruction whose bursts are being requested; -1: the unit is free from `#free`. */
  #current = -1
  #burst = 0
  #lastBurst = 0
  #free = 0
  /** Last word read from the staging buffer so far. */
  #read = -1
  /** Done cycles of the last LOAD_DESCRIPTORS loads, in a ring. */
  readonly #descriptors = new Float64Array(LOAD_DESCRIPTORS)
  #loads = 0

  constructor(
    program: TimedProgram,
    schedule: Schedule,
    queue: IssueQueue,
    arbiter: Arbiter,
    complete: (instruction: number, cycle: number) => void,
  ) {
    this.queue = queue
    this.#program = program
    this.#schedule = schedule
    this.#arbiter = arbiter
    this.#complete = complete
  }

  refresh(): void {
    const descriptor = this.#descriptors[this.#loads % LOAD_DESCRIPTORS] as number
    this.next =
      this.#current >= 0 ? Number.POSITIVE_INFINITY : this.queue.earliest(Math.max(this.#free, descriptor))
  }

  start(cycle: number): void {
    const p = this.#program
    const i = this.queue.start(cycle)
    const bursts = p.bursts[i] as number
    if (bursts === 0) {
      this.#read = Math.max(this.#read, cycle + LOAD_SETUP - 1) + (p.fill[i] as number)
      this.#free = cycle + 1
      this.#finish(i)
      return
    }
    this.#current = i
    this.#burst = p.firstBurst[i] as number
    this.#lastBurst = this.#burst + bursts - 1
    this.refresh()
    this.#request(cycle + LOAD_SETUP)
  }

  /** The arbiter granted the waiting request. */
  granted(cycle: number): void {
    const times = this.#schedule.loadBursts
    const k = this.#burst
    const { words, late } = this.#program.loadBursts
    const arrives = cycle + this.#program.target.dram.latency_cycles
    this.#read = Math.max(this.#read + (words[k] as number), arrives + (late[k] as number))
    times.granted[k] = cycle
    times.last[k] = this.#read
    this.#burst++
    if (k < this.#lastBurst) {
      this.#request(cycle + 1)
      return
    }
    this.#free = cycle + 1
    const i = this.#current
    this.#current = -1
    this.#finish(i)
  }

  /** Asks for the next burst from cycle `from` on, when the burst LOAD_BURSTS before it has left its place. */
  #request(from: number): void {
    const times = this.#schedule.loadBursts
    const k = this.#burst
    const before = k - LOAD_BURSTS
    const visible = before < 0 ? from : Math.max(from, (times.last[before] as number) + 1)
    times.visible[k] = visible
    this.#arbiter.request(LOAD_CLIENT, visible, this.#program.loadBursts.beats[k] as number)
  }

  #finish(i: number): void {
    const done = this.#read + LOAD_PIPE + 1
    this.#descriptors[this.#loads++ % LOAD_DESCRIPTORS] = done
    this.refresh()
    this.#complete(i, done)
  }
}
