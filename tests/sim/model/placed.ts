/** Whether placements of tensors in memories are right, from what instructions read and write exactly. */
import { Accesses } from '../../../backends/trellis/isa/accesses.ts'
import { type Span, writtenSpans } from '../../../backends/trellis/isa/spans.ts'
import type { Program } from '../../../backends/trellis/program.ts'
import { type MemoryDetails, type Placement, placeBytes } from '../../../sim/details/memory.ts'
import type { PlacedSegment } from '../../../sim/details/timeline.ts'

/** The first few problems tell it all. */
const MOST = 5

/**
 * What is wrong with `details`, in words: a placement outside of its memory or of the run, two at the same place at the same
 * time, a bank more than full, or a byte that an instruction touches and that is not placed in the cycle in which it starts.
 */
export function whatIsMisplaced(
  program: Program,
  segments: readonly PlacedSegment[],
  details: MemoryDetails,
): string[] {
  return [...outside(segments, details), ...overlaps(details), ...unplaced(program, segments, details)].slice(
    0,
    MOST,
  )
}

function outside(segments: readonly PlacedSegment[], { memories, placements }: MemoryDetails): string[] {
  const cycles = segments.reduce((sum, { timing }) => sum + timing.cycles, 0)
  const wrong = placements
    .filter(({ memory, start_byte, bytes, from, to }) => {
      const size = memories[memory]?.bytes ?? 0
      return !(
        start_byte >= 0 &&
        bytes > 0 &&
        start_byte + bytes <= size &&
        from >= 0 &&
        from < to &&
        to <= cycles
      )
    })
    .map((p) => `outside: ${words(p)}`)
  for (const { name, bank_bytes, bytes, used_bytes, banks_used } of memories) {
    if (used_bytes > bytes) wrong.push(`${name} is more than full`)
    if (banks_used.some(({ bytes_peak }) => bytes_peak > bank_bytes))
      wrong.push(`a bank of ${name} is more than full`)
  }
  return wrong
}

function overlaps({ placements }: MemoryDetails): string[] {
  return placements.flatMap((p, n) =>
    placements
      .slice(n + 1)
      .filter(
        (q) =>
          p.memory === q.memory &&
          p.start_byte < q.start_byte + q.bytes &&
          q.start_byte < p.start_byte + p.bytes &&
          p.from < q.to &&
          q.from < p.to,
      )
      .map((q) => `overlap: ${words(p)} and ${words(q)}`),
  )
}

function words({ tensor, memory, start_byte, bytes, from, to }: Placement): string {
  return `${tensor} at ${start_byte} + ${bytes} of memory ${memory} in cycles ${from} to ${to}`
}

/** Exact reads and writes that no placement covers. */
function unplaced(
  program: Program,
  segments: readonly PlacedSegment[],
  { memories, placements }: MemoryDetails,
): string[] {
  const { target } = program
  const accesses = new Accesses(target, { bytes: program.weights, address: program.weightsAddress })
  const wrong: string[] = []
  for (const { segment, timing, firstCycle } of segments) {
    segment.instructions.forEach((i, index) => {
      const started = firstCycle + (timing.startCycles[index] as number)
      const now = placements.filter((p) => p.from <= started && started < p.to)
      const check = ({ space, start, end }: Span, layer?: number): void => {
        const unit = placeBytes(space, target)
        const here = now.filter(
          (p) =>
            memories[p.memory]?.name === space &&
            (layer === undefined || p.layer === layer) &&
            p.start_byte < end * unit &&
            p.start_byte + p.bytes > start * unit,
        )
        let at = start * unit
        for (const p of here.sort((a, b) => a.start_byte - b.start_byte))
          if (p.start_byte <= at) at = Math.max(at, p.start_byte + p.bytes)
        if (at < end * unit) wrong.push(`${index} ${i.op}: ${space} ${start} to ${end} in cycle ${started}`)
      }
      for (const span of accesses.reads(i)) check(span)
      for (const span of writtenSpans(i, target)) check(span, segment.layerOf[index] as number)
      accesses.next(i)
    })
  }
  return wrong
}
