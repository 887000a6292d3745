/** What instructions do that costs energy: memory accesses, arithmetic, DRAM bytes, and their own way to the unit. */
import {
  depthwisePixels,
  MODE_SUMS,
  MODE_THRESHOLDS,
  REQUANTIZE_PASSES,
  thresholdPasses,
} from '../../backends/trellis/isa/costs.ts'
import { INSTRUCTION_BYTES, type Instruction } from '../../backends/trellis/isa/table.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { type AccessCounts, addAccesses, noAccesses } from '../access-counts.ts'
import { transferOf } from '../dram-traffic.ts'

export interface ActionCounts {
  readonly memories: AccessCounts
  /** Byte lanes that multiplied, by log2 of 8 / bits of an operand; lanes whose weight is 0 count too. */
  readonly lanes: [number, number, number, number]
  /** Passes of one lane through the requantization multiplier. */
  requantizations: number
  /** Byte lanes of additions and comparisons. */
  vectorLanes: number
  dramReadBytes: number
  dramWriteBytes: number
  instructions: number
}

export function noActions(): ActionCounts {
  return {
    memories: noAccesses(),
    lanes: [0, 0, 0, 0],
    requantizations: 0,
    vectorLanes: 0,
    dramReadBytes: 0,
    dramWriteBytes: 0,
    instructions: 0,
  }
}

/** Adds what one instruction does, its own fetch from DRAM included. */
export function addActions(counts: ActionCounts, i: Instruction, target: Target): void {
  const { rows, cols } = target.array
  addAccesses(counts.memories, i, target)
  const transfer = transferOf(i)
  counts.dramReadBytes += INSTRUCTION_BYTES + (transfer?.readBytes ?? 0)
  counts.dramWriteBytes += transfer?.writeBytes ?? 0
  counts.instructions++

  switch (i.op) {
    case 'mac.dense':
      counts.lanes[i.precision as 0] += i.entries * i.blocks * i.mx * i.my * rows * cols
      return
    case 'mac.depthwise':
      counts.lanes[i.precision as 0] += i.entries * i.blocks * depthwisePixels(i) * i.lines * i.taps * cols
      return
    case 'post.acc': {
      const outputs = i.blocks * i.mx * i.my * cols
      // A sum is an addition of 4 bytes, and so is each comparison with a threshold.
      counts.vectorLanes += i.mode === MODE_SUMS ? 4 * outputs : 0
      if (i.mode === MODE_THRESHOLDS) counts.vectorLanes += 4 * outputs * (1 + thresholdPasses(i.steps))
      if (i.mode === MODE_SUMS || i.mode === MODE_THRESHOLDS) return
      const passes = i.mode === 1 ? REQUANTIZE_PASSES.residual : REQUANTIZE_PASSES.requantize
      counts.requantizations += i.blocks * i.mx * i.my * cols * passes
      return
    }
    case 'post.binary': {
      const passes = i.kind === 2 ? REQUANTIZE_PASSES.multiply : REQUANTIZE_PASSES.add
      counts.requantizations += i.mx * i.my * cols * passes
      return
    }
    case 'post.unary':
      if (i.mode === 1) counts.requantizations += i.mx * i.my * cols
      return
    case 'post.pool':
      counts.vectorLanes += i.mx * i.my * cols * i.kx * i.ky
      if (i.kind === 1) counts.requantizations += i.mx * i.my * cols
      return
    default:
  }
}
