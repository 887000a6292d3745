/**
 * Memories (`$mem_v2`). A synchronous read port gives what stood in the memory before the clock edge, or, where it is
 * transparent for a write port, what that writes. Rows beyond the last read as 0, and are not written.
 */
import { fail } from '../../../ir/diagnostic.ts'
import type { Step } from './evaluation-order.ts'
import { type Bit, type Cell, connection, parameter, parameterBits, wordCount } from './netlist.ts'
import type { Signals } from './signals.ts'
import { type MemoryPlace, type Place, type StateLayout, type Update, updates } from './state.ts'
import type { Word } from './word-graph.ts'

/** A write port at the clock edge: where `condition` is not 0, bits `mask` of a row become those of `data`. */
export interface MemoryWrite {
  readonly condition: Word
  /** The row's byte address is `base` + the value of `offset`. */
  readonly base: number
  readonly offset: Word
  readonly words: readonly { readonly data: Word; readonly mask: Word }[]
}

/** The connections of one read or write port. */
type Port = (name: string, bitsEach: number) => readonly Bit[]

export class Memory {
  readonly name: string
  readonly place: MemoryPlace
  private readonly cell: Cell
  private readonly signals: Signals
  private readonly addressBits: number
  /** Of the synchronous read ports, where their data stand; undefined for the others. */
  private readRegisters: readonly (Place | undefined)[] = []

  /** Reserves the rows. */
  constructor(cell: Cell, signals: Signals, state: StateLayout) {
    this.cell = cell
    this.signals = signals
    this.name = String(cell.parameters.MEMID ?? '').replace(/^\\/, '')
    this.addressBits = parameter(cell, 'ABITS')
    const [rows, width] = [parameter(cell, 'SIZE'), parameter(cell, 'WIDTH')]
    const rowWords = wordCount(width)
    // One row more: it stays 0, and stands for all rows beyond the last.
    const address = state.reserve((rows + 1) * rowWords)
    this.place = { address, rows, rowWords, width }
    this.checkPorts()
    const content = parameterBits(cell, 'INIT', rows * width)
    if (content.includes('1'))
      for (let row = 0; row < rows; row++)
        state.initialize(address + 4 * row * rowWords, content.slice(row * width, (row + 1) * width))
  }

  /** Reserves the registers of synchronous read ports. */
  holdRegisters(state: StateLayout): void {
    const { width } = this.place
    this.readRegisters = this.readPorts().map((port, i) => {
      if (!this.flag('RD_CLK_ENABLE', i)) return undefined
      const register = state.hold(this.signals, port('DATA', width))
      const initial = parameterBits(this.cell, 'RD_INIT_VALUE', (i + 1) * width).slice(i * width)
      state.initialize(register.address, initial)
      return register
    })
  }

  /** The asynchronous read ports. */
  steps(): readonly Step[] {
    return this.readPorts()
      .filter((_, i) => this.readRegisters[i] === undefined)
      .map((port) => {
        const [reads, drives] = [port('ADDR', this.addressBits), port('DATA', this.place.width)]
        return { reads, drives, lower: () => this.signals.drive(drives, this.row(reads)) }
      })
  }

  /** What the synchronous read ports give from the clock edge on. */
  registerUpdates(): readonly Update[] {
    return this.readPorts().flatMap((port, i) => {
      const register = this.readRegisters[i]
      return register === undefined ? [] : updates(register.address, this.nextData(port, i))
    })
  }

  /** The write ports, the later the stronger. */
  writes(): readonly MemoryWrite[] {
    const { signals } = this
    const { graph } = signals
    return this.writePorts().map((port) => {
      const [enable, data] = [port('EN', this.place.width), signals.read(port('DATA', this.place.width))]
      const whole = enable.every((bit) => bit === enable[0])
      const masks = signals.read(enable)
      const { row, exists } = this.rowOf(port('ADDR', this.addressBits))
      const condition = whole ? signals.bit(enable[0]) : signals.join(masks)
      return {
        condition: graph.select(exists, condition, graph.zero),
        base: this.place.address,
        offset: this.offset(row),
        words: data.map((word, k) => ({
          data: word,
          mask: whole ? graph.constant(-1) : (masks[k] ?? graph.zero),
        })),
      }
    })
  }

  private nextData(port: Port, i: number): readonly Word[] {
    const { signals, cell } = this
    const { graph } = signals
    const address = port('ADDR', this.addressBits)
    const held = signals.read(port('DATA', this.place.width))
    const reset = signals.bit(port('SRST', 1)[0])
    const enable = signals.bit(port('EN', 1)[0])
    const resetValue = parameterBits(cell, 'RD_SRST_VALUE', (i + 1) * this.place.width)
    const afterReset = signals.read(resetValue.slice(i * this.place.width))
    const content = this.throughWrites(this.row(address), address, i)
    return content.map((word, k) => {
      const [old, cleared] = [held[k] ?? graph.zero, afterReset[k] ?? graph.zero]
      if (this.flag('RD_CE_OVER_SRST', i))
        return graph.select(enable, graph.select(reset, cleared, word), old)
      return graph.select(reset, cleared, graph.select(enable, word, old))
    })
  }

  /** A row as it is after the write ports for which read port `i` is transparent. */
  private throughWrites(row: readonly Word[], address: readonly Bit[], i: number): readonly Word[] {
    const { signals } = this
    const { graph } = signals
    const { row: own, exists } = this.rowOf(address)
    return this.writePorts().reduce((words, port, j, ports) => {
      if (!this.flag('RD_TRANSPARENCY_MASK', i * ports.length + j)) return words
      const { row: other } = this.rowOf(port('ADDR', this.addressBits))
      const same = graph.and(exists, graph.eq(own, other))
      const masks = signals.read(port('EN', this.place.width))
      const data = signals.read(port('DATA', this.place.width))
      return words.map((word, k) => {
        const change = graph.and(graph.xor(word, data[k] ?? graph.zero), masks[k] ?? graph.zero)
        return graph.select(same, graph.xor(word, change), word)
      })
    }, row)
  }

  private row(address: readonly Bit[]): readonly Word[] {
    const { graph } = this.signals
    const { row, exists } = this.rowOf(address)
    const offset = this.offset(graph.select(exists, row, graph.constant(this.place.rows)))
    return Array.from({ length: this.place.rowWords }, (_, k) =>
      graph.fetch(this.place.address + 4 * k, offset),
    )
  }

  private rowOf(address: readonly Bit[]): { readonly row: Word; readonly exists: Word } {
    const { graph } = this.signals
    const [word = graph.zero] = this.signals.read(address)
    const row = graph.sub(word, graph.constant(parameter(this.cell, 'OFFSET')))
    const always = graph.mask(row) >>> 0 < this.place.rows
    const exists = always ? graph.one : graph.less(row, graph.constant(this.place.rows), false)
    return { row, exists }
  }

  private offset(row: Word): Word {
    return this.signals.graph.mul(row, this.signals.graph.constant(4 * this.place.rowWords))
  }

  private readPorts(): readonly Port[] {
    return this.ports('RD', parameter(this.cell, 'RD_PORTS'))
  }

  private writePorts(): readonly Port[] {
    return this.ports('WR', parameter(this.cell, 'WR_PORTS'))
  }

  private ports(kind: string, count: number): readonly Port[] {
    return Array.from({ length: count }, (_, i): Port => {
      return (name, bits) => connection(this.cell, `${kind}_${name}`).slice(i * bits, (i + 1) * bits)
    })
  }

  private flag(name: string, i: number): boolean {
    return parameterBits(this.cell, name, i + 1)[i] === '1'
  }

  /** Other ports than these Yosys makes from no source that it reads by `prep`. */
  private checkPorts(): void {
    const isUnusual =
      this.readPorts().some((port, i) => this.flag('RD_WIDE_CONTINUATION', i) || isDriven(port('ARST', 1))) ||
      this.writePorts().some((_, i) => this.flag('WR_WIDE_CONTINUATION', i)) ||
      this.addressBits > 32
    if (!isUnusual) return
    fail({
      code: 'netlist/unsupported-cell',
      message: `memory '${this.name}' has a wide port, an asynchronous reset or an address above 32 bits`,
      hint: 'describe the memory with synchronous ports of one width',
    })
  }
}

function isDriven(bits: readonly Bit[]): boolean {
  return bits.some((bit) => typeof bit === 'number' || bit === '1')
}
