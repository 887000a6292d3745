/**
 * The timing contract once more, one cycle at a time, as hardware does it: registers, counters and queues instead of
 * formulas. The event-driven model is tested against it. Within a cycle: what becomes visible, the grant, the units'
 * ports, pops, new requests, dispatch; each looks at queues and counters as they were when the cycle began.
 */
import { type Burst, fillCycles, loadBursts, storeBursts } from '../../../backends/trellis/isa/bursts.ts'
import {
  FETCH_BUFFER,
  FETCH_BURST,
  instructionBeats,
  LOAD_BURSTS,
  LOAD_DESCRIPTORS,
  LOAD_PIPE,
  LOAD_SETUP,
  macCost,
  type PostInstruction,
  postCost,
  QUEUE_DEPTH,
  STORE_BURSTS,
  STORE_PIPE,
  type StreamCost,
} from '../../../backends/trellis/isa/costs.ts'
import {
  INSTRUCTIONS,
  type Instruction,
  type InstructionOf,
  UNITS,
} from '../../../backends/trellis/isa/table.ts'
import type { Target } from '../../../backends/trellis/target.ts'

export interface Stepped {
  readonly cycles: number
  readonly started: readonly number[]
  readonly done: readonly number[]
}

const unitIndex = (i: Instruction): number => UNITS.indexOf(INSTRUCTIONS[i.op].unit)

interface Unit {
  /** Memory ports, before pops. */
  port?(): void
  pop(): void
  /** Requests, after everything else of the cycle. */
  ask?(): void
}

class SteppingMachine {
  cycle = -1
  readonly program: readonly Instruction[]
  readonly target: Target
  readonly started: number[] = []
  readonly done: number[] = []
  readonly requests = new Map<string, { visible: number; beats: number; granted: () => void }>()
  readonly tokens = UNITS.map(() => UNITS.map(() => 0))
  /** Instruction indices; `pushed` this cycle come after the others and cannot be popped yet. */
  readonly queues: number[][] = UNITS.map(() => [])
  readonly #later = new Map<number, (() => void)[]>()

  constructor(program: readonly Instruction[], target: Target) {
    this.program = program
    this.target = target
  }

  at(cycle: number, action: () => void): void {
    if (cycle <= this.cycle) throw new Error('an effect in the past')
    this.#later.set(cycle, [...(this.#later.get(cycle) ?? []), action])
  }

  /** What becomes visible at the beginning of this cycle. */
  becomeVisible(): void {
    for (const action of this.#later.get(this.cycle) ?? []) action()
    this.#later.delete(this.cycle)
  }

  finish(i: number, cycle: number): void {
    const instruction = this.program[i] as Instruction
    this.done[i] = cycle
    const isEarly = 'early' in instruction && instruction.early === 1
    UNITS.forEach((unit, to) => {
      if ((instruction.signal & (1 << to)) === 0) return
      const before = isEarly && unit === 'post' ? instruction.mx * instruction.my : 0
      this.at(cycle - before, () => this.change(unitIndex(instruction), to, 1))
    })
  }

  change(from: number, to: number, by: number): void {
    const row = this.tokens[from] as number[]
    row[to] = (row[to] as number) + by
  }

  /** Takes the head of a queue and its tokens; undefined if that is not possible in this cycle. */
  pop(unit: number): number | undefined {
    const i = this.queues[unit]?.[0]
    if (i === undefined) return undefined
    const { wait } = this.program[i] as Instruction
    const sources = UNITS.map((_, from) => from).filter((from) => wait & (1 << from))
    if (sources.some((from) => this.tokens[from]?.[unit] === 0)) return undefined
    for (const from of sources) this.change(from, unit, -1)
    this.queues[unit]?.shift()
    this.started[i] = this.cycle
    return i
  }
}

function streamUnit(m: SteppingMachine, unit: number, costOf: (i: Instruction) => StreamCost): Unit {
  let current: { i: number; cost: StreamCost; left: number } | undefined
  let constantsReady = 0
  let streamFree = 0
  let blockFree = 0
  let settled = 0
  const begin = (): void => {
    if (!current || m.cycle < constantsReady || m.cycle < blockFree) return
    const { i, cost } = current
    if (current.left === cost.blocks && m.cycle < streamFree + cost.gapCycles) return
    if (m.cycle < settled - (cost.drains ? 0 : cost.pipeCycles)) return
    streamFree = m.cycle + cost.streamCycles
    blockFree = current.left > 1 ? Math.max(streamFree, m.cycle + cost.minPeriodCycles) : 0
    constantsReady = m.cycle + cost.setupCycles
    current.left--
    if (current.left > 0) return
    settled = m.cycle + cost.streamCycles + cost.pipeCycles
    m.finish(i, settled)
    current = undefined
  }
  return {
    pop() {
      const wasBusy = current !== undefined
      begin()
      if (wasBusy) return
      const i = m.pop(unit)
      if (i === undefined) return
      const cost = costOf(m.program[i] as Instruction)
      current = { i, cost, left: cost.blocks }
      constantsReady = m.cycle + cost.startCycles + cost.setupCycles
      begin()
    },
  }
}

function loadUnit(m: SteppingMachine): Unit {
  const unit = UNITS.indexOf('load')
  const latency = m.target.dram.latency_cycles
  /** Words that the writer still has to take, in order: from which cycle on it can, and what its last one ends. */
  const words: { ready: number; end?: () => void }[] = []
  let bursts: readonly Burst[] = []
  let next = 0
  let current = -1
  /** From which cycle on the current load can ask for its first burst. */
  let asks = 0
  let outstanding = 0
  let unfinished = 0
  const close = (i: number): void => {
    m.finish(i, m.cycle + LOAD_PIPE + 1)
    m.at(m.cycle + LOAD_PIPE + 1, () => unfinished--)
  }
  return {
    port() {
      const word = words[0]
      if (word === undefined || m.cycle < word.ready) return
      words.shift()
      word.end?.()
    },
    pop() {
      if (current >= 0 || unfinished >= LOAD_DESCRIPTORS) return
      const i = m.pop(unit)
      if (i === undefined) return
      unfinished++
      const instruction = m.program[i] as Instruction
      if (instruction.op === 'load.fill') {
        const ready = m.cycle + LOAD_SETUP
        for (let left = fillCycles(instruction, m.target); left > 1; left--) words.push({ ready })
        words.push({ ready, end: () => close(i) })
        return
      }
      current = i
      bursts = loadBursts(instruction, m.target)
      next = 0
      asks = m.cycle + LOAD_SETUP - 1
    },
    ask() {
      if (
        current < 0 ||
        m.cycle < asks ||
        m.requests.has('load') ||
        outstanding >= LOAD_BURSTS ||
        next === bursts.length
      )
        return
      const i = current
      const burst = bursts[next++] as (typeof bursts)[number]
      const isLast = next === bursts.length
      outstanding++
      m.requests.set('load', {
        visible: m.cycle + 1,
        beats: burst.beats,
        granted: () => {
          const arrives = m.cycle + latency
          const end = (): void => {
            outstanding--
            if (isLast) close(i)
          }
          // `late` says how long the last word's data keep it; the words before it are never what holds it up.
          for (let w = 1; w < burst.words; w++) words.push({ ready: arrives + 1 })
          words.push({ ready: arrives + burst.late, end })
          if (isLast) m.at(m.cycle + 1, () => (current = -1))
        },
      })
    },
  }
}

function storeUnit(m: SteppingMachine): Unit {
  const unit = UNITS.indexOf('store')
  let reading: { i: number; bursts: ReturnType<typeof storeBursts>; next: number; left: number } | undefined
  let freeBuffers = STORE_BURSTS
  const toWrite: { beats: number; from: number; end: () => void }[] = []
  return {
    port() {
      if (!reading) return
      const r = reading
      if (r.left === 0) {
        if (freeBuffers === 0) return
        freeBuffers--
        r.left = (r.bursts[r.next] as Burst).words
      }
      if (--r.left > 0) return
      const burst = r.bursts[r.next++] as Burst
      const isLast = r.next === r.bursts.length
      toWrite.push({
        beats: burst.beats,
        from: m.cycle + STORE_PIPE,
        end: () => {
          const last = m.cycle + burst.beats
          m.at(last + 1, () => freeBuffers++)
          if (isLast) m.finish(r.i, last + 1)
        },
      })
      if (isLast) m.at(m.cycle + 1, () => (reading = undefined))
    },
    pop() {
      if (reading) return
      const i = m.pop(unit)
      if (i === undefined) return
      reading = { i, bursts: storeBursts(m.program[i] as InstructionOf<'store'>, m.target), next: 0, left: 0 }
    },
    ask() {
      const write = toWrite[0]
      if (!write || m.cycle < write.from || m.requests.has('store')) return
      toWrite.shift()
      m.requests.set('store', { visible: m.cycle + 1, beats: write.beats, granted: write.end })
    },
  }
}

/** Runs a program to its end, at most `limit` cycles. */
export function stepProgram(program: readonly Instruction[], target: Target, limit: number): Stepped {
  const m = new SteppingMachine(program, target)
  const units: Unit[] = [
    loadUnit(m),
    streamUnit(m, UNITS.indexOf('mac'), (i) => macCost(i as InstructionOf<'mac.dense'>, target)),
    streamUnit(m, UNITS.indexOf('post'), (i) => postCost(i as PostInstruction, target)),
    storeUnit(m),
  ]
  const buffer: number[] = []
  let places = FETCH_BUFFER
  let toRequest = 0
  let ended = false
  let busyUntil = 0

  const fetch = (occupied: readonly number[]): void => {
    const burst = Math.min(FETCH_BURST, program.length - toRequest)
    if (burst > 0 && places >= burst && !m.requests.has('fetch')) {
      const first = toRequest
      toRequest += burst
      places -= burst
      const beats = instructionBeats(target)
      m.requests.set('fetch', {
        visible: m.cycle + 1,
        beats: burst * beats,
        granted: () => {
          const arrives = m.cycle + target.dram.latency_cycles
          for (let j = 0; j < burst; j++) m.at(arrives + (j + 1) * beats, () => buffer.push(first + j))
        },
      })
    }
    const i = buffer[0]
    if (i === undefined || ended) return
    const unit = unitIndex(program[i] as Instruction)
    const isEnd = program[i]?.op === 'end'
    if (!isEnd && (occupied[unit] as number) >= (target.queue_depth ?? QUEUE_DEPTH)) return
    buffer.shift()
    m.at(m.cycle + 1, () => {
      places++
      if (isEnd) {
        ended = true
        m.started[i] = m.cycle - 1
        m.done[i] = m.cycle
      } else m.queues[unit]?.push(i)
    })
  }

  while (m.cycle < limit) {
    m.cycle++
    m.becomeVisible()
    const finished = program.every((_, i) => (m.done[i] ?? Number.POSITIVE_INFINITY) <= m.cycle)
    if (ended && finished) return { cycles: m.cycle, started: m.started, done: m.done }
    const occupied = m.queues.map((q) => q.length)
    const fetchWaited = m.requests.has('fetch')
    if (m.cycle >= busyUntil) {
      const client = ['fetch', 'store', 'load'].find(
        (c) => (m.requests.get(c)?.visible ?? Infinity) <= m.cycle,
      )
      const request = client === undefined ? undefined : m.requests.get(client)
      if (client !== undefined && request) {
        m.requests.delete(client)
        busyUntil = m.cycle + request.beats
        request.granted()
      }
    }
    for (const unit of units) unit.port?.()
    for (const unit of units) unit.pop()
    for (const unit of units) unit.ask?.()
    // The fetch unit decides the next request from the cycle after the grant.
    if (fetchWaited && !m.requests.has('fetch')) {
      m.requests.set('fetch', { visible: Number.POSITIVE_INFINITY, beats: 0, granted: () => {} })
      fetch(occupied)
      m.requests.delete('fetch')
    } else fetch(occupied)
  }
  throw new Error(`not finished after ${limit} cycles`)
}
