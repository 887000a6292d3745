import { describe, expect, it } from 'vitest'
import { footprint } from '../../backends/trellis/isa/footprint.ts'
import { type Instruction, UNITS, unitOf } from '../../backends/trellis/isa/table.ts'
import { capacities } from '../../backends/trellis/target.ts'
import { checkOwnership } from '../../sim/timing/ownership.ts'
import { simulateTiming } from '../../sim/timing/simulate.ts'
import { END, make, mask, TRELLIS_16 } from './model/small-programs.ts'

const { bankBytes } = capacities(TRELLIS_16)

function conflicts(...instructions: readonly Instruction[]) {
  const program = [...instructions, END]
  const timing = simulateTiming(program, 0, TRELLIS_16)
  const unitOfEach = Uint8Array.from(program, (i) => UNITS.indexOf(unitOf(i)))
  const accesses = program.map((i) => footprint(i, TRELLIS_16))
  return checkOwnership({ unitOf: unitOfEach, ...timing }, accesses, TRELLIS_16)
}

const reader = make('mac.dense', { mx: 100, signal: mask('store') })

describe('ports of activation memory', () => {
  it('two units may not read one bank at once', () => {
    const found = conflicts(reader, make('store', { act: 64 }))
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ code: 'program/port-conflict', severity: 'error' })
    expect(found[0]?.message).toContain('store instruction 1 starts in cycle 46')
    expect(found[0]?.message).toContain(
      'read port of activation bank 0, which mac instruction 0 holds until cycle 162',
    )
  })

  it('they may one after the other, from the done cycle on', () => {
    expect(conflicts(reader, make('store', { act: 64, wait: mask('mac') }))).toEqual([])
  })

  it('other banks, and the other port of the same bank, are free', () => {
    expect(conflicts(reader, make('store', { act: bankBytes }))).toEqual([])
    expect(conflicts(reader, make('load.fill', { act: 64 }))).toEqual([])
  })

  it('a range that only touches the bank counts, and so does each bank of a long one', () => {
    const long = make('post.fill', { out: bankBytes - 1, bytes: bankBytes + 2 })
    for (const act of [0, bankBytes, 2 * bankBytes]) {
      expect(conflicts(long, make('load.fill', { act })), `at ${act}`).toHaveLength(1)
    }
    expect(conflicts(long, make('load.fill', { act: 3 * bankBytes }))).toEqual([])
  })

  it('instructions of one unit never conflict', () => {
    expect(conflicts(reader, reader, make('store', { wait: mask('mac') }))).toHaveLength(1)
    expect(conflicts(make('load.fill'), make('load.fill'))).toEqual([])
  })
})
