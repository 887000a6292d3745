/** Which tensor stands where: against what instructions read and write exactly, and against a memory followed place by place. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unwrap } from '../../ir/diagnostic.ts'
import { memoryDetails } from '../../sim/details/memory.ts'
import { rectangles } from '../../sim/details/rectangles.ts'
import { type Piece, Residency } from '../../sim/details/residency.ts'
import { placeSegments } from '../../sim/details/timeline.ts'
import { timeSegments } from '../../sim/timed-segments.ts'
import { compiledDigits, DIGITS } from './digits.ts'
import { whatIsMisplaced } from './model/placed.ts'

const PROGRAMS = [...DIGITS, await compiledDigits('digits_segment_int8', 'trellis-8')]

describe.each(PROGRAMS)('memories of $model on $target.name', (program) => {
  const segments = placeSegments(unwrap(timeSegments(program)))
  const details = memoryDetails(program, segments)
  const { memories, placements } = details

  it('placements stand in their memory and in the run, none in the place of another, and all that is touched is placed', () => {
    expect(whatIsMisplaced(program, segments, details)).toEqual([])
  })

  it('a placement that is missing, too many or outside is found', () => {
    const [first, ...others] = placements
    if (first === undefined) throw new Error('no placements')
    const found = (changed: typeof placements) =>
      whatIsMisplaced(program, segments, { memories, placements: changed }).join('\n')
    expect(found(others)).toMatch(/in cycle/)
    expect(found([...placements, { ...first, layer: 99 }])).toMatch(/^overlap/)
    expect(found([...placements, { ...first, start_byte: 1e9 }])).toMatch(/^outside/)
  })

  it('a bank is never more than full, and its peak is what stands in it then', () => {
    memories.forEach(({ name, banks, bank_bytes, bytes, banks_used, used_bytes }, memory) => {
      expect(banks_used).toHaveLength(banks)
      expect(used_bytes).toBeLessThanOrEqual(bytes)
      if (name === 'activation') expect(used_bytes).toBeGreaterThan(0)
      banks_used.forEach(({ bytes_peak, cycle }, bank) => {
        expect(bytes_peak).toBeLessThanOrEqual(bank_bytes)
        const low = bank * bank_bytes
        const takenIn = (at: number) =>
          placements
            .filter((p) => p.memory === memory && p.from <= at && at < p.to)
            .map((p) => Math.min(p.start_byte + p.bytes, low + bank_bytes) - Math.max(p.start_byte, low))
            .reduce((sum, n) => sum + Math.max(0, n), 0)
        expect(takenIn(cycle)).toBe(bytes_peak)
        for (const { from } of placements) expect(takenIn(from)).toBeLessThanOrEqual(bytes_peak)
      })
    })
  })

  it('tensors of the model and constants of layers have their names', () => {
    const known = new Set([
      ...program.buffers.map((b) => b.id),
      ...program.layers.flatMap((l) =>
        ['weights', 'parameters', 'offsets', 'table', 'sums'].map((what) => `${l.name} ${what}`),
      ),
      ...program.layers.flatMap((l) => l.outputs),
    ])
    for (const { tensor, layer } of placements) {
      expect(known).toContain(tensor)
      expect(program.layers[layer]).toBeDefined()
    }
  })
})

const SIZE = 24

/** Writes and reads at rising times; a write of a tensor, or a read (-1). */
const history = fc.array(
  fc.record({
    tensor: fc.integer({ min: -1, max: 3 }),
    start: fc.nat(SIZE - 1),
    length: fc.integer({ min: 1, max: 8 }),
    wait: fc.nat(4),
    takes: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 40 },
)

/** The pieces of a history, and the same followed place by place. */
function followed(events: readonly (typeof history extends fc.Arbitrary<(infer E)[]> ? E : never)[]) {
  const residency = new Residency()
  const live: (Piece | undefined)[] = new Array<undefined>(SIZE).fill(undefined)
  const gone: Piece[] = []
  let now = 0
  for (const { tensor, start, length, wait, takes } of events) {
    now += wait
    const done = now + takes
    const end = Math.min(SIZE, start + length)
    if (tensor < 0) residency.read(start, end, done)
    else residency.write(start, end, tensor, now, done)
    for (let at = start; at < end; at++) {
      const old = live[at]
      if (old && (tensor < 0 || old.tensor === tensor)) live[at] = { ...old, to: Math.max(old.to, done) }
      else if (tensor >= 0) {
        if (old) gone.push({ ...old, to: Math.min(old.to, now) })
        live[at] = { start: at, end: at + 1, tensor, from: now, to: done }
      }
    }
  }
  return { pieces: residency.pieces(), naive: [...gone, ...live.filter((p) => p !== undefined)] }
}

const covers = (boxes: readonly Piece[], p: Piece): boolean =>
  boxes.some(
    (b) => b.tensor === p.tensor && b.start <= p.start && b.end >= p.end && b.from <= p.from && b.to >= p.to,
  )

const overlaps = (a: Piece, b: Piece): boolean =>
  a.start < b.end && b.start < a.end && a.from < b.to && b.from < a.to

it('pieces are where place by place something is, from the same cycle on, and none overlap', () => {
  fc.assert(
    fc.property(history, (events) => {
      const { pieces, naive } = followed(events)
      for (const p of naive) if (p.to > p.from) expect(covers(pieces, p)).toBe(true)
      const begins = new Set(naive.map((p) => `${p.start} ${p.tensor} ${p.from}`))
      pieces.forEach((p, n) => {
        for (let at = p.start; at < p.end; at++) expect(begins).toContain(`${at} ${p.tensor} ${p.from}`)
        expect(pieces.slice(n + 1).some((q) => overlaps(p, q))).toBe(false)
      })
    }),
    { numRuns: 300 },
  )
})

it('rectangles hold all pieces, overlap nowhere and are half full at least', () => {
  fc.assert(
    fc.property(history, (events) => {
      const { pieces } = followed(events)
      const boxes = rectangles(pieces, SIZE)
      for (const p of pieces) expect(covers(boxes, p)).toBe(true)
      boxes.forEach((box, n) => {
        expect(boxes.slice(n + 1).some((other) => overlaps(box, other))).toBe(false)
        const area = (p: Piece) => (p.end - p.start) * (p.to - p.from)
        const within = pieces.filter((p) => covers([box], p)).reduce((sum, p) => sum + area(p), 0)
        expect(area(box)).toBeLessThanOrEqual(2 * within)
      })
      expect(boxes.length).toBeLessThanOrEqual(pieces.length)
    }),
    { numRuns: 300 },
  )
})

it('tiles that follow one another become one rectangle, unless another tensor stands between', () => {
  const tile = (start: number, from: number, tensor = 0): Piece => ({
    ...{ start, end: start + 4, tensor, from, to: 100 },
  })
  const rows = [tile(0, 0), tile(4, 10), tile(8, 20)]
  expect(rectangles(rows, SIZE)).toEqual([{ start: 0, end: 12, tensor: 0, from: 0, to: 100 }])
  const between = { start: 4, end: 8, tensor: 1, from: 2, to: 9 }
  expect(rectangles([...rows, between], SIZE)).toContainEqual(between)
  expect(rectangles([...rows, between], SIZE).length).toBeGreaterThan(2)
})
