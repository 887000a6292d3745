/** What reports draw, against the sums that they stand beside. */
import { describe, expect, it } from 'vitest'
import { listing } from '../../backends/trellis/listing.ts'
import { must, unwrap } from '../../ir/diagnostic.ts'
import { TIMED_UNITS, type UnitCycles } from '../../sim/timing/ledger.ts'
import { simulate } from '../../src/simulate.ts'
import { compiledDigits, DIGITS } from './digits.ts'

const PROGRAMS = [...DIGITS, await compiledDigits('digits_int8', 'trellis-8')]

describe.each(PROGRAMS)('details of $model on $target.name', (program) => {
  const { result } = unwrap(simulate(program, { details: true }))
  const details = must(result.details, 'details')

  it('slices follow one another to the end and give each layer its cycles', () => {
    const cycles = result.layers.map(() => 0)
    let at = 0
    details.slices.end.forEach((end, n) => {
      expect(end).toBeGreaterThan(at)
      cycles[details.slices.layer[n] as number] = (cycles[details.slices.layer[n] as number] ?? 0) + end - at
      at = end
    })
    expect(at).toBe(details.cycles)
    expect(cycles).toEqual(result.layers.map((l) => l.cycles))
  })

  it.each(TIMED_UNITS)('intervals of %s follow one another to the end and sum to its account', (unit) => {
    const { end, cause, instruction, mixed } = details.timeline[unit]
    const spent = new Map<string, number>()
    const spend = (name: string | undefined, cycles: number) =>
      spent.set(name as string, (spent.get(name as string) ?? 0) + cycles)
    let at = 0
    end.forEach((to, n) => {
      expect(to).toBeGreaterThan(at)
      spend(details.causes[cause[n] as number], to - at)
      expect(instruction[n]).toBeLessThan(details.instructions.text.length)
      at = to
    })
    expect(at).toBe(details.cycles)
    for (const [n, stall, cycles] of mixed) {
      expect(details.causes[cause[n] as number]).toBe('busy')
      spend('busy', -cycles)
      spend(details.causes[stall], cycles)
    }
    const { busy = 0, idle = 0, ...stall } = Object.fromEntries(spent)
    expect({ busy, stall, idle }).toEqual(result.units[unit] as UnitCycles)
  })

  it('every instruction of the listing is there, with its unit, layer and times', () => {
    const { text, unit, layer, start, done } = details.instructions
    const lines = listing(program).split('\n')
    expect(text).toEqual(lines.filter((line) => line !== '' && !line.startsWith(';')))
    text.forEach((line, n) => {
      expect(done[n]).toBeGreaterThan(start[n] as number)
      expect(done[n]).toBeLessThanOrEqual(details.cycles)
      expect(result.layers[layer[n] as number]).toBeDefined()
      const name = details.units[unit[n] as number] as string
      expect(line.startsWith(name) || (name === 'fetch' && line === 'end'), line).toBe(true)
    })
  })

  it('they are for one sample, and only there when asked for', () => {
    const batch = unwrap(simulate({ ...program, batch: 2 }, { details: true })).result
    expect(batch.details).toEqual(details)
    expect(unwrap(simulate(program)).result.details).toBeUndefined()
  })
})
