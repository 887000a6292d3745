/** The bytes that a model keeps in linear memory: words of 32 bits, the least significant word of a vector first. */
import { type Bit, wordCount } from './netlist.ts'
import { maskOf, type Signals } from './signals.ts'
import type { Word } from './word-graph.ts'

/** A vector of bits. */
export interface Place {
  readonly address: number
  readonly bits: number
}

/** A memory: `rows` of `rowWords` words, of which the lowest `width` bits are used. */
export interface MemoryPlace {
  readonly address: number
  readonly rows: number
  readonly rowWords: number
  readonly width: number
}

/** What a word of the state becomes. */
export interface Update {
  readonly address: number
  readonly word: Word
}

/** The value of a word at the start. */
export interface Initial {
  readonly address: number
  readonly value: number
}

export class StateLayout {
  bytes = 0
  readonly initial: Initial[] = []

  reserve(words: number): number {
    const address = this.bytes
    this.bytes += 4 * words
    return address
  }

  /** A place for nets that the state drives. */
  hold(signals: Signals, bits: readonly Bit[]): Place {
    const address = this.reserve(wordCount(bits.length))
    const words = Array.from({ length: wordCount(bits.length) }, (_, k) =>
      signals.graph.load(address + 4 * k, maskOf(bits.length - 32 * k)),
    )
    signals.drive(bits, words)
    return { address, bits: bits.length }
  }

  /** The bits at an address at the start; what is undefined is 0. */
  initialize(address: number, bits: readonly Bit[]): void {
    for (let k = 0; k < wordCount(bits.length); k++) {
      const value = bits
        .slice(32 * k, 32 * k + 32)
        .reduce<number>((word, bit, i) => (bit === '1' ? word | (1 << i) : word), 0)
      if (value !== 0) this.initial.push({ address: address + 4 * k, value })
    }
  }
}

/** Words at neighbouring addresses. */
export function updates(address: number, words: readonly Word[]): readonly Update[] {
  return words.map((word, k) => ({ address: address + 4 * k, word }))
}
