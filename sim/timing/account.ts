/** Where each cycle of each unit went, from the times of a finished schedule (section 11 of docs/timing.md). */

import { LOAD_PIPE, LOAD_SETUP, STORE_PIPE } from '../../backends/trellis/isa/costs.ts'
import {
  type Cause,
  eachUnit,
  type Interval,
  Ledger,
  TIMED_UNITS,
  type TimedUnit,
  type UnitCycles,
} from './ledger.ts'
import type { Schedule } from './schedule.ts'
import { LOAD, MAC, POST, STORE, type TimedProgram } from './timed-program.ts'

export interface Accounts {
  readonly units: Readonly<Record<TimedUnit, UnitCycles>>
  readonly intervals?: Readonly<Record<TimedUnit, readonly Interval[]>>
}

export function accountUnits(
  program: TimedProgram,
  schedule: Schedule,
  cycles: number,
  keepIntervals: boolean,
): Accounts {
  const ledgers = eachUnit(() => new Ledger(keepIntervals))
  accountFetch(ledgers.fetch, program, schedule)
  accountLoad(ledgers.load, program, schedule)
  accountStream(ledgers.mac, program, schedule, MAC)
  accountStream(ledgers.post, program, schedule, POST)
  accountStore(ledgers.store, program, schedule)
  accountDram(ledgers.dram, program, schedule)
  for (const unit of TIMED_UNITS) ledgers[unit].spend('idle', cycles, -1)
  return {
    units: eachUnit((unit) => ledgers[unit].totals()),
    ...(keepIntervals ? { intervals: eachUnit((unit) => ledgers[unit].intervals) } : {}),
  }
}

const TOKEN_CAUSES: readonly Cause[] = ['token load', 'token mac', 'token post', 'token store']

/** The cycles before an instruction's start: the queue is empty, then the last of its tokens is missing. */
function spendWaiting(ledger: Ledger, schedule: Schedule, i: number, isFirst: boolean): void {
  const started = schedule.started[i] as number
  const poppable = (schedule.dispatched[i] as number) + 1
  ledger.spend(isFirst ? 'idle' : 'instruction', Math.min(poppable, started), i)
  const token = TOKEN_CAUSES[schedule.tokenFrom[i] as number] as Cause
  ledger.spend(token, Math.min(schedule.tokenReady[i] as number, started), i)
  // Started later than all that: the unit itself was not ready.
  ledger.spend('pipeline', started, i)
}

function accountStream(ledger: Ledger, program: TimedProgram, schedule: Schedule, unit: number): void {
  const order = program.order[unit] as Int32Array
  const constants: Cause = unit === MAC ? 'weights' : 'parameters'
  /** Up to here the accumulators of the previous instruction's last block are in use, or its results on their way. */
  let settled = 0
  let previous = -1
  for (const i of order) {
    const first = schedule.streamed[i] as number
    if (previous >= 0 && program.drains[i] === 1) settled = schedule.done[previous] as number
    else if (previous >= 0) settled += program.gap[i] as number
    ledger.spend('pipeline', Math.min(settled, first), previous)
    spendWaiting(ledger, schedule, i, previous < 0)
    ledger.spend((program.setup[i] as number) > 0 ? constants : 'pipeline', first, i)

    const stream = program.stream[i] as number
    const setup = program.setup[i] as number
    const shortest = program.minPeriod[i] as number
    const gaps = (program.blocks[i] as number) - 1
    const period = Math.max(stream, setup, shortest)
    const late = Math.max(0, setup - stream)
    ledger.spendMixed(
      first + gaps * period + stream,
      [
        [constants, gaps * late],
        ['pipeline', gaps * (period - stream - late)],
      ],
      i,
    )
    settled = first + gaps * period + stream
    previous = i
  }
  if (previous >= 0) ledger.spend('pipeline', schedule.done[previous] as number, previous)
}

function accountLoad(ledger: Ledger, program: TimedProgram, schedule: Schedule): void {
  const times = schedule.loadBursts
  let previous = -1
  for (const i of program.order[LOAD] as Int32Array) {
    spendWaiting(ledger, schedule, i, previous < 0)
    previous = i
    const bursts = program.bursts[i] as number
    ledger.spend('pipeline', (schedule.started[i] as number) + LOAD_SETUP, i)
    if (bursts === 0) {
      ledger.spend('busy', (schedule.done[i] as number) - LOAD_PIPE, i)
      continue
    }
    const first = program.firstBurst[i] as number
    for (let k = first; k < first + bursts; k++) {
      ledger.spend('dram', times.granted[k] as number, i)
      ledger.spend('busy', (times.last[k] as number) + 1, i)
    }
  }
  if (previous >= 0) ledger.spend('pipeline', schedule.done[previous] as number, previous)
}

/** Reads and granted writes of the store unit overlap; what is neither is a wait for a grant or for an instruction. */
function accountStore(ledger: Ledger, program: TimedProgram, schedule: Schedule): void {
  const { granted, last, read } = schedule.storeBursts
  const { words } = program.storeBursts
  const owner = new Int32Array(read.length)
  for (const i of program.order[STORE] as Int32Array) {
    const first = program.firstBurst[i] as number
    owner.fill(i, first, first + (program.bursts[i] as number))
  }
  let reads = 0
  let writes = 0
  while (writes < read.length) {
    const readStart =
      reads < read.length ? (read[reads] as number) - (words[reads] as number) + 1 : Number.POSITIVE_INFINITY
    const writeStart = granted[writes] as number
    const start = Math.min(readStart, writeStart)
    const i = owner[readStart <= writeStart ? reads : writes] as number
    // A burst that has been read and not granted waits for DRAM; else the next instruction has not started.
    if (reads > writes) {
      const readable = (read[writes] as number) + STORE_PIPE + 1
      ledger.spend('pipeline', Math.min(readable, start), owner[writes] as number)
      ledger.spend('dram', start, owner[writes] as number)
    } else if (start > ledger.at) spendWaiting(ledger, schedule, i, reads === 0)
    ledger.spend('pipeline', start, i)
    if (readStart <= writeStart) ledger.spend('busy', (read[reads++] as number) + 1, i)
    else ledger.spend('busy', (last[writes++] as number) + 1, i)
  }
}

/** Receives and dispatches are busy; without an instruction fetch waits for DRAM, with one for room in its queue. */
function accountFetch(ledger: Ledger, program: TimedProgram, schedule: Schedule): void {
  const { fetchGrants, fetchBeats, arrived, dispatched } = schedule
  const latency = program.target.dram.latency_cycles
  let burst = 0
  /** Spends up to `until` on `cause`, but on busy where beats arrive. */
  const spendAround = (cause: Cause, until: number, i: number): void => {
    while (ledger.at < until) {
      const first = (fetchGrants[burst] ?? Number.POSITIVE_INFINITY) + latency
      const end = first + (fetchBeats[burst] ?? 0)
      ledger.spend(cause, Math.min(first, until), i)
      ledger.spend('busy', Math.min(end, until), i)
      if (end <= ledger.at) burst++
    }
  }
  for (let i = 0; i < program.count; i++) {
    spendAround('dram', Math.min(arrived[i] as number, dispatched[i] as number), i)
    spendAround('buffer', dispatched[i] as number, i)
    ledger.spend('busy', (dispatched[i] as number) + 1, i)
  }
}

/** The bus: busy in the beats of granted bursts. */
function accountDram(ledger: Ledger, program: TimedProgram, schedule: Schedule): void {
  const clients = [
    { granted: schedule.fetchGrants, beats: schedule.fetchBeats, at: 0 },
    { granted: schedule.storeBursts.granted, beats: program.storeBursts.beats, at: 0 },
    { granted: schedule.loadBursts.granted, beats: program.loadBursts.beats, at: 0 },
  ]
  for (;;) {
    let earliest = clients[0] as (typeof clients)[number]
    let grant = Number.POSITIVE_INFINITY
    for (const client of clients) {
      const next = client.granted[client.at] ?? Number.POSITIVE_INFINITY
      if (next >= grant) continue
      grant = next
      earliest = client
    }
    if (grant === Number.POSITIVE_INFINITY) return
    ledger.spend('idle', grant, -1)
    ledger.spend('busy', grant + (earliest.beats[earliest.at] as number), -1)
    earliest.at++
  }
}
