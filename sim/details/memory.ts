/** Which tensor stands where on the chip and when, from what a program's own instructions read and write. */
import { Accesses } from '../../backends/trellis/isa/accesses.ts'
import { SPACES } from '../../backends/trellis/isa/footprint.ts'
import type { OnChip } from '../../backends/trellis/isa/spans.ts'
import type { Program } from '../../backends/trellis/program.ts'
import type { Target } from '../../backends/trellis/target.ts'
import { must } from '../../ir/diagnostic.ts'
import { describeMachine, type MemoryDescription } from '../machine-description.ts'
import { rectangles } from './rectangles.ts'
import { type Piece, Residency } from './residency.ts'
import { writtenTensors } from './tensor-names.ts'
import type { PlacedSegment } from './timeline.ts'

export interface MemoryDetails {
  readonly memories: readonly MemoryUse[]
  readonly placements: readonly Placement[]
}

/** A memory, and how much of it placements ever take. */
export interface MemoryUse extends MemoryDescription {
  /** Bytes in which anything ever stands. */
  readonly used_bytes: number
  /** For each bank the most bytes that are taken at once, and the first cycle in which they are. */
  readonly banks_used: readonly { readonly bytes_peak: number; readonly cycle: number }[]
}

/**
 * A tensor, or a part of it, at [start_byte, start_byte + bytes) of a memory in cycles [from, to): from the start of the first
 * instruction that writes there until the last that reads it is done, or another tensor takes its place. Tiles
 * and rows are made one rectangle where no other tensor is in between; at least half of it is in use then.
 */
export interface Placement {
  /** Index into `memories`. */
  readonly memory: number
  /** A tensor of the model; or a layer's name and `weights`, `parameters`, `offsets`, `table` or `sums`. */
  readonly tensor: string
  /** Index into the result's layers: the one that writes it, or for which it is loaded. */
  readonly layer: number
  readonly start_byte: number
  readonly bytes: number
  readonly from: number
  readonly to: number
}

const ON_CHIP = SPACES.filter((space): space is OnChip => space !== 'dram')

/** Bytes of one place, in which instructions count: a column of weights, a vector of accumulators, an entry of a list, a table. */
export function placeBytes(space: OnChip, { array }: Target): number {
  switch (space) {
    case 'activation':
    case 'parameter':
      return 1
    case 'weight':
      return array.rows
    case 'accumulator':
      return 4 * array.cols
    case 'index':
      return 4
    case 'table':
      return 256
  }
}

export function memoryDetails(program: Program, segments: readonly PlacedSegment[]): MemoryDetails {
  const { target } = program
  const { tensors, residencies } = follow(program, segments)
  const descriptions = describeMachine(target).memories
  const placements: Placement[] = []
  const memories = ON_CHIP.map((space, memory): MemoryUse => {
    const description = must(
      descriptions.find((m) => m.name === space),
      space,
    )
    const unit = placeBytes(space, target)
    const boxes = rectangles(residencies[space].pieces(), description.bytes / unit)
    for (const { start, end, tensor, from, to } of boxes) {
      placements.push({
        memory,
        ...must(tensors[tensor], 'tensor'),
        start_byte: start * unit,
        bytes: (end - start) * unit,
        from,
        to,
      })
    }
    const inBytes = boxes.map((box) => ({ ...box, start: box.start * unit, end: box.end * unit }))
    return {
      ...description,
      used_bytes: coveredBytes(inBytes),
      banks_used: Array.from({ length: description.banks }, (_, bank) =>
        peakOf(inBytes, bank * description.bank_bytes, (bank + 1) * description.bank_bytes),
      ),
    }
  })
  return { memories, placements }
}

/** Runs through all instructions in their order. */
function follow(program: Program, segments: readonly PlacedSegment[]) {
  const accesses = new Accesses(program.target, { bytes: program.weights, address: program.weightsAddress })
  const residencies = Object.fromEntries(ON_CHIP.map((space) => [space, new Residency()])) as Record<
    OnChip,
    Residency
  >
  const tensors: { readonly tensor: string; readonly layer: number }[] = []
  const numbers = new Map<string, number>()
  const numberOf = (tensor: string, layer: number): number => {
    const key = `${layer} ${tensor}`
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, tensors.length)
    return tensors.push({ tensor, layer }) - 1
  }
  for (const { segment, timing, firstCycle } of segments) {
    const written = writtenTensors(program, segment)
    segment.instructions.forEach((i, index) => {
      const started = firstCycle + (timing.startCycles[index] as number)
      const done = firstCycle + (timing.doneCycles[index] as number)
      const touched = accesses.next(i)
      for (const { space, write, start, end } of touched)
        if (space !== 'dram' && !write) residencies[space].read(start, end, done)
      for (const { space, write, start, end } of touched) {
        if (space === 'dram' || !write) continue
        const tensor = numberOf(must(written[index], 'written tensor'), segment.layerOf[index] as number)
        residencies[space].write(start, end, tensor, started, done)
      }
    })
  }
  return { tensors, residencies }
}

/** Bytes that any of the pieces covers at any time. */
function coveredBytes(pieces: readonly Piece[]): number {
  let covered = 0
  let at = 0
  for (const { start, end } of [...pieces].sort((a, b) => a.start - b.start)) {
    covered += Math.max(0, end - Math.max(start, at))
    at = Math.max(at, end)
  }
  return covered
}

/** The most bytes of [low, high) that are taken at once, and the first cycle of it; cycle 0 where nothing ever is. */
function peakOf(pieces: readonly Piece[], low: number, high: number): { bytes_peak: number; cycle: number } {
  const changes = pieces.flatMap(({ start, end, from, to }) => {
    const bytes = Math.min(end, high) - Math.max(start, low)
    if (bytes <= 0) return []
    return [
      { cycle: from, bytes },
      { cycle: to, bytes: -bytes },
    ]
  })
  // What leaves in a cycle makes room for what comes in it.
  changes.sort((a, b) => a.cycle - b.cycle || a.bytes - b.bytes)
  let taken = 0
  let peak = { bytes_peak: 0, cycle: 0 }
  for (const { cycle, bytes } of changes) {
    taken += bytes
    if (taken > peak.bytes_peak) peak = { bytes_peak: taken, cycle }
  }
  return peak
}
