import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Buffer, planMemory } from '../../backends/wasm/memory-plan.ts'

const buffers = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.nat(20), fc.nat(20)), { maxLength: 30 })
  .map((list) =>
    list.map(
      ([bytes, a, b], n): Buffer => ({ name: `b${n}`, bytes, from: Math.min(a, b), to: Math.max(a, b) }),
    ),
  )

describe('the memory plan', () => {
  it('never lets buffers overlap that live at the same time, and aligns them', () => {
    fc.assert(
      fc.property(buffers, fc.nat(100), (list, start) => {
        const plan = planMemory(list, start)
        const at = (buffer: Buffer) => plan.addresses.get(buffer.name) ?? Number.NaN
        for (const a of list) {
          expect(at(a) % 16).toBe(0)
          expect(at(a)).toBeGreaterThanOrEqual(start)
          expect(at(a) + a.bytes).toBeLessThanOrEqual(plan.end)
          for (const b of list) {
            if (a === b || a.to < b.from || b.to < a.from) continue
            expect(at(a) + a.bytes <= at(b) || at(b) + b.bytes <= at(a) || a.bytes * b.bytes === 0).toBe(true)
          }
        }
      }),
    )
  })

  it('lets buffers share memory whose lifetimes are apart', () => {
    const chain = [0, 1, 2, 3].map((n): Buffer => ({ name: `b${n}`, bytes: 1600, from: n, to: n + 1 }))
    expect(planMemory(chain, 0).end).toBe(3200)
  })
})
