/** Random simulations whose totals are the sums over their layers. */
import fc from 'fast-check'
import type { SavedLayer, SavedSimulation } from '../../src/compare/saved-simulation.ts'

const UNITS = ['mac', 'dram']
const CAUSES = ['token load', 'weights']
const KINDS = ['weights', 'activations']
const COMPONENTS = ['mac', 'dram']

const amount = fc.nat({ max: 1e6 })

const layer: fc.Arbitrary<SavedLayer> = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    op: fc.constantFrom('conv2d', 'add', 'mean'),
    size: fc.constantFrom(1, 2),
    dram: fc.tuple(amount, amount),
    energy: fc.tuple(amount, amount),
    units: fc.tuple(
      ...UNITS.map(() => fc.record({ busy: amount, idle: amount, stalls: fc.tuple(amount, amount) })),
    ),
  })
  .map(({ name, op, size, dram, energy, units }) => ({
    ...{ name, op, output_shape: [1, size], precision: 'i8', macs: 10 * size, kept_macs: 10 * size },
    ...{ peak_macs_per_cycle: 256, mac_utilization: 0.5, bound_by: 'mac', lower_bound_cycles: 1 },
    cycles: (units[0]?.busy ?? 0) + (units[0]?.idle ?? 0),
    dram: { read_bytes: dram[0], write_bytes: dram[1], by: named(KINDS, dram) },
    energy: energyOf(energy),
    units: named(
      UNITS,
      units.map(({ busy, idle, stalls }) => ({ busy, idle, stall: named(CAUSES, stalls) })),
    ),
  }))

export const simulation: fc.Arbitrary<SavedSimulation> = fc.array(layer, { maxLength: 8 }).map(simulationOf)

/** The simulation of these layers and nothing else. */
function simulationOf(layers: readonly SavedLayer[]): SavedSimulation {
  const sum = (of: (each: SavedLayer) => number): number =>
    layers.reduce((total, each) => total + of(each), 0)
  const cycles = sum((each) => each.cycles)
  return {
    ...{ model: 'random', target: 'trellis-16', clock_mhz: 200, batch: 1, cycles, latency_ms: cycles / 2e5 },
    ...{ inferences_per_s: 1, macs: sum((each) => each.macs), mac_utilization: 0.5 },
    machine: { rows: 16, cols: 16, dram_bytes_per_cycle: 16 },
    lower_bound: { cycles: 1, dram_bytes: 1 },
    dram: {
      read_bytes: sum((each) => each.dram.read_bytes),
      write_bytes: sum((each) => each.dram.write_bytes),
      by: named(
        KINDS,
        KINDS.map((kind) => sum((each) => each.dram.by[kind] ?? 0)),
      ),
    },
    energy_uj: energyOf(
      COMPONENTS.map((component) => sum((each) => each.energy.by[component]?.nominal ?? 0)),
    ),
    units: named(
      UNITS,
      UNITS.map((unit) => ({
        busy: sum((each) => each.units[unit]?.busy ?? 0),
        idle: sum((each) => each.units[unit]?.idle ?? 0),
        stall: named(
          CAUSES,
          CAUSES.map((cause) => sum((each) => each.units[unit]?.stall[cause] ?? 0)),
        ),
      })),
    ),
    layers: [...layers],
    host_ops: [],
  }
}

function energyOf(nominals: readonly number[]): SavedSimulation['energy_uj'] {
  const interval = (nominal: number) => ({ low: nominal / 2, nominal, high: 2 * nominal })
  return {
    ...interval(nominals.reduce((total, each) => total + each, 0)),
    by: named(COMPONENTS, nominals.map(interval)),
  }
}

function named<T>(names: readonly string[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(names.flatMap((name, i) => (i < values.length ? [[name, values[i] as T]] : [])))
}
