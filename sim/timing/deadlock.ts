/** Why a program never ends: the instructions that stand at the heads of the queues, and what they wait for. */
import { type Instruction, UNITS } from '../../backends/trellis/isa/table.ts'
import { fail } from '../../ir/diagnostic.ts'
import type { IssueQueue } from './issue-queue.ts'
import type { Schedule } from './schedule.ts'
import type { TimedProgram } from './timed-program.ts'

export function explainDeadlock(
  program: TimedProgram,
  schedule: Schedule,
  queues: readonly IssueQueue[],
  instructions: readonly Instruction[],
): never {
  const stuck = queues.flatMap(({ head, channels }, unit) => {
    if (head === undefined) return []
    const name = `${UNITS[unit]}: instruction ${head} (${instructions[head]?.op})`
    if (Number.isNaN(schedule.dispatched[head] as number)) return [`${name} was never dispatched`]
    const missing = UNITS.filter(
      (_, from) =>
        ((program.wait[head] as number) & (1 << from)) !== 0 &&
        channels[from]?.ready === Number.POSITIVE_INFINITY,
    )
    return [`${name} waits for a token from ${missing.join(' and ')}, which gives no more`]
  })
  if (stuck.length === 0) {
    fail({
      code: 'program/end',
      message: 'the program has no end: after its last instruction the fetch unit reads whatever follows',
      hint: 'finish it with an `end` instruction',
    })
  }
  fail({
    code: 'program/deadlock',
    message: `the program stops for good after ${finished(schedule)} of ${program.count} instructions`,
    notes: stuck,
    hint: 'every wait needs a signal of the other unit that is reached without it',
  })
}

function finished(schedule: Schedule): number {
  return schedule.done.reduce((count, done) => count + (Number.isNaN(done) ? 0 : 1), 0)
}
