/** Bytes that instructions move between DRAM and the chip, and what kind of bytes they are. */
import { weightStreamBytes } from '../backends/trellis/isa/bursts.ts'
import type { Instruction } from '../backends/trellis/isa/table.ts'
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
export function regionKind(regions: readonly DramRegion[], address: number): DramRegion['kind'] {
  return regions.find((r) => address >= r.start && address < r.end)?.kind ?? 'activations'
}
