/** Other programs of the same meaning: another order of fetch, and tokens that nothing needs. */
import { type Instruction, UNITS, unitOf } from '../../../backends/trellis/isa/table.ts'
import type { Draw } from '../../sim/model/instructions.ts'

const unitIndex = (i: Instruction): number => UNITS.indexOf(unitOf(i))
const gives = (i: Instruction, to: number): boolean => ((i.signal >> to) & 1) === 1
const takes = (i: Instruction, from: number): boolean => ((i.wait >> from) & 1) === 1

/**
 * The same queues in another order of fetch: one unit's instructions in runs of up to `longest`. Every giver comes before
 * its taker, so no queue fills up with instructions that wait for what stands behind them. `end` stays last.
 */
export function mixed(instructions: readonly Instruction[], d: Draw, longest: number): Instruction[] {
  const queues = UNITS.map((_, u) => instructions.filter((i) => i.op !== 'end' && unitIndex(i) === u))
  const tokens = UNITS.map(() => UNITS.map(() => 0))
  const result: Instruction[] = []
  const canTake = (u: number): boolean => {
    const head = queues[u]?.[0]
    return (
      head !== undefined && UNITS.every((_, from) => !takes(head, from) || (tokens[from]?.[u] as number) > 0)
    )
  }
  while (result.length < instructions.length - 1) {
    const unit = d.pick(...UNITS.map((_, u) => u).filter(canTake))
    for (let run = d.int(1, longest); run > 0 && canTake(unit); run--) {
      const i = queues[unit]?.shift() as Instruction
      UNITS.forEach((_, other) => {
        if (takes(i, other)) (tokens[other] as number[])[unit] = (tokens[other]?.[unit] as number) - 1
        if (gives(i, other)) (tokens[unit] as number[])[other] = (tokens[unit]?.[other] as number) + 1
      })
      result.push(i)
    }
  }
  return [...result, ...instructions.slice(-1)]
}

/**
 * `count` attempts to add a token from an instruction to a later one. A pair is added where it crosses no other of its
 * channel, so each wait keeps the signal that it had.
 */
export function withMoreTokens(instructions: readonly Instruction[], d: Draw, count: number): Instruction[] {
  const result = [...instructions]
  const last = result.length - 2
  for (let n = 0; n < count && last > 0; n++) {
    const giver = d.int(0, last - 1)
    const taker = d.int(giver + 1, Math.min(last, giver + d.pick(4, 20, last)))
    const [g, t] = [result[giver] as Instruction, result[taker] as Instruction]
    const [from, to] = [unitIndex(g), unitIndex(t)]
    // post.setup may be done before those in front of it. An early token comes before what others may take it for.
    if (g.op === 'post.setup' || gives(g, to) || takes(t, from) || ('early' in g && g.early === 1)) continue
    const before = (index: number, has: (i: Instruction) => boolean) =>
      result.slice(0, index).filter(has).length
    const given = before(giver, (i) => unitIndex(i) === from && gives(i, to))
    const taken = before(taker, (i) => unitIndex(i) === to && takes(i, from))
    if (given !== taken) continue
    result[giver] = { ...g, signal: g.signal | (1 << to) }
    result[taker] = { ...t, wait: t.wait | (1 << from) }
  }
  return result
}

/** `early` set where it changes nothing: on mac instructions without a token for post. */
export function withIdleEarly(instructions: readonly Instruction[], d: Draw): Instruction[] {
  const post = UNITS.indexOf('post')
  return instructions.map((i) =>
    (i.op === 'mac.dense' || i.op === 'mac.depthwise') && !gives(i, post) ? { ...i, early: d.int(0, 1) } : i,
  )
}
