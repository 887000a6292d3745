/** From the cells that Yosys counts to LUTs, flip-flops, multipliers and memories. */
import { expect, it } from 'vitest'
import { CELL_RULES, countArea, scaleArea, sumAreas } from '../../backends/trellis/area/count.ts'

const stat = (cells: Record<string, number>) => JSON.stringify({ design: { num_cells_by_type: cells } })

it('counts what trellis_fetch is on ECP5', () => {
  const cells = { $scopeinfo: 1, CCU2C: 59, LUT4: 381, TRELLIS_DPR16X4: 128, TRELLIS_FF: 133 }
  expect(countArea('ecp5', stat(cells))).toEqual({
    logic_lut: 381,
    lut: 381 + 2 * 59 + 4 * 128,
    ff: 133,
    dsp: 0,
    bram: 0,
  })
})

it('counts 18 Kbit memories, and LUTs of every size, on 7-series', () => {
  const cells = {
    LUT1: 1,
    LUT2: 2,
    LUT6: 6,
    CARRY4: 9,
    RAM32M: 2,
    FDRE: 5,
    DSP48E1: 3,
    RAMB18E1: 1,
    RAMB36E1: 2,
  }
  expect(countArea('xc7', stat(cells))).toEqual({ logic_lut: 9, lut: 17, ff: 5, dsp: 3, bram: 5 })
})

it('has no cell that occupies nothing unnoticed: an unknown one is an error', () => {
  expect(() => countArea('ecp5', stat({ EHXPLLL: 1 }))).toThrow('no rule for the cell EHXPLLL of ecp5')
})

it('counts a LUT of logic as a place of a LUT', () => {
  for (const rules of Object.values(CELL_RULES))
    for (const { logic_lut = 0, lut = 0 } of Object.values(rules))
      expect(lut).toBeGreaterThanOrEqual(logic_lut)
})

it('adds and multiplies areas', () => {
  const one = { logic_lut: 1, lut: 2, ff: 3, dsp: 4, bram: 5 }
  expect(sumAreas([one, one, one])).toEqual(scaleArea(one, 3))
})
