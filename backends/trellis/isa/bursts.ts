/**
 * DRAM bursts of load and store, and the words in which a burst passes the port of a memory: sections 5 and 8 of
 * docs/timing.md.
 */
import { portBytes, type Target } from '../target.ts'
import { MAX_BURST_BEATS, popcount, WEIGHT_COLUMNS_PER_CYCLE } from './costs.ts'
import type { Instruction, InstructionOf } from './table.ts'

export interface Burst {
  readonly address: number
  readonly bytes: number
  readonly beats: number
  /** Words that a load's writer takes out of it, or that a store's reader puts into it, one a cycle. */
  readonly words: number
  /**
   * Of a load: cycles from the arrival of its first beat to the read of its last word, when nothing before it is in the
   * way. A word can be read from the cycle after the beat that completes it.
   */
  readonly late: number
}

/** The bursts of a load (none for load.fill), in order. */
export function loadBursts(i: Instruction, target: Target): Burst[] {
  switch (i.op) {
    case 'load.act':
      return rowBursts(i, [i.pad_left, i.pad_right], target)
    case 'load.weight':
      return weightBursts(i, target)
    case 'load.index':
      return rowBursts(oneRow(i.dram, i.entries * 4), NO_PADS, target)
    case 'load.param':
      return rowBursts(oneRow(i.dram, i.bytes), NO_PADS, target)
    case 'load.table':
      return rowBursts(oneRow(i.dram, 256), NO_PADS, target)
    default:
      return []
  }
}

export function storeBursts(i: InstructionOf<'store'>, target: Target): Burst[] {
  return rowBursts(i, NO_PADS, target)
}

/** Port cycles of a load.fill. */
export function fillCycles(i: InstructionOf<'load.fill'>, target: Target): number {
  return i.rows * Math.ceil(i.bytes / portBytes(target))
}

/** DRAM bytes of a load.weight. */
export function weightStreamBytes(i: InstructionOf<'load.weight'>): number {
  return Math.ceil((i.groups * i.columns * columnBits(i)) / 8)
}

/** Bits of one column of weights in the stream. */
function columnBits(i: InstructionOf<'load.weight'>): number {
  return (popcount(i.lanes) * 8) / 2 ** (i.stream - i.precision)
}

interface Rows {
  readonly dram: number
  readonly rows: number
  readonly bytes: number
  readonly dram_pitch: number
}

function oneRow(dram: number, bytes: number): Rows {
  return { dram, rows: 1, bytes, dram_pitch: bytes }
}

type Pads = readonly [left: number, right: number]
const NO_PADS: Pads = [0, 0]

/**
 * Bursts of rows: one stream where they follow one another in DRAM, else a stream a row. A word spans neither rows nor
 * bursts: what a burst holds of a row passes in words of the port's width, together with the padding before the row's
 * first byte and after its last.
 */
function rowBursts(i: Rows, [left, right]: Pads, target: Target): Burst[] {
  const bus = target.dram.bytes_per_cycle
  const port = portBytes(target)
  const joined = i.dram_pitch === i.bytes
  const bursts: Burst[] = []
  for (let y = 0; y < (joined ? 1 : i.rows); y++) {
    const stream = i.dram + y * i.dram_pitch
    for (const burst of cut(stream, joined ? i.rows * i.bytes : i.bytes, bus)) {
      const firstBeat = Math.floor(burst.address / bus)
      const end = burst.address + burst.bytes
      const words = new Words()
      for (let at = burst.address; at < end; ) {
        const inRow = (at - stream) % i.bytes
        const stop = Math.min(end, at + i.bytes - inRow)
        const before = inRow === 0 ? left : 0
        const after = at + i.bytes - inRow === stop ? right : 0
        const count = Math.ceil((before + stop - at + after) / port)
        for (let w = 1; w <= count; w++) {
          // A word of padding alone needs no beat, but is in order.
          const last = Math.max(burst.address, Math.min(stop, at + w * port - before) - 1)
          words.add(Math.floor(last / bus) - firstBeat)
        }
        at = stop
      }
      bursts.push(words.of(burst))
    }
  }
  return bursts
}

/**
 * Bursts of weights. A word is two neighbouring columns of a group, but one where no other is left or where two are wider
 * than the port. It may span bursts, and counts in the burst in which it ends.
 */
function weightBursts(i: InstructionOf<'load.weight'>, target: Target): Burst[] {
  const bus = target.dram.bytes_per_cycle
  const bits = columnBits(i)
  const most = WEIGHT_COLUMNS_PER_CYCLE * bits <= 8 * portBytes(target) ? WEIGHT_COLUMNS_PER_CYCLE : 1
  const cuts = cut(i.dram, weightStreamBytes(i), bus)
  if (cuts.length === 0) return []
  const words = cuts.map(() => new Words())
  let burst = 0
  let columns = 0
  for (let group = 0; group < i.groups; group++) {
    for (let column = 0; column < i.columns; column += most) {
      columns += Math.min(most, i.columns - column)
      const last = i.dram + Math.ceil((columns * bits) / 8) - 1
      for (; last >= (cuts[burst] as Cut).address + (cuts[burst] as Cut).bytes; burst++);
      const firstBeat = Math.floor((cuts[burst] as Cut).address / bus)
      words[burst]?.add(Math.floor(last / bus) - firstBeat)
    }
  }
  return cuts.map((burst, k) => (words[k] as Words).of(burst))
}

/** The words of one burst, in order. */
class Words {
  #count = 0
  /** Largest distance of a word's beat from the word's own place. */
  #lead = 0

  /** One more, complete with beat `beat` of the burst. */
  add(beat: number): void {
    this.#lead = Math.max(this.#lead, beat - this.#count++)
  }

  /** A burst in which no word ends takes a cycle as well. */
  of(burst: Cut): Burst {
    const words = Math.max(1, this.#count)
    return { ...burst, words, late: Math.max(burst.beats, words + this.#lead) }
  }
}

interface Cut {
  readonly address: number
  readonly bytes: number
  readonly beats: number
}

/** One stream of bytes, in bursts of at most MAX_BURST_BEATS beats; beats are aligned to the bus. */
function cut(address: number, bytes: number, bus: number): Cut[] {
  const bursts: Cut[] = []
  const end = address + bytes
  for (let at = address; at < end; ) {
    const firstBeat = Math.floor(at / bus)
    const stop = Math.min(end, (firstBeat + MAX_BURST_BEATS) * bus)
    bursts.push({ address: at, bytes: stop - at, beats: Math.ceil(stop / bus) - firstBeat })
    at = stop
  }
  return bursts
}
