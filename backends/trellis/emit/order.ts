/**
 * From instructions in the order of their meaning to a program: what must wait for what, which tokens say so, and in
 * which order they are fetched.
 */
import { must } from '../../../ir/diagnostic.ts'
import { fillCycles, loadBursts, storeBursts } from '../isa/bursts.ts'
import {
  blockPeriod,
  LOAD_PIPE,
  LOAD_SETUP,
  macCost,
  type PostInstruction,
  postCost,
  STORE_PIPE,
  streamLatency,
} from '../isa/costs.ts'
import { type Access, followsClosely, overlap, type Space } from '../isa/footprint.ts'
import { type Instruction, UNITS, type Unit, unitOf } from '../isa/table.ts'
import { capacities, type Target } from '../target.ts'
import type { Emitted } from './emitter.ts'

export interface Ordered {
  readonly instructions: readonly Instruction[]
  readonly layerOf: Uint16Array
  readonly estimatedCycles: number
}

interface Placed {
  readonly emitted: Emitted
  readonly unit: number
  /** Position among the instructions of its unit. */
  readonly position: number
  /** For each unit: the position of its last instruction that must be done first, or -1. */
  readonly after: readonly number[]
  /**
   * The last mac instruction that must be done entirely, or -1. Of a later one in `after` a post.acc only needs the
   * accumulators, in the order in which they are written.
   */
  readonly whole: number
}

export function orderProgram(list: readonly Emitted[], target: Target): Ordered {
  const placed = dependences(list, target)
  const starts = estimate(placed, target)
  const byUnit = UNITS.map((_, unit) => placed.filter((p) => p.unit === unit))
  const masks = tokens(byUnit)
  const order = placed
    .map((_, i) => i)
    .sort((a, b) => (starts.at[a] as number) - (starts.at[b] as number) || a - b)
  const instructions = order.map((i): Instruction => {
    const p = must(placed[i], 'instruction')
    const { wait, signal, early } = must(masks[p.unit]?.[p.position], 'tokens')
    return { ...p.emitted.instruction, wait, signal, ...(early ? { early: 1 } : {}) }
  })
  instructions.push({ op: 'end', wait: 0, signal: 0 })
  const layers = order.map((i) => must(placed[i], 'instruction').emitted.layer)
  return {
    instructions,
    layerOf: Uint16Array.from([...layers, layers.at(-1) ?? 0]),
    estimatedCycles: starts.cycles,
  }
}

/** One earlier access, as later ones of other units look for it. */
interface Past {
  readonly access: Access
  readonly instruction: Instruction
  readonly position: number
  readonly banks: number
}

const MAC = UNITS.indexOf('mac')

/** For each instruction, the last one of each other unit that it must come after. */
function dependences(list: readonly Emitted[], target: Target): Placed[] {
  const { bankBytes } = capacities(target)
  const past = new Map<Space, Past[][]>()
  const count = UNITS.map(() => 0)
  /** What earlier instructions of each unit have waited for. */
  const known = UNITS.map(() => UNITS.map(() => -1))
  /** The mac instructions among those that were entirely done. */
  const knownWhole = UNITS.map(() => -1)
  return list.map((emitted) => {
    const unit = UNITS.indexOf(unitOf(emitted.instruction))
    const position = count[unit] as number
    count[unit] = position + 1
    const after = must(known[unit], 'unit')
    let whole = -1
    const own = emitted.accesses.map((access): Past => {
      const banks = access.space === 'activation' ? bankMask(access, bankBytes) : 0
      return { access, instruction: emitted.instruction, position, banks }
    })
    for (const { access, banks } of own) {
      let spaces = past.get(access.space)
      if (!spaces) {
        spaces = UNITS.map(() => [])
        past.set(access.space, spaces)
      }
      spaces.forEach((entries, other) => {
        if (other === unit) return
        for (let i = entries.length - 1; i >= 0; i--) {
          const entry = entries[i] as Past
          const entirely =
            other === MAC &&
            (access.space !== 'accumulator' || !followsClosely(emitted.instruction, entry.instruction))
          const waitedFor = entirely ? Math.max(whole, knownWhole[unit] as number) : (after[other] as number)
          if (entry.position <= waitedFor) break
          if (!conflicts(access, banks, entry)) continue
          after[other] = Math.max(after[other] as number, entry.position)
          if (entirely) whole = entry.position
          break
        }
      })
    }
    for (const entry of own) must(past.get(entry.access.space)?.[unit], 'history').push(entry)
    const last = after[MAC] as number
    // Before a mac instruction's last block is written, the one before it is done.
    knownWhole[unit] = Math.max(knownWhole[unit] as number, whole, last - 1)
    return { emitted, unit, position, after: [...after], whole }
  })
}

function bankMask(access: Access, bankBytes: number): number {
  let mask = 0
  for (let bank = Math.floor(access.start / bankBytes); bank * bankBytes < access.end; bank++)
    mask |= 1 << bank
  return mask
}

/** Data that one of them writes, or a port of a bank that both would use. */
function conflicts(access: Access, banks: number, { access: other, banks: otherBanks }: Past): boolean {
  if (access.write === other.write) {
    if ((banks & otherBanks) !== 0) return true
    if (!access.write) return false
  }
  return overlap(access, other)
}

/**
 * One bit to wait and one to signal are enough: units are in order, so waiting for an instruction covers all before it,
 * and tokens of one channel are taken in the order in which they are given. A mac instruction's token for post is early
 * where nobody needs more of it than accumulators before the next token.
 */
function tokens(
  byUnit: readonly (readonly Placed[])[],
): { wait: number; signal: number; early: boolean }[][] {
  const masks = byUnit.map((list) => list.map(() => ({ wait: 0, signal: 0, early: false })))
  byUnit.forEach((list, unit) => {
    const covered = UNITS.map(() => -1)
    list.forEach(({ emitted, after, position, whole }) => {
      after.forEach((needed, other) => {
        if (other === unit) return
        const giver = masks[other]?.[needed]
        if (needed > (covered[other] as number)) {
          covered[other] = needed
          must(masks[unit]?.[position], 'instruction').wait |= 1 << other
          must(giver, 'giver').signal |= 1 << unit
          if (other === MAC)
            must(giver, 'giver').early = emitted.instruction.op === 'post.acc' && whole < needed
        } else if (other === MAC && whole >= 0 && whole === covered[other]) {
          must(giver, 'giver').early = false
        }
      })
    })
  })
  return masks
}

/** When each instruction would start if fetch were instant and DRAM shared first come, first served. */
function estimate(
  placed: readonly Placed[],
  target: Target,
): { readonly at: readonly number[]; readonly cycles: number } {
  const done = UNITS.map(() => [] as number[])
  /** Of mac instructions: when their early token would come. */
  const early: number[] = []
  const free = UNITS.map(() => 0)
  const drain = UNITS.map(() => 0)
  let dramFree = 0
  let cycles = 0
  const at = placed.map(({ emitted: { instruction }, unit, after, whole }) => {
    let start = free[unit] as number
    after.forEach((position, other) => {
      if (position < 0 || other === unit) return
      const chained = other === MAC && instruction.op === 'post.acc' && whole < position
      const ready = chained ? early : done[other]
      start = Math.max(start, ready?.[position] as number)
    })
    let end: number
    const name = UNITS[unit] as Unit
    if (name === 'load' || name === 'store') {
      const bursts =
        instruction.op === 'store' ? storeBursts(instruction, target) : loadBursts(instruction, target)
      let port = start
      let granted = start + (name === 'load' ? LOAD_SETUP - 1 : 0)
      for (const burst of bursts) {
        granted = Math.max(granted + 1, dramFree)
        dramFree = granted + burst.beats
        port = Math.max(
          port + burst.words,
          name === 'load' ? granted + target.dram.latency_cycles + burst.late : dramFree,
        )
      }
      if (instruction.op === 'load.fill')
        port = Math.max(drain[unit] as number, start) + fillCycles(instruction, target)
      end = Math.max(port + 1 + (name === 'load' ? LOAD_PIPE : STORE_PIPE), drain[unit] as number)
      free[unit] = Math.max(start + 1, granted + 1)
      drain[unit] = end
    } else {
      const cost =
        name === 'mac'
          ? macCost(instruction as never, target)
          : postCost(instruction as PostInstruction, target)
      const lead = cost.startCycles + cost.setupCycles
      const before = cost.drains ? (done[unit]?.at(-1) ?? 0) : (drain[unit] as number)
      const first = Math.max(start + lead, before)
      const last = first + (cost.blocks - 1) * blockPeriod(cost)
      end = first - lead + streamLatency(cost)
      free[unit] = last + 1
      drain[unit] = last + cost.streamCycles
    }
    done[unit]?.push(end)
    if (instruction.op === 'mac.dense' || instruction.op === 'mac.depthwise')
      early.push(end - instruction.mx * instruction.my)
    cycles = Math.max(cycles, end)
    return start
  })
  return { at, cycles }
}
