/** Bytes that instructions move between DRAM and the chip, and what kind of bytes they are. */
import { weightStreamBytes } from '../backends/trellis/isa/bursts.ts'
import { INSTRUCTION_BYTES, type Instruction } from '../backends/trellis/isa/table.ts'
import type { DramRegion } from '../backends/trellis/program.ts'

export interface Transfer {
  readonly address: number
  readonly readBytes: number
  readonly writeBytes: number
}

/** What an instruction moves, its own fetch not included; undefined if nothing. */
export function transferOf(i: Instruction): Transfer | undefined {
  switch (i.op) {
    case 'load.act':
      return { address: i.dram, readBytes: i.rows * i.bytes, writeBytes: 0 }
    case 'load.weight':
      return { address: i.dram, readBytes: weightStreamBytes(i), writeBytes: 0 }
    case 'load.index':
      return { address: i.dram, readBytes: 4 * i.entries, writeBytes: 0 }
    case 'load.param':
      return { address: i.dram, readBytes: i.bytes, writeBytes: 0 }
    case 'load.table':
      return { address: i.dram, readBytes: 256, writeBytes: 0 }
    case 'store':
      return { address: i.dram, readBytes: 0, writeBytes: i.rows * i.bytes }
    default:
      return undefined
  }
}

/** The kind of bytes at an address; what no region claims is activations. */
function regionKind(regions: readonly DramRegion[], address: number): DramRegion['kind'] {
  return regions.find((r) => address >= r.start && address < r.end)?.kind ?? 'activations'
}

/** Keys as in `espalier simulate --json`: bytes read and written, the same bytes by kind. */
export interface DramTraffic {
  readonly read_bytes: number
  readonly write_bytes: number
  readonly by: Readonly<Record<DramRegion['kind'], number>>
}

/** Traffic of instructions, their own fetch included, as it is added up. */
export class TrafficCount {
  #read = 0
  #written = 0
  readonly #by = { weights: 0, activations: 0, instructions: 0, parameters: 0 }

  add(i: Instruction, regions: readonly DramRegion[]): void {
    this.#read += INSTRUCTION_BYTES
    this.#by.instructions += INSTRUCTION_BYTES
    const transfer = transferOf(i)
    if (transfer === undefined) return
    this.#read += transfer.readBytes
    this.#written += transfer.writeBytes
    this.#by[regionKind(regions, transfer.address)] += transfer.readBytes + transfer.writeBytes
  }

  get traffic(): DramTraffic {
    return { read_bytes: this.#read, write_bytes: this.#written, by: { ...this.#by } }
  }
}

export function sumTraffic(parts: readonly DramTraffic[]): DramTraffic {
  const by = { weights: 0, activations: 0, instructions: 0, parameters: 0 }
  let read_bytes = 0
  let write_bytes = 0
  for (const part of parts) {
    read_bytes += part.read_bytes
    write_bytes += part.write_bytes
    for (const kind of Object.keys(by) as DramRegion['kind'][]) by[kind] += part.by[kind]
  }
  return { read_bytes, write_bytes, by }
}
