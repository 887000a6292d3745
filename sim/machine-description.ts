/** What a simulation's figures are measured against: the sizes and rates of its machine, as reports show them. */
import { portBytes, type Target } from '../backends/trellis/target.ts'
import { MEMORIES, type Memory } from './access-counts.ts'

/** Keys as in `espalier simulate --json`. */
export interface MachineDescription {
  /** The array: `rows` x `cols` byte lanes, each of which multiplies 8 / bits operands a cycle. */
  readonly rows: number
  readonly cols: number
  /** Requantization lanes of the post unit. */
  readonly post_lanes: number
  /** Operand widths in bits that a byte lane can multiply. */
  readonly precisions: readonly number[]
  /** Bytes that a port of activation memory moves a cycle. */
  readonly port_bytes: number
  readonly dram_bytes_per_cycle: number
  readonly dram_latency_cycles: number
  readonly memories: readonly MemoryDescription[]
}

/** A memory on the chip: `bytes` = `banks` x `bank_bytes`. */
export interface MemoryDescription {
  readonly name: Memory
  readonly bytes: number
  readonly banks: number
  readonly bank_bytes: number
}

export function describeMachine(target: Target): MachineDescription {
  return {
    rows: target.array.rows,
    cols: target.array.cols,
    post_lanes: target.array.post_lanes,
    precisions: target.precisions,
    port_bytes: portBytes(target),
    dram_bytes_per_cycle: target.dram.bytes_per_cycle,
    dram_latency_cycles: target.dram.latency_cycles,
    memories: MEMORIES.map((name) => {
      const bytes = memoryBytes(name, target)
      const banks = name === 'activation' ? target.memories.banks : 1
      return { name, bytes, banks, bank_bytes: bytes / banks }
    }),
  }
}

export function memoryBytes(memory: Memory, target: Target): number {
  const m = target.memories
  switch (memory) {
    case 'activation':
      return m.activation_kib * 1024
    case 'weight':
      return m.weight_kib * 1024
    case 'accumulator':
      return m.accumulator_kib * 1024
    case 'parameter':
      return m.parameter_kib * 1024
    case 'index':
      return m.index_kib * 1024
    case 'table':
      return 4 * 256
    case 'line':
      return 2 * target.array.line_words * target.array.cols
  }
}
