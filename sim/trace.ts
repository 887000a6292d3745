/**
 * Trace of a simulation in the Chrome trace event format (an object with `traceEvents`), which Perfetto opens. One
 * microsecond of the trace is one microsecond of the machine at its clock; the arguments of an event give cycles.
 * There is a track for the layers and one for each unit; a stall's event is named after its cause.
 */
import type { Program } from '../backends/trellis/program.ts'
import { must } from '../ir/diagnostic.ts'
import type { TimedSegment } from './timed-segments.ts'
import { TIMED_UNITS } from './timing/ledger.ts'

/** A complete event (`X`) or the name of a process or track (`M`). */
export type TraceEvent =
  | {
      readonly ph: 'X'
      readonly name: string
      readonly cat: string
      readonly pid: number
      readonly tid: number
      readonly ts: number
      readonly dur: number
      readonly args: Readonly<Record<string, string | number>>
    }
  | {
      readonly ph: 'M'
      readonly name: 'process_name' | 'thread_name' | 'thread_sort_index'
      readonly pid: number
      readonly tid: number
      readonly args: Readonly<Record<string, string | number>>
    }

export interface Trace {
  readonly displayTimeUnit: 'ns'
  readonly traceEvents: readonly TraceEvent[]
}

const PROCESS = 1
const LAYER_TRACK = 0

/** Segments follow one another; idle cycles are left blank. */
export function chromeTrace(program: Program, timed: readonly TimedSegment[]): Trace {
  const microseconds = (cycles: number): number => cycles / program.target.clock_mhz
  const events: TraceEvent[] = [
    metadata('process_name', LAYER_TRACK, { name: `${program.model} on ${program.target.name}` }),
    ...['layers', ...TIMED_UNITS].flatMap((name, tid) => [
      metadata('thread_name', tid, { name }),
      metadata('thread_sort_index', tid, { sort_index: tid }),
    ]),
  ]
  let base = 0
  for (const { segment, timing, intervals, slices } of timed) {
    const slice = (tid: number, name: string, cat: string, from: number, to: number, args = {}): void => {
      const start = base + from
      events.push({
        ph: 'X',
        name,
        cat,
        pid: PROCESS,
        tid,
        ts: microseconds(start),
        dur: microseconds(to - from),
        args: { start_cycle: start, cycles: to - from, ...args },
      })
    }
    const layerName = (index: number): string => program.layers[segment.layerOf[index] as number]?.name ?? ''
    for (const { layer, from, to } of slices) {
      const { name, op } = must(program.layers[layer], 'layer')
      slice(LAYER_TRACK, name, 'layer', from, to, { op })
    }
    TIMED_UNITS.forEach((unit, position) => {
      for (const { cause, start, end, instruction } of intervals[unit]) {
        if (cause === 'idle') continue
        const index = instruction < 0 ? {} : { instruction, layer: layerName(instruction) }
        const op = segment.instructions[instruction]?.op ?? unit
        if (cause === 'busy') slice(position + 1, op, 'busy', start, end, index)
        else slice(position + 1, `stall: ${cause}`, 'stall', start, end, { ...index, cause })
      }
    })
    base += timing.cycles
  }
  return { displayTimeUnit: 'ns', traceEvents: events }
}

function metadata(
  name: 'process_name' | 'thread_name' | 'thread_sort_index',
  tid: number,
  args: Readonly<Record<string, string | number>>,
): TraceEvent {
  return { ph: 'M', name, pid: PROCESS, tid, args }
}
