/** Two simulations beside each other: of other models, targets or versions of the compiler. */
import { HEADLINES, type Headline } from './headlines.ts'
import { type LayerPair, type MatchedBy, matchLayers } from './match-layers.ts'
import type { SavedLayer, SavedSimulation, SavedUnits } from './saved-simulation.ts'

/** Of one quantity, in its own unit. What is absent on one side counts as 0 there, so that differences add up. */
export interface Difference {
  readonly a: number
  readonly b: number
  /** b - a */
  readonly difference: number
  /** Of a; null where a is 0 and b is not. */
  readonly percent: number | null
}

export type Differences = Readonly<Record<string, Difference>>
/** Cycles by unit, and by what they went to: `busy`, `idle`, and the causes of stalls. They sum to all cycles for each unit. */
export type UnitDifferences = Readonly<Record<string, Differences>>

export interface Side {
  readonly model: string
  readonly target: string
  readonly clock_mhz: number
  readonly batch: number
  readonly machine: SavedSimulation['machine']
}

export interface LayerSide
  extends Pick<SavedLayer, 'name' | 'op' | 'precision' | 'bound_by' | 'peak_macs_per_cycle'> {
  /** Into the simulation's own layers. */
  readonly index: number
}

/** A layer of both, or of one side only; sums over layers are the simulations' totals. */
export interface LayerComparison {
  readonly a?: LayerSide
  readonly b?: LayerSide
  /** What the two have in common, where there are two. */
  readonly matched_by?: MatchedBy
  readonly macs: Difference
  readonly kept_macs: Difference
  readonly cycles: Difference
  readonly lower_bound_cycles: Difference
  readonly mac_utilization: Difference
  readonly dram_bytes: Difference
  readonly dram_by: Differences
  readonly energy_uj: Difference
  readonly energy_by: Differences
  readonly units: UnitDifferences
}

/** Keys as in `espalier compare --json`. */
export interface Comparison {
  readonly a: Side
  readonly b: Side
  readonly headline: Readonly<Record<Headline, Difference>>
  readonly dram_by: Differences
  /** Microjoules, nominal. */
  readonly energy_by: Differences
  readonly units: UnitDifferences
  /** In the order of A, then those that only B has. */
  readonly layers: readonly LayerComparison[]
}

export function compareSimulations(a: SavedSimulation, b: SavedSimulation): Comparison {
  const headline = Object.fromEntries(
    Object.entries(HEADLINES).map(([name, { of }]) => [name, difference(of(a), of(b))]),
  ) as Record<Headline, Difference>
  return {
    a: sideOf(a),
    b: sideOf(b),
    headline,
    dram_by: differences(a.dram.by, b.dram.by),
    energy_by: differences(nominal(a.energy_uj.by), nominal(b.energy_uj.by)),
    units: unitDifferences(a.units, b.units),
    layers: matchLayers(a.layers, b.layers).map((pair) => compareLayers(pair, a.layers, b.layers)),
  }
}

function compareLayers(
  pair: LayerPair,
  layersOfA: readonly SavedLayer[],
  layersOfB: readonly SavedLayer[],
): LayerComparison {
  const a = pair.a === undefined ? undefined : layersOfA[pair.a]
  const b = pair.b === undefined ? undefined : layersOfB[pair.b]
  const of = (quantity: (layer: SavedLayer) => number): Difference =>
    difference(a ? quantity(a) : 0, b ? quantity(b) : 0)
  return {
    ...(a && pair.a !== undefined ? { a: layerSide(a, pair.a) } : {}),
    ...(b && pair.b !== undefined ? { b: layerSide(b, pair.b) } : {}),
    ...('matched_by' in pair ? { matched_by: pair.matched_by } : {}),
    macs: of((layer) => layer.macs),
    kept_macs: of((layer) => layer.kept_macs),
    cycles: of((layer) => layer.cycles),
    lower_bound_cycles: of((layer) => layer.lower_bound_cycles),
    mac_utilization: of((layer) => layer.mac_utilization),
    dram_bytes: of((layer) => bytesOf(layer.dram)),
    dram_by: differences(a?.dram.by ?? {}, b?.dram.by ?? {}),
    energy_uj: of((layer) => layer.energy.nominal),
    energy_by: differences(nominal(a?.energy.by ?? {}), nominal(b?.energy.by ?? {})),
    units: unitDifferences(a?.units ?? {}, b?.units ?? {}),
  }
}

export function difference(a: number, b: number): Difference {
  const percent = a === b ? 0 : a === 0 ? null : (100 * (b - a)) / a
  return { a, b, difference: b - a, percent }
}

function differences(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Differences {
  return byKey(a, b, (key) => difference(a[key] ?? 0, b[key] ?? 0))
}

function unitDifferences(a: SavedUnits, b: SavedUnits): UnitDifferences {
  return byKey(a, b, (unit) => differences(causes(a[unit]), causes(b[unit])))
}

function causes(cycles: SavedUnits[string] | undefined): Readonly<Record<string, number>> {
  return cycles === undefined ? {} : { busy: cycles.busy, ...cycles.stall, idle: cycles.idle }
}

function byKey<T>(a: object, b: object, of: (key: string) => T): Record<string, T> {
  return Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => [key, of(key)]))
}

function nominal(by: SavedSimulation['energy_uj']['by']): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(by).map(([key, interval]) => [key, interval.nominal]))
}

function bytesOf({ read_bytes, write_bytes }: SavedSimulation['dram']): number {
  return read_bytes + write_bytes
}

function sideOf({ model, target, clock_mhz, batch, machine }: SavedSimulation): Side {
  return { model, target, clock_mhz, batch, machine }
}

function layerSide(layer: SavedLayer, index: number): LayerSide {
  const { name, op, precision, bound_by, peak_macs_per_cycle } = layer
  return { index, name, op, precision, bound_by, peak_macs_per_cycle }
}
