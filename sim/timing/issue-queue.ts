/** The head of a unit's instruction queue: when it can start, and its start (sections 1 and 2 of docs/timing.md). */
import { QUEUE_DEPTH } from '../../backends/trellis/isa/costs.ts'
import { UNITS } from '../../backends/trellis/isa/table.ts'
import type { Schedule } from './schedule.ts'
import type { TimedProgram } from './timed-program.ts'
import { TokenChannel } from './tokens.ts'

export class IssueQueue {
  /** Channels from each unit to this one, in the order of UNITS. */
  readonly channels: readonly TokenChannel[] = UNITS.map(() => new TokenChannel())
  /** This unit's instructions in program order. */
  readonly order: Int32Array
  readonly #program: TimedProgram
  readonly #schedule: Schedule
  #head = 0
  #pushed = 0

  constructor(program: TimedProgram, schedule: Schedule, unit: number) {
    this.#program = program
    this.#schedule = schedule
    this.order = program.order[unit] as Int32Array
  }

  /** The instruction at the head, dispatched or not; undefined after the last. */
  get head(): number | undefined {
    return this.order[this.#head]
  }

  /** The fetch unit dispatched this unit's next instruction. */
  push(): void {
    this.#pushed++
  }

  /** First cycle in which a slot is free for a push; Infinity while it depends on a start that has not happened. */
  get slotFree(): number {
    const occupant = this.#pushed - (this.#program.target.queue_depth ?? QUEUE_DEPTH)
    if (occupant < 0) return 0
    if (occupant >= this.#head) return Number.POSITIVE_INFINITY
    return (this.#schedule.started[this.order[occupant] as number] as number) + 1
  }

  /** First cycle in which the head can start if its unit accepts it from `accepted`; Infinity while unknown. */
  earliest(accepted: number): number {
    if (this.#head >= this.#pushed) return Number.POSITIVE_INFINITY
    const i = this.order[this.#head] as number
    return Math.max(accepted, (this.#schedule.dispatched[i] as number) + 1, this.#tokens(i))
  }

  /** Takes the head and its tokens in `cycle`. */
  start(cycle: number): number {
    const i = this.order[this.#head++] as number
    this.#schedule.started[i] = cycle
    this.#schedule.tokenReady[i] = this.#tokens(i)
    const wait = this.#program.wait[i] as number
    for (let from = 0; from < UNITS.length; from++) {
      if (wait & (1 << from)) this.channels[from]?.take()
    }
    return i
  }

  /** When the last token that the instruction waits for is there; notes who gave it. */
  #tokens(i: number): number {
    const wait = this.#program.wait[i] as number
    let ready = Number.NEGATIVE_INFINITY
    if (wait === 0) return ready
    for (let from = 0; from < UNITS.length; from++) {
      if ((wait & (1 << from)) === 0) continue
      const token = (this.channels[from] as TokenChannel).ready
      if (token > ready) {
        ready = token
        this.#schedule.tokenFrom[i] = from
      }
    }
    return ready
  }
}
