/** The verifier's order against a plain search of the event graph, and its verdict against runs with random latencies. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Access, footprint } from '../../backends/trellis/isa/footprint.ts'
import { type Instruction, UNITS, unitOf } from '../../backends/trellis/isa/table.ts'
import { Findings } from '../../backends/trellis/verify/findings.ts'
import { LastTouch } from '../../backends/trellis/verify/last-touch.ts'
import { tokenOrder } from '../../backends/trellis/verify/order.ts'
import { verifyProgram } from '../../backends/trellis/verify-program.ts'
import { end, make, mask, target } from './programs.ts'

const work: readonly ((block: number) => Instruction)[] = [
  (block) => make('load.fill', { act: block * 4096, rows: 1, bytes: 64 }),
  (block) => make('post.fill', { out: block * 4096, rows: 1, bytes: 64 }),
  (block) => make('store', { act: block * 4096, rows: 1, bytes: 64 }),
  (block) => make('mac.dense', { acc: block, mx: 1, my: 1, entries: 1, blocks: 1 }),
]

/** Programs of short instructions with tokens from earlier to later ones; about half of them have a hazard. */
const arbitraryProgram = fc
  .array(fc.record({ kind: fc.nat(3), block: fc.nat(9), from: fc.array(fc.nat(6), { maxLength: 2 }) }), {
    minLength: 2,
    maxLength: 14,
  })
  .map((choices) => {
    const made = choices.map(
      (c) => ({ ...work[c.kind]?.(c.block) }) as { -readonly [K in keyof Instruction]: Instruction[K] },
    )
    choices.forEach(({ from }, index) => {
      for (const distance of from) {
        const giver = made[index - 1 - distance]
        const taker = made[index]
        if (!giver || !taker) continue
        const [toTaker, fromGiver] = [mask(unitOf(taker as Instruction)), mask(unitOf(giver as Instruction))]
        // One token a pair of instructions and channel, so that the k-th wait matches the k-th signal.
        if (giver.signal & toTaker || taker.wait & fromGiver) continue
        giver.signal |= toTaker
        taker.wait |= fromGiver
      }
    })
    return [...(made as Instruction[]), end]
  })

/** What can be known of an instruction's accesses without list contents. */
function known(i: Instruction): readonly Access[] {
  return footprint(i, target).filter((a) => i.op !== 'mac.dense' || a.space !== 'activation')
}

/** Events 2i (start) and 2i+1 (done) of instruction i: which must come before which, by search. */
function reachable(instructions: readonly Instruction[]): (from: number, to: number) => boolean {
  const edges: number[][] = Array.from({ length: instructions.length * 2 }, () => [])
  const last = new Map<string, number>()
  const signals = new Map<string, number[]>()
  const waits = new Map<string, number>()
  instructions.slice(0, -1).forEach((i, index) => {
    const unit = unitOf(i)
    edges[index * 2]?.push(index * 2 + 1)
    const before = last.get(unit)
    if (before !== undefined) {
      edges[before * 2]?.push(index * 2)
      edges[before * 2 + 1]?.push(index * 2 + 1)
    }
    last.set(unit, index)
    for (const other of UNITS) {
      if (i.signal & mask(other))
        signals.set(`${unit}>${other}`, [...(signals.get(`${unit}>${other}`) ?? []), index])
    }
  })
  instructions.slice(0, -1).forEach((i, index) => {
    for (const other of UNITS) {
      if ((i.wait & mask(other)) === 0) continue
      const channel = `${other}>${unitOf(i)}`
      const k = waits.get(channel) ?? 0
      waits.set(channel, k + 1)
      const giver = signals.get(channel)?.[k]
      if (giver !== undefined) edges[giver * 2 + 1]?.push(index * 2)
    }
  })
  return (from, to) => {
    const seen = new Set([from])
    for (const event of seen) for (const next of edges[event] ?? []) seen.add(next)
    return seen.has(to)
  }
}

/** Starts and ends of all instructions when each takes as long as `latency` says. */
function runWith(
  instructions: readonly Instruction[],
  latency: readonly number[],
): readonly { start: number; end: number }[] {
  const times: { start: number; end: number }[] = []
  const signals = new Map<string, number[]>()
  const unitStart = new Map<string, number>()
  const unitEnd = new Map<string, number>()
  const count = instructions.length - 1
  const pending = UNITS.map((u) =>
    instructions.map((_, k) => k).filter((k) => k < count && unitOf(instructions[k] as Instruction) === u),
  )
  for (let progress = true; progress; ) {
    progress = false
    for (const queue of pending) {
      const index = queue[0]
      if (index === undefined) continue
      const i = instructions[index] as Instruction
      const unit = unitOf(i)
      const tokens = UNITS.filter((u) => i.wait & mask(u)).map((u) => signals.get(`${u}>${unit}`))
      if (tokens.some((t) => t === undefined || t.length === 0)) continue
      const start = Math.max(unitStart.get(unit) ?? 0, ...tokens.map((t) => t?.shift() ?? 0))
      const finish = Math.max(start + (latency[index % latency.length] ?? 1), unitEnd.get(unit) ?? 0)
      unitStart.set(unit, start)
      unitEnd.set(unit, finish)
      times[index] = { start, end: finish }
      for (const u of UNITS) {
        if (i.signal & mask(u)) signals.set(`${unit}>${u}`, [...(signals.get(`${unit}>${u}`) ?? []), finish])
      }
      queue.shift()
      progress = true
    }
  }
  return times
}

describe('the order of tokens', () => {
  test('is what a search of the event graph finds', () => {
    fc.assert(
      fc.property(arbitraryProgram, (instructions) => {
        const order = tokenOrder({ segment: 0, instructions, queueDepth: 16 }, new Findings())
        expect(order).toBeDefined()
        const reaches = reachable(instructions)
        for (let a = 0; a < instructions.length - 1; a++) {
          for (let b = 0; b < instructions.length - 1; b++) {
            if (a !== b) expect([a, b, order?.isDoneBefore(a, b)]).toEqual([a, b, reaches(a * 2 + 1, b * 2)])
          }
        }
      }),
      { numRuns: 150 },
    )
  })

  test('a program without findings has no conflict in a run of any latencies', () => {
    let [clean, dirty] = [0, 0]
    fc.assert(
      fc.property(
        arbitraryProgram,
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 14, maxLength: 14 }),
        (instructions, latency) => {
          const errors = verifyProgram({ instructions, target }).filter((d) => d.severity === 'error')
          if (errors.length > 0) {
            dirty++
            return
          }
          clean++
          const times = runWith(instructions, latency)
          times.forEach((a, i) => {
            times.forEach((b, j) => {
              const [x, y] = [instructions[i], instructions[j]] as [Instruction, Instruction]
              if (i >= j || unitOf(x) === unitOf(y) || a.end <= b.start || b.end <= a.start) return
              for (const p of known(x)) {
                for (const q of known(y)) {
                  const share = p.space === q.space && p.start < q.end && q.start < p.end
                  expect(share && (p.write || q.write)).toBe(false)
                }
              }
            })
          })
        },
      ),
      { numRuns: 300 },
    )
    expect(clean).toBeGreaterThan(30)
    expect(dirty).toBeGreaterThan(30)
  })
})

test('the newest toucher of a range is what an array of bytes remembers', () => {
  const range = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 12 }))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
      const touches = new LastTouch()
      const bytes = new Array<number>(60).fill(-1)
      ranges.forEach(([start, length], k) => {
        expect(touches.latest(start, start + length)).toBe(Math.max(...bytes.slice(start, start + length)))
        touches.touch(start, start + length, k)
        bytes.fill(k, start, start + length)
      })
      bytes.forEach((k, at) => {
        expect(touches.latest(at, at + 1)).toBe(k)
      })
    }),
  )
})
