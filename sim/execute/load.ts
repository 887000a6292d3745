/** What the load unit's instructions do. */
import { weightStreamBytes } from '../../backends/trellis/isa/bursts.ts'
import { popcount } from '../../backends/trellis/isa/costs.ts'
import type { InstructionOf } from '../../backends/trellis/isa/table.ts'
import { fillRows } from './fill.ts'
import { illegal, within } from './legality.ts'
import type { Machine } from './machine.ts'
import { codeOf, element } from './packed.ts'
import { ringOf, wrap } from './ring.ts'

export function loadActivation(machine: Machine, i: InstructionOf<'load.act'>): void {
  const { activation } = machine.memories
  const dram = new Int8Array(machine.dram.buffer, machine.dram.byteOffset, machine.dram.length)
  const ring = ringOf(i.ring_end, i.ring_size)
  const rowBytes = i.pad_left + i.bytes + i.pad_right
  within(i.dram, (i.rows - 1) * i.dram_pitch + i.bytes, dram.length, 'DRAM')
  for (let row = 0; row < i.rows; row++) {
    const to = wrap(i.act + row * i.y_step, ring)
    within(to, rowBytes, activation.length, 'activation memory')
    const from = i.dram + row * i.dram_pitch
    const first = to + i.pad_left
    if (i.pad_left > 0) activation.fill(i.value, to, first)
    activation.set(dram.subarray(from, from + i.bytes), first)
    if (i.pad_right > 0) activation.fill(i.value, first + i.bytes, to + rowBytes)
  }
}

export function loadFill(machine: Machine, i: InstructionOf<'load.fill'>): void {
  fillRows(machine, { ...i, start: i.act })
}

export function loadWeight(machine: Machine, i: InstructionOf<'load.weight'>): void {
  const { weights } = machine.memories
  const { bytes, planeBytes, filled, rows } = weights
  const taken = popcount(i.lanes)
  if (i.lanes >> BigInt(rows) !== 0n) illegal(`lanes are named beyond the ${rows} of the array`)
  if (i.stream < i.precision)
    illegal(`weights of ${8 >> i.stream} bits do not fit lanes of ${8 >> i.precision}`)
  within(i.dram, weightStreamBytes(i), machine.dram.length, 'DRAM')
  within(i.column, (i.groups - 1) * i.group_step + i.columns, weights.columns, 'weight memory')

  const dram = i.stream === i.precision ? machine.dram.subarray(i.dram) : widened(machine, i, taken)
  let first = 0
  for (let lane = 0; lane < rows; lane++) {
    const takes = (i.lanes >> BigInt(lane)) & 1n
    let from = first
    const plane = (lane >> 1) * planeBytes + (lane & 1)
    for (let group = 0; group < i.groups; group++) {
      let to = i.column + group * i.group_step
      for (let column = 0; column < i.columns; column++) {
        bytes[plane + 2 * to] = takes ? (dram[from] as number) : 0
        filled[to * rows + lane] = takes ? 1 : 0
        to++
        from += taken
      }
    }
    if (takes) first++
  }
}

/** The stream with its weights at the width of the lanes. */
function widened(machine: Machine, i: InstructionOf<'load.weight'>, lanesTaken: number): Uint8Array {
  const width = 8 >> i.stream
  const result = new Uint8Array(i.groups * i.columns * lanesTaken)
  const each = 1 << i.precision
  let bit = 0
  for (let at = 0; at < result.length; at++) {
    let byte = 0
    for (let k = 0; k < each; k++) {
      const weight = element((machine.dram[i.dram + (bit >> 3)] as number) >> (bit & 7), i.stream, false)
      byte |= codeOf(weight, i.precision) << (k * (8 >> i.precision))
      bit += width
    }
    result[at] = byte
  }
  return result
}

export function loadIndex(machine: Machine, i: InstructionOf<'load.index'>): void {
  const { index } = machine.memories
  within(i.dram, i.entries * 4, machine.dram.length, 'DRAM')
  within(i.list, i.entries, index.length, 'index memory')
  const view = new DataView(machine.dram.buffer, machine.dram.byteOffset + i.dram)
  for (let entry = 0; entry < i.entries; entry++) index[i.list + entry] = view.getInt32(entry * 4, true)
}

export function loadParameters(machine: Machine, i: InstructionOf<'load.param'>): void {
  const { parameters } = machine.memories
  within(i.dram, i.bytes, machine.dram.length, 'DRAM')
  within(i.param, i.bytes, parameters.length, 'parameter memory')
  parameters.set(machine.dram.subarray(i.dram, i.dram + i.bytes), i.param)
}

export function loadTable(machine: Machine, i: InstructionOf<'load.table'>): void {
  within(i.dram, 256, machine.dram.length, 'DRAM')
  machine.memories.tables.set(
    new Int8Array(machine.dram.buffer, machine.dram.byteOffset + i.dram, 256),
    i.table * 256,
  )
}
