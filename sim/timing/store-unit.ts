/** store: a reader that fills buffers ahead of the writes (section 8 of docs/timing.md). */
import { STORE_BURSTS, STORE_PIPE } from '../../backends/trellis/isa/costs.ts'
import { type Arbiter, STORE_CLIENT } from './arbiter.ts'
import type { IssueQueue } from './issue-queue.ts'
import type { Schedule } from './schedule.ts'
import type { TimedProgram } from './timed-program.ts'

export class StoreUnit {
  next = Number.POSITIVE_INFINITY
  readonly queue: IssueQueue
  readonly #program: TimedProgram
  readonly #schedule: Schedule
  readonly #arbiter: Arbiter
  readonly #complete: (instruction: number, cycle: number) => void
  /** The instruction that the reader works for and its start; -1: it is free from `#free`. */
  #reading = -1
  #started = 0
  #free = 0
  /** Next bursts to read and to grant, and when the last of either was. */
  #toRead = 0
  #toGrant = 0
  #read = -1
  #granted = -1
  /** Instructions that are not done, in order; the first has bursts to grant. */
  readonly #open: number[] = []

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
    this.next = this.#reading >= 0 ? Number.POSITIVE_INFINITY : this.queue.earliest(this.#free)
  }

  start(cycle: number): void {
    const i = this.queue.start(cycle)
    this.#reading = i
    this.#started = cycle
    this.#open.push(i)
    this.#advance()
  }

  /** The arbiter granted the waiting request. */
  granted(cycle: number): void {
    const times = this.#schedule.storeBursts
    const k = this.#toGrant++
    const last = cycle + (this.#program.storeBursts.beats[k] as number)
    times.granted[k] = cycle
    times.last[k] = last
    this.#granted = cycle
    const i = this.#open[0] as number
    if (this.#toGrant === this.#endOf(i)) {
      this.#open.shift()
      this.#complete(i, last + 1)
    }
    this.#advance()
  }

  /** Reads as far as buffers are known to be free, and asks for the next write. */
  #advance(): void {
    const times = this.#schedule.storeBursts
    const { beats, words } = this.#program.storeBursts
    while (this.#reading >= 0 && this.#toRead - STORE_BURSTS < this.#toGrant) {
      const k = this.#toRead++
      const freed = k < STORE_BURSTS ? -1 : (times.last[k - STORE_BURSTS] as number)
      this.#read = Math.max(this.#read, this.#started, freed) + (words[k] as number)
      times.read[k] = this.#read
      if (this.#toRead === this.#endOf(this.#reading)) {
        this.#reading = -1
        this.#free = this.#read + 1
      }
    }
    this.refresh()
    const k = this.#toGrant
    if (k < this.#toRead && !this.#arbiter.isWaiting(STORE_CLIENT)) {
      const visible = Math.max((times.read[k] as number) + STORE_PIPE, this.#granted) + 1
      times.visible[k] = visible
      this.#arbiter.request(STORE_CLIENT, visible, beats[k] as number)
    }
  }

  #endOf(i: number): number {
    return (this.#program.firstBurst[i] as number) + (this.#program.bursts[i] as number)
  }
}
