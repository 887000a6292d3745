/** What the store unit's instruction does. */
import type { InstructionOf } from '../../backends/trellis/isa/table.ts'
import { within } from './legality.ts'
import type { Machine } from './machine.ts'
import { ringOf, wrap } from './ring.ts'

export function store(machine: Machine, i: InstructionOf<'store'>): void {
  const { activation } = machine.memories
  const dram = new Int8Array(machine.dram.buffer, machine.dram.byteOffset, machine.dram.length)
  const ring = ringOf(i.ring_end, i.ring_size)
  within(i.dram, (i.rows - 1) * i.dram_pitch + i.bytes, dram.length, 'DRAM')
  for (let row = 0; row < i.rows; row++) {
    const from = wrap(i.act + row * i.y_step, ring)
    within(from, i.bytes, activation.length, 'activation memory')
    dram.set(activation.subarray(from, from + i.bytes), i.dram + row * i.dram_pitch)
  }
}
