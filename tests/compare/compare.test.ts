/** Comparisons of simulations: what is compared, that it adds up, and which layers belong together. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Comparison,
  compareSimulations,
  type Difference,
  difference,
  type LayerComparison,
} from '../../src/compare/compare.ts'
import { exceeded, METRIC_NAMES } from '../../src/compare/limit.ts'
import { matchLayers } from '../../src/compare/match-layers.ts'
import type { SavedSimulation } from '../../src/compare/saved-simulation.ts'
import { simulation } from './random-simulation.ts'

/** Every difference of a comparison. */
function allOf({ headline, dram_by, energy_by, units, layers }: Omit<Comparison, 'a' | 'b'>): Difference[] {
  const ofUnits = (each: Comparison['units']) =>
    Object.values(each).flatMap((causes) => Object.values(causes))
  return [
    ...[headline, dram_by, energy_by].flatMap((each) => Object.values(each)),
    ...ofUnits(units),
    ...layers.flatMap(
      ({ a, b, matched_by, units: ofLayer, dram_by: bytes, energy_by: energy, ...amounts }) => [
        ...Object.values(amounts),
        ...[bytes, energy].flatMap((each) => Object.values(each)),
        ...ofUnits(ofLayer),
      ],
    ),
  ]
}

test('a simulation does not differ from itself', () => {
  fc.assert(
    fc.property(simulation, (a) => {
      const comparison = compareSimulations(a, structuredClone(a))
      for (const each of allOf(comparison)) expect([each.difference, each.percent]).toEqual([0, 0])
      comparison.layers.forEach((layer, index) => {
        expect([layer.a?.index, layer.b?.index, layer.matched_by]).toEqual([index, index, 'name'])
      })
    }),
  )
})

test('the other way round every difference has the other sign', () => {
  fc.assert(
    fc.property(simulation, simulation, (a, b) => {
      const totals = ({ headline, dram_by, energy_by, units }: Comparison) =>
        allOf({ headline, dram_by, energy_by, units, layers: [] })
      const there = totals(compareSimulations(a, b))
      const back = totals(compareSimulations(b, a))
      expect(there.map((each) => each.difference)).toEqual(back.map((each) => 0 - each.difference))
    }),
  )
})

test('differences of layers sum to those of the whole, whichever layers go together', () => {
  fc.assert(
    fc.property(simulation, simulation, (a, b) => {
      const { headline, dram_by, energy_by, units, layers } = compareSimulations(a, b)
      const sum = (of: (layer: LayerComparison) => Difference | undefined) =>
        layers.reduce((total, layer) => total + (of(layer)?.difference ?? 0), 0)
      expect(sum((layer) => layer.cycles)).toBe(headline.cycles.difference)
      expect(sum((layer) => layer.macs)).toBe(headline.macs.difference)
      const kept = (all: SavedSimulation) => all.layers.reduce((total, layer) => total + layer.kept_macs, 0)
      expect(sum((layer) => layer.kept_macs)).toBe(kept(b) - kept(a))
      expect(sum((layer) => layer.dram_bytes)).toBe(headline.dram_bytes.difference)
      expect(sum((layer) => layer.energy_uj)).toBe(headline.energy_uj.difference)
      for (const [kind, each] of Object.entries(dram_by))
        expect(sum((layer) => layer.dram_by[kind])).toBe(each.difference)
      for (const [component, each] of Object.entries(energy_by))
        expect(sum((layer) => layer.energy_by[component])).toBe(each.difference)
      for (const [unit, causes] of Object.entries(units))
        for (const [cause, each] of Object.entries(causes))
          expect(sum((layer) => layer.units[unit]?.[cause])).toBe(each.difference)
    }),
  )
})

test('a planted difference is found where it was planted, and nowhere else', () => {
  const planted = fc
    .tuple(simulation, fc.nat(), fc.integer({ min: 1, max: 1000 }))
    .filter(([{ layers }]) => layers.length > 0)
  fc.assert(
    fc.property(planted, ([a, seed, more]) => {
      const b = structuredClone(a)
      const at = seed % b.layers.length
      const layer = b.layers[at]
      const mac = layer?.units.mac
      const total = b.units.mac
      if (!layer || !mac || !total) throw new Error('no layer')
      mac.stall['token load'] = (mac.stall['token load'] ?? 0) + more
      total.stall['token load'] = (total.stall['token load'] ?? 0) + more
      layer.cycles += more
      b.cycles += more
      const comparison = compareSimulations(a, b)
      const found = comparison.layers.flatMap((each, index) =>
        allOf({ ...comparison, headline: {} as Comparison['headline'], units: {}, layers: [each] }).some(
          (d) => d.difference !== 0,
        )
          ? [index]
          : [],
      )
      expect(found).toEqual([at])
      expect(comparison.layers[at]?.cycles.difference).toBe(more)
      expect(comparison.layers[at]?.units.mac?.['token load']?.difference).toBe(more)
      expect(comparison.units.mac?.['token load']?.difference).toBe(more)
      expect(comparison.headline.cycles.difference).toBe(more)
    }),
  )
})

test('percentages are of A', () => {
  expect(difference(200, 201)).toEqual({ a: 200, b: 201, difference: 1, percent: 0.5 })
  expect(difference(200, 100).percent).toBe(-50)
  expect(difference(0, 0).percent).toBe(0)
  expect(difference(0, 5).percent).toBeNull()
})

describe('layers that belong together', () => {
  const layer = (name: string, op = 'conv2d', output_shape = [1, 8], macs = 64) => ({
    name,
    op,
    output_shape,
    macs,
  })

  test('by name wherever they stand, then by shape, then by op', () => {
    const a = [
      layer('x'),
      layer('y'),
      layer('old', 'conv2d', [1, 4]),
      layer('sum', 'add'),
      layer('gone', 'mean'),
    ]
    const b = [
      layer('plus', 'add', [9]),
      layer('new', 'conv2d', [1, 4]),
      layer('y'),
      layer('x'),
      layer('relu', 'relu'),
    ]
    expect(matchLayers(a, b)).toEqual([
      { a: 0, b: 3, matched_by: 'name' },
      { a: 1, b: 2, matched_by: 'name' },
      { a: 2, b: 1, matched_by: 'shape' },
      { a: 3, b: 0, matched_by: 'op' },
      { a: 4 },
      { b: 4 },
    ])
  })

  test('of several with one name the first goes with the first', () => {
    const steps = [layer('step'), layer('step'), layer('step')]
    expect(matchLayers(steps, steps.slice(1))).toEqual([
      { a: 0, b: 0, matched_by: 'name' },
      { a: 1, b: 1, matched_by: 'name' },
      { a: 2 },
    ])
  })

  test('each layer is in one pair', () => {
    fc.assert(
      fc.property(simulation, simulation, ({ layers: a }, { layers: b }) => {
        const pairs = matchLayers(a, b)
        const side = (key: 'a' | 'b') => pairs.flatMap((pair) => pair[key] ?? []).sort((p, q) => p - q)
        expect(side('a')).toEqual([...a.keys()])
        expect(side('b')).toEqual([...b.keys()])
      }),
    )
  })
})

describe('what B may need more', () => {
  const of = (a: number, b: number) => {
    const same = difference(1, 1)
    const headline = { cycles: difference(a, b), dram_bytes: same, energy_uj: same }
    return { headline: headline as unknown as Comparison['headline'] }
  }

  test.each([
    [100, 102, 2, false],
    [100, 103, 2, true],
    [1000, 1005, 0.5, false],
    [1000, 1006, 0.5, true],
    [10_000, 10_029, 0.29, false],
    [10_000, 10_030, 0.29, true],
    [100, 100, 0, false],
    [100, 101, 0, true],
    [100, 50, 0, false],
    [0, 0, 2, false],
    [0, 1, 2, true],
  ])('%d to %d by at most %d %%: %s', (a, b, percent, isMore) => {
    expect(exceeded(of(a, b), { percent, metrics: METRIC_NAMES })).toEqual(isMore ? ['cycles'] : [])
    expect(exceeded(of(a, b), { percent, metrics: ['dram', 'energy'] })).toEqual([])
  })

  test('a bound of whole numbers is exact', () => {
    const whole = fc.record({
      hundreds: fc.integer({ min: 1, max: 1e9 }),
      percent: fc.integer({ min: 0, max: 500 }),
    })
    fc.assert(
      fc.property(whole, ({ hundreds, percent }) => {
        const bound = hundreds * (100 + percent)
        const limit = { percent, metrics: METRIC_NAMES }
        expect(exceeded(of(hundreds * 100, bound), limit)).toEqual([])
        expect(exceeded(of(hundreds * 100, bound + 1), limit)).toEqual(['cycles'])
      }),
    )
  })
})

test('what one side lacks counts as 0 there', () => {
  fc.assert(
    fc.property(simulation, (b) => {
      const a: SavedSimulation = { ...b, dram: { ...b.dram, by: {} }, units: {}, layers: [] }
      const { dram_by, units, layers } = compareSimulations(a, b)
      expect(Object.keys(dram_by)).toEqual(Object.keys(b.dram.by))
      expect(units.mac?.busy?.a).toBe(0)
      for (const layer of layers) expect([layer.a, layer.cycles.a]).toEqual([undefined, 0])
    }),
  )
})
