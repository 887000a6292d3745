/**
 * The order that tokens impose on a program, found by running its queues and tokens without time.
 *
 * Whether such a machine gets stuck does not depend on how long anything takes: each unit takes its instructions in
 * order, and each channel has one giver and one taker. So one run shows either a deadlock of every run or none, and
 * vector clocks (Fidge 1988, Mattern 1989) over the four units give the order that holds in every run.
 */
import { must } from '../../../ir/diagnostic.ts'
import { type Instruction, UNITS, unitOf } from '../isa/table.ts'
import { type Checked, type Findings, nameOf } from './findings.ts'

/** Tokens that one channel's counter holds: 8 bits. */
const MAX_TOKENS = 255

const UNIT_COUNT = UNITS.length
const MAC = UNITS.indexOf('mac')

export interface Order {
  /** Instructions, `end` excepted, in an order in which they can run: the program's own as far as tokens allow. */
  readonly sequence: readonly number[]
  /** The unit of each instruction, an index into UNITS, and its place among the instructions of that unit. */
  readonly unit: Uint8Array
  readonly place: Int32Array
  /** Whether instruction `first` is done before `second` starts, whatever the latencies. */
  readonly isDoneBefore: (first: number, second: number) => boolean
  /** The same, or `second` starts after the early token of the mac instruction `first`. */
  readonly isChainedBefore: (first: number, second: number) => boolean
}

/** One channel: the instructions that gave a token, in order, and how many of the tokens were taken. */
interface Channel {
  readonly givers: number[]
  taken: number
}

/** The order, or undefined with findings: `program/deadlock`, `program/too-many-tokens`, `program/tokens-left`. */
export function tokenOrder(checked: Checked, findings: Findings): Order | undefined {
  const { instructions } = checked
  const count = instructions.length - 1
  const unit = Uint8Array.from(instructions, (i) => UNITS.indexOf(unitOf(i)))
  const place = new Int32Array(count)
  const queues: number[][] = UNITS.map(() => [])
  const started = new Int32Array(UNIT_COUNT)
  const channels: Channel[] = Array.from({ length: UNIT_COUNT ** 2 }, () => ({ givers: [], taken: 0 }))
  const channel = (from: number, to: number): Channel => must(channels[from * UNIT_COUNT + to], 'channel')
  const clocks = new Clocks(count)
  const sequence: number[] = []

  /** Whether every channel that an instruction waits for holds a token. */
  const canStart = (i: Instruction, u: number): boolean => {
    for (let from = 0; from < UNIT_COUNT; from++) {
      const { givers, taken } = channel(from, u)
      if ((i.wait >> from) & 1 && givers.length === taken) return false
    }
    return true
  }

  const run = (index: number, i: Instruction, u: number): void => {
    clocks.start(index, u)
    for (let from = 0; from < UNIT_COUNT; from++) {
      if (((i.wait >> from) & 1) === 0) continue
      const tokens = channel(from, u)
      const giver = must(tokens.givers[tokens.taken++], 'token')
      clocks.learn(index, giver, isEarly(must(instructions[giver], 'giver'), u))
    }
    clocks.done(index, u, must(place[index], 'place'), i.op !== 'post.setup')
    for (let to = 0; to < UNIT_COUNT; to++) if ((i.signal >> to) & 1) channel(u, to).givers.push(index)
    sequence.push(index)
  }

  /** Runs what can run, until nothing can. */
  const drain = (): void => {
    for (let progress = true; progress; ) {
      progress = false
      for (let u = 0; u < UNIT_COUNT; u++) {
        const head = queues[u]?.[must(started[u], 'unit')]
        if (head === undefined || !canStart(must(instructions[head], 'instruction'), u)) continue
        run(head, must(instructions[head], 'instruction'), u)
        started[u] = must(started[u], 'unit') + 1
        progress = true
      }
    }
  }

  let dispatched = 0
  for (; dispatched < count; dispatched++) {
    const u = must(unit[dispatched], 'unit')
    const queue = must(queues[u], 'queue')
    if (queue.length - must(started[u], 'unit') >= checked.queueDepth) break
    place[dispatched] = queue.length
    queue.push(dispatched)
    drain()
  }

  if (sequence.length < count) {
    const heads = queues.map((queue, u) => queue[must(started[u], 'unit')])
    reportDeadlock(checked, findings, heads, dispatched, channels)
    return undefined
  }
  reportTokens(checked, findings, { unit, place, queues, channels, clocks })
  return {
    sequence,
    unit,
    place,
    isDoneBefore: (first, second) =>
      clocks.isDoneBefore(must(unit[first], 'unit'), must(place[first], 'place'), second),
    isChainedBefore: (first, second) =>
      clocks.isChainedBefore(must(unit[first], 'unit'), must(place[first], 'place'), second),
  }
}

/** Whether the token that `giver` gives unit `taker` comes before it is done. */
function isEarly(giver: Instruction, taker: number): boolean {
  return 'early' in giver && giver.early === 1 && UNITS[taker] === 'post'
}

/** For each instruction, how many instructions of each unit are known to be done when it starts and when it is done. */
class Clocks {
  readonly #atStart: Int32Array
  readonly #atDone: Int32Array
  /** What the taker of an early token learns: the instructions of the unit before the giver are done, it is not. */
  readonly #atEarly: Int32Array
  /** Mac instructions whose early token an instruction has seen, or that are done: one more than the last one's place. */
  readonly #chained: Int32Array
  readonly #lastChained = new Int32Array(UNIT_COUNT)
  readonly #lastStart = new Int32Array(UNIT_COUNT ** 2)
  readonly #lastDone = new Int32Array(UNIT_COUNT ** 2)

  constructor(count: number) {
    this.#atStart = new Int32Array(count * UNIT_COUNT)
    this.#atDone = new Int32Array(count * UNIT_COUNT)
    this.#atEarly = new Int32Array(count * UNIT_COUNT)
    this.#chained = new Int32Array(count)
  }

  /** A unit starts its instructions in order: what one knew when it started, the next knows. */
  start(index: number, unit: number): void {
    raise(this.#atStart, index, this.#lastStart, unit)
    this.#chained[index] = this.#lastChained[unit] ?? 0
  }

  /** `index` took a token that `giver` gave when it was done, or before. */
  learn(index: number, giver: number, early: boolean): void {
    raise(this.#atStart, index, early ? this.#atEarly : this.#atDone, giver)
    if (!early) return
    const place = (this.#atDone[giver * UNIT_COUNT + MAC] ?? 0) - 1
    this.#chained[index] = Math.max(this.#chained[index] ?? 0, place + 1)
  }

  /** A unit's instructions are done in order, except that post.setup overtakes those before it. */
  done(index: number, unit: number, place: number, inOrder: boolean): void {
    raise(this.#lastStart, unit, this.#atStart, index)
    raise(this.#atDone, index, this.#atStart, index)
    this.#lastChained[unit] = this.#chained[index] ?? 0
    raise(this.#atEarly, index, this.#atStart, index)
    raise(this.#atEarly, index, this.#lastDone, unit)
    if (!inOrder) return
    this.#lastDone[unit * UNIT_COUNT + unit] = place + 1
    raise(this.#atDone, index, this.#lastDone, unit)
    raise(this.#lastDone, unit, this.#atDone, index)
  }

  isDoneBefore(unit: number, place: number, second: number): boolean {
    return place < (this.#atStart[second * UNIT_COUNT + unit] ?? 0)
  }

  isChainedBefore(unit: number, place: number, second: number): boolean {
    return this.isDoneBefore(unit, place, second) || (unit === MAC && place < (this.#chained[second] ?? 0))
  }

  /** How many instructions of `unit` are surely done when `index` is. */
  knownDone(index: number, unit: number): number {
    return this.#atDone[index * UNIT_COUNT + unit] ?? 0
  }
}

/** Clock `to` of `into` also knows what clock `from` of `source` knows. */
function raise(into: Int32Array, to: number, source: Int32Array, from: number): void {
  for (let u = 0; u < UNIT_COUNT; u++) {
    const known = source[from * UNIT_COUNT + u] ?? 0
    if (known > (into[to * UNIT_COUNT + u] ?? 0)) into[to * UNIT_COUNT + u] = known
  }
}

function reportDeadlock(
  checked: Checked,
  findings: Findings,
  heads: readonly (number | undefined)[],
  dispatched: number,
  channels: readonly Channel[],
): void {
  heads.forEach((head, u) => {
    if (head === undefined) return
    const i = must(checked.instructions[head], 'instruction')
    UNITS.forEach((giver, from) => {
      const { givers, taken } = must(channels[from * UNIT_COUNT + u], 'channel')
      if (((i.wait >> from) & 1) === 0 || givers.length > taken) return
      const pending = checked.instructions.findIndex(
        (other, index) => unitOf(other) === giver && (other.signal >> u) & 1 && index > (givers.at(-1) ?? -1),
      )
      const why =
        pending < 0
          ? `no instruction gives it: ${giver} gives ${givers.length} in all`
          : pending >= dispatched
            ? `${nameOf(checked, pending)}, which would give it, stands behind a full queue of ${checked.queueDepth} instructions`
            : `${nameOf(checked, pending)}, which would give it, waits itself`
      findings.add(checked, head, {
        code: 'program/deadlock',
        message: `waits forever for token ${taken + 1} of ${giver}: ${why}`,
        hint: 'every wait needs a signal of the named unit that can come first',
      })
    })
  })
}

function reportTokens(
  checked: Checked,
  findings: Findings,
  run: {
    readonly unit: Uint8Array
    readonly place: Int32Array
    readonly queues: readonly (readonly number[])[]
    readonly channels: readonly Channel[]
    readonly clocks: Clocks
  },
): void {
  run.channels.forEach(({ givers, taken }, c) => {
    const [from, to] = [Math.floor(c / UNIT_COUNT), c % UNIT_COUNT]
    const left = givers.length - taken
    if (left > 0) {
      findings.add(
        checked,
        must(givers.at(-1), 'giver'),
        {
          code: 'program/tokens-left',
          message: `gives ${UNITS[to]} a token that nothing takes: ${left} of ${givers.length} from ${UNITS[from]} are left at the end`,
          hint: 'a token left over would let a wait of the next segment pass too early',
        },
        'warning',
      )
    }
    if (givers.length > MAX_TOKENS) reportOverflow(checked, findings, run, givers, from, to)
  })
}

/**
 * The most tokens that a channel may hold in any run: when its k-th token is given, those waits have surely taken
 * theirs whose instructions are known to be done, or have left the taker's queue to make room for later ones.
 */
function reportOverflow(
  checked: Checked,
  findings: Findings,
  run: {
    readonly place: Int32Array
    readonly queues: readonly (readonly number[])[]
    readonly clocks: Clocks
  },
  givers: readonly number[],
  from: number,
  to: number,
): void {
  const taker = must(run.queues[to], 'queue')
  const waitsBefore = [0]
  for (const index of taker) {
    const wait = must(checked.instructions[index], 'instruction').wait
    waitsBefore.push(must(waitsBefore.at(-1), 'sum') + ((wait >> from) & 1))
  }
  let dispatchedTakers = 0
  for (const [k, giver] of givers.entries()) {
    while ((taker[dispatchedTakers] ?? Number.POSITIVE_INFINITY) < giver) dispatchedTakers++
    const surelyStarted = Math.max(run.clocks.knownDone(giver, to), dispatchedTakers - checked.queueDepth)
    if (k + 1 - must(waitsBefore[Math.max(0, surelyStarted)], 'waits') > MAX_TOKENS) {
      findings.add(checked, giver, {
        code: 'program/too-many-tokens',
        message: `may give ${UNITS[to]} a token when ${MAX_TOKENS} from ${UNITS[from]} are waiting, more than the counter holds`,
        hint: 'let the giver wait for a token of the taker now and then',
      })
      return
    }
  }
}
