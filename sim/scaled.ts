/** Figures of one sample, times the samples of a batch: everything that is counted or spent goes with their number. */
import type { DramTraffic } from './dram-traffic.ts'
import type { Energy } from './energy/energy.ts'
import { eachUnit, type TimedUnit, type UnitCycles } from './timing/ledger.ts'

/** Each value times `factor`. */
function scaled<K extends string>(
  values: Readonly<Partial<Record<K, number>>>,
  factor: number,
): Record<K, number> {
  return Object.fromEntries(
    Object.entries<number>(values as Record<K, number>).map(([k, v]) => [k, v * factor]),
  ) as Record<K, number>
}

export function scaledEnergy(energy: Energy, factor: number): Energy {
  const by = Object.entries(energy.by).map(([k, interval]) => [k, scaled({ ...interval }, factor)])
  return {
    low: energy.low * factor,
    nominal: energy.nominal * factor,
    high: energy.high * factor,
    by: Object.fromEntries(by) as Energy['by'],
  }
}

export function scaledTraffic({ read_bytes, write_bytes, by }: DramTraffic, factor: number): DramTraffic {
  return { read_bytes: read_bytes * factor, write_bytes: write_bytes * factor, by: scaled(by, factor) }
}

export function scaledUnits(
  units: Readonly<Record<TimedUnit, UnitCycles>>,
  factor: number,
): Record<TimedUnit, UnitCycles> {
  return eachUnit((unit) => {
    const { busy, stall, idle } = units[unit]
    return { busy: busy * factor, stall: scaled(stall, factor), idle: idle * factor }
  })
}
