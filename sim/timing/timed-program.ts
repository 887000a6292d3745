/** One segment as the timing model sees it: for each instruction and burst a few numbers, taken from the cycle costs. */
import { type Burst, fillCycles, loadBursts, storeBursts } from '../../backends/trellis/isa/bursts.ts'
import { earlyCycles, macCost, postCost, type StreamCost } from '../../backends/trellis/isa/costs.ts'
import { INSTRUCTIONS, type Instruction, UNITS } from '../../backends/trellis/isa/table.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { fail } from '../../ir/diagnostic.ts'

/** Index of each unit in UNITS, which is also its bit in token masks. */
export const LOAD = UNITS.indexOf('load')
export const MAC = UNITS.indexOf('mac')
export const POST = UNITS.indexOf('post')
export const STORE = UNITS.indexOf('store')

/** DRAM bursts of one unit, those of an instruction side by side. */
export interface BurstList {
  readonly beats: Float64Array
  readonly words: Float64Array
  readonly late: Float64Array
}

export interface TimedProgram {
  readonly target: Target
  /** Instructions up to and including `end`; what follows it is never fetched. */
  readonly count: number
  readonly hasEnd: boolean
  readonly unit: Uint8Array
  readonly wait: Uint8Array
  readonly signal: Uint8Array
  /** For each unit the indices of its instructions, in program order. */
  readonly order: readonly Int32Array[]
  /** Costs of mac and post instructions, as in StreamCost. */
  readonly blocks: Float64Array
  readonly startup: Float64Array
  readonly setup: Float64Array
  readonly stream: Float64Array
  readonly minPeriod: Float64Array
  readonly gap: Float64Array
  readonly pipe: Float64Array
  /** 1 where the stream waits for the last write of the instruction before. */
  readonly drains: Uint8Array
  /** Cycles before done in which the token for post is given. */
  readonly early: Float64Array
  /** Port cycles of a load.fill, else 0. */
  readonly fill: Float64Array
  /** Bursts of load and store instruction i: firstBurst[i] until firstBurst[i] + bursts[i] in its unit's list. */
  readonly firstBurst: Int32Array
  readonly bursts: Int32Array
  readonly loadBursts: BurstList
  readonly storeBursts: BurstList
}

export function timeProgram(instructions: readonly Instruction[], target: Target): TimedProgram {
  const end = instructions.findIndex((i) => i.op === 'end')
  const count = end < 0 ? instructions.length : end + 1
  const numbers = () => new Float64Array(count)
  const program = {
    target,
    count,
    hasEnd: end >= 0,
    unit: new Uint8Array(count),
    wait: new Uint8Array(count),
    signal: new Uint8Array(count),
    blocks: numbers(),
    startup: numbers(),
    setup: numbers(),
    stream: numbers(),
    minPeriod: numbers(),
    gap: numbers(),
    pipe: numbers(),
    drains: new Uint8Array(count),
    early: numbers(),
    fill: numbers(),
    firstBurst: new Int32Array(count),
    bursts: new Int32Array(count),
  }
  const order: number[][] = UNITS.map(() => [])
  const loads: Burst[] = []
  const stores: Burst[] = []

  for (let at = 0; at < count; at++) {
    const i = instructions[at] as Instruction
    if (i.op === 'end') continue
    const unit = UNITS.indexOf(INSTRUCTIONS[i.op].unit)
    program.unit[at] = unit
    program.wait[at] = i.wait
    program.signal[at] = i.signal
    order[unit]?.push(at)
    if (i.op === 'load.fill') {
      program.fill[at] = fillCycles(i, target)
      if (program.fill[at] === 0) nothing(at, i)
    } else if (unit === LOAD || i.op === 'store') {
      const list = i.op === 'store' ? stores : loads
      const bursts = i.op === 'store' ? storeBursts(i, target) : loadBursts(i, target)
      if (bursts.length === 0) nothing(at, i)
      program.firstBurst[at] = list.length
      program.bursts[at] = bursts.length
      for (const burst of bursts) list.push(burst)
    } else {
      const cost = streamCost(i, target)
      if (cost.blocks < 1 || cost.streamCycles < 1) nothing(at, i)
      setStream(program, at, cost)
      if (i.op === 'mac.dense' || i.op === 'mac.depthwise') program.early[at] = earlyCycles(i)
    }
  }
  return {
    ...program,
    order: order.map((indices) => Int32Array.from(indices)),
    loadBursts: burstList(loads),
    storeBursts: burstList(stores),
  }
}

function nothing(at: number, i: Instruction): never {
  fail({
    code: 'program/illegal',
    message: `${i.op} has nothing to do`,
    span: { path: `instruction ${at}` },
    hint: 'counts of rows, bytes, outputs, entries and blocks begin at 1',
  })
}

type Streaming = Extract<Instruction, { readonly op: `mac.${string}` | `post.${string}` }>

function streamCost(i: Instruction, target: Target): StreamCost {
  const streaming = i as Streaming
  return streaming.op === 'mac.dense' || streaming.op === 'mac.depthwise'
    ? macCost(streaming, target)
    : postCost(streaming, target)
}

function setStream(
  program: {
    [K in 'blocks' | 'startup' | 'setup' | 'stream' | 'minPeriod' | 'gap' | 'pipe']: Float64Array
  } & {
    drains: Uint8Array
  },
  at: number,
  cost: StreamCost,
): void {
  program.blocks[at] = cost.blocks
  program.startup[at] = cost.startCycles + cost.setupCycles
  program.setup[at] = cost.setupCycles
  program.stream[at] = cost.streamCycles
  program.minPeriod[at] = cost.minPeriodCycles
  program.gap[at] = cost.gapCycles
  program.pipe[at] = cost.pipeCycles
  program.drains[at] = cost.drains ? 1 : 0
}

function burstList(bursts: readonly Burst[]): BurstList {
  return {
    beats: Float64Array.from(bursts, (b) => b.beats),
    words: Float64Array.from(bursts, (b) => b.words),
    late: Float64Array.from(bursts, (b) => b.late),
  }
}
