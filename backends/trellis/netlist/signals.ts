/**
 * Where the bits of nets are in words of the graph, and how words of a vector of bits are put together from them. A word
 * that drives nets may have more bits than they: what reads them takes its own bits only.
 */
import { type Bit, wordCount } from './netlist.ts'
import type { Word, WordGraph } from './word-graph.ts'

/** Neighbouring bits of a word, or one bit several times, at their place in a word that is put together. */
interface Run {
  readonly word: Word
  /** The first bit in `word`. */
  readonly from: number
  /** The first bit in the word that is put together. */
  readonly to: number
  count: number
  /** One bit, `count` times. */
  repeated: boolean
}

export class Signals {
  readonly graph: WordGraph
  private readonly words = new Map<number, Word>()
  private readonly positions = new Map<number, number>()

  constructor(graph: WordGraph) {
    this.graph = graph
  }

  /** Nets `bits` are the bits of `words`, 32 each. */
  drive(bits: readonly Bit[], words: readonly Word[]): void {
    for (const [i, bit] of bits.entries()) {
      const word = words[i >> 5]
      if (typeof bit !== 'number' || word === undefined) continue
      this.words.set(bit, word)
      this.positions.set(bit, i & 31)
    }
  }

  /** The words of a vector; bits beyond it are 0. What nothing drives, x and z are 0. */
  read(bits: readonly Bit[]): readonly Word[] {
    return Array.from({ length: wordCount(bits.length) }, (_, k) =>
      this.word(bits.slice(32 * k, 32 * k + 32), false),
    )
  }

  /**
   * The vector as an operand of `width` bits: cut, or extended by zeros or by its sign. Bits beyond `width` are
   * anything if `loose`, which saves masks where no result depends on them.
   */
  operand(bits: readonly Bit[], width: number, signed: boolean, loose = false): readonly Word[] {
    const fill = signed ? (bits.at(-1) ?? '0') : '0'
    const length = loose && width > bits.length ? 32 * wordCount(width) : width
    const extended = Array.from({ length }, (_, i) => bits[i] ?? fill)
    return Array.from({ length: wordCount(width) }, (_, k) =>
      this.word(extended.slice(32 * k, 32 * k + 32), loose),
    )
  }

  /** 1 where any bit is 1, else 0. */
  any(bits: readonly Bit[]): Word {
    return this.graph.ne(this.join(this.read(bits)), this.graph.zero)
  }

  /** A single bit. */
  bit(bit: Bit | undefined): Word {
    return this.word([bit ?? '0'], false)
  }

  /** The bitwise or of all words: 0 only where all are. */
  join(words: readonly Word[]): Word {
    return words.reduce((all, word) => this.graph.or(all, word), this.graph.zero)
  }

  /** At most 32 bits as a word; those beyond are 0, or anything if `loose`. */
  private word(bits: readonly Bit[], loose: boolean): Word {
    const { graph } = this
    const { runs, constant } = this.runs(bits)
    const [first, second] = runs
    const spare = loose || bits.length === 32
    if (constant === 0 && first !== undefined && first.to === 0 && !first.repeated) {
      // A whole value, or one extended by its sign, needs no masks.
      if (runs.length === 1 && spare && first.count === bits.length) return graph.shrU(first.word, first.from)
      if (runs.length === 2 && second !== undefined && isSignOf(second, first, bits.length)) {
        const left = 32 - first.from - first.count
        const extended = graph.shrS(graph.shl(first.word, left), left + first.from)
        return spare ? extended : graph.and(extended, graph.constant(maskOf(bits.length)))
      }
    }
    return runs.reduce((word, run) => graph.or(word, this.place(run)), graph.constant(constant))
  }

  private runs(bits: readonly Bit[]): { readonly runs: readonly Run[]; readonly constant: number } {
    const runs: Run[] = []
    let constant = 0
    for (const [i, bit] of bits.entries()) {
      if (bit === '1') constant |= 1 << i
      if (typeof bit !== 'number') continue
      const word = this.words.get(bit)
      if (word === undefined || word === this.graph.zero) continue
      const from = this.positions.get(bit) ?? 0
      const last = runs.at(-1)
      if (last !== undefined && last.word === word && last.to + last.count === i) {
        if (!last.repeated && last.from + last.count === from) {
          last.count++
          continue
        }
        if (last.from === from && (last.repeated || last.count === 1)) {
          last.count++
          last.repeated = true
          continue
        }
      }
      runs.push({ word, from, to: i, count: 1, repeated: false })
    }
    return { runs, constant }
  }

  private place(run: Run): Word {
    const { graph } = this
    const mask = graph.constant(maskOf(run.count) << run.to)
    if (run.repeated) {
      const spread =
        graph.mask(run.word) === 1
          ? graph.sub(graph.zero, run.word)
          : graph.shrS(graph.shl(run.word, 31 - run.from), 31)
      return graph.and(spread, mask)
    }
    const shift = run.from - run.to
    const moved = shift >= 0 ? graph.shrU(run.word, shift) : graph.shl(run.word, -shift)
    return graph.and(moved, mask)
  }
}

/** Whether `run` repeats the last bit of `value` up to bit `end`. */
function isSignOf(run: Run, value: Run, end: number): boolean {
  return (
    run.word === value.word &&
    run.from === value.from + value.count - 1 &&
    run.to + run.count === end &&
    run.to === value.count &&
    (run.repeated || run.count === 1)
  )
}

/** The lowest `count` bits, 0 to 32. */
export function maskOf(count: number): number {
  return count >= 32 ? -1 : (1 << count) - 1
}
