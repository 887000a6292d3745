/** The committed coefficients against the committed points: docs/area.md states what they say. */
import { describe, expect, it } from 'vitest'
import { COEFFICIENTS, ERRORS } from '../../backends/trellis/area/coefficients.generated.ts'
import { FAMILIES } from '../../backends/trellis/area/count.ts'
import {
  FITTED,
  isExtrapolated,
  modelledUnits,
  termsOf,
  totalArea,
} from '../../backends/trellis/area/model.ts'
import { UNIT_NAMES, type UnitName } from '../../backends/trellis/area/units.ts'
import { loadTarget, type Target } from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'
import { deviations, fitUnits, summarize } from '../../scripts/area/fit.mjs'
import { areaPoints, presentPoints } from '../../scripts/docs/area-page.ts'

describe.each(FAMILIES)('%s', (family) => {
  const points = areaPoints(family)
  const of = (use: string) => points.filter((point) => point.use === use)

  it('is fitted to twelve synthesized targets at least, and checked on four others', () => {
    expect(of('fit').length).toBeGreaterThanOrEqual(12)
    expect(of('check').length).toBeGreaterThanOrEqual(4)
    expect(new Set(points.map(({ target }) => target.name)).size).toBe(points.length)
  })

  it('has the coefficients that least squares gives for the points', () => {
    const fitted = fitUnits(of('fit'), {
      units: UNIT_NAMES,
      metrics: FITTED,
      termsOf: (unit: UnitName, target: Target) => termsOf(unit, target, family),
    })
    expect(fitted).toEqual(COEFFICIENTS[family])
  })

  it('is off by less than 10 % in LUTs and flip-flops on the targets left out', () => {
    const { worst } = summarize(
      of('check').map(({ synthesized, modelled }) => deviations(synthesized, modelled)),
    )
    expect(Math.max(worst.lut, worst.logic_lut, worst.ff)).toBeLessThan(10)
  })

  it('states the errors that it has on the targets left out and on the present RTL', () => {
    const unknown = [...of('check'), ...presentPoints(family)]
    expect(ERRORS[family]).toEqual(
      summarize(unknown.map(({ synthesized, modelled }) => deviations(synthesized, modelled))),
    )
  })

  it('counts multipliers and block memories as they are', () => {
    for (const { synthesized, modelled, target } of points) {
      expect(modelled.dsp, target.name).toBe(synthesized.dsp)
      expect(modelled.bram, target.name).toBe(synthesized.bram)
    }
  })

  it('says that a larger array is larger, and so is one with more widths', () => {
    const target = unwrap(loadTarget('trellis-8'))
    const total = (changes: object) => totalArea(modelledUnits({ ...target, ...changes }, family))
    const array = { ...target.array, rows: 16 }
    for (const metric of ['lut', 'ff', 'dsp'] as const)
      expect(total({ array })[metric]).toBeGreaterThan(total({})[metric])
    expect(total({ precisions: [8] }).lut).toBeLessThan(total({}).lut)
  })
})

it('tells estimates within what it was checked on from those beyond', () => {
  for (const { target } of areaPoints('ecp5')) expect(isExtrapolated(target, 'ecp5'), target.name).toBe(false)
  expect(isExtrapolated(unwrap(loadTarget('trellis-16')), 'ecp5')).toBe(false)
  expect(isExtrapolated(unwrap(loadTarget('trellis-32')), 'ecp5')).toBe(true)
})
