/** mac and post: blocks of constants and streams (sections 6 and 7 of docs/timing.md). They differ in costs alone. */
import type { IssueQueue } from './issue-queue.ts'
import type { Schedule } from './schedule.ts'
import type { TimedProgram } from './timed-program.ts'

export class StreamUnit {
  next = Number.POSITIVE_INFINITY
  readonly queue: IssueQueue
  readonly #program: TimedProgram
  readonly #schedule: Schedule
  readonly #complete: (instruction: number, cycle: number) => void
  /** First cycle in which the next instruction may start: its predecessor's last block streams. */
  #accepted = 0
  /** First cycle after the stream of the previous instruction. */
  #free = 0
  /** When the previous instruction is done. */
  #settled = 0

  constructor(
    program: TimedProgram,
    schedule: Schedule,
    queue: IssueQueue,
    complete: (instruction: number, cycle: number) => void,
  ) {
    this.queue = queue
    this.#program = program
    this.#schedule = schedule
    this.#complete = complete
  }

  refresh(): void {
    this.next = this.queue.earliest(this.#accepted)
  }

  start(cycle: number): void {
    const p = this.#program
    const i = this.queue.start(cycle)
    const stream = p.stream[i] as number
    const period = Math.max(stream, p.setup[i] as number, p.minPeriod[i] as number)
    const pipe = p.pipe[i] as number
    // Results leave the unit in order, so a shorter pipe has to wait for a longer one.
    const inOrder = Math.max(this.#free + (p.gap[i] as number), this.#settled - pipe)
    const free = p.drains[i] === 1 ? this.#settled : inOrder
    const first = Math.max(cycle + (p.startup[i] as number), free)
    const last = first + ((p.blocks[i] as number) - 1) * period
    this.#schedule.streamed[i] = first
    this.#accepted = last + 1
    this.#free = last + stream
    this.#settled = last + stream + pipe
    this.refresh()
    this.#complete(i, this.#settled)
  }
}
