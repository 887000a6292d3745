/** The figures of a whole simulation that a comparison begins with: what each is, and whether more of it is worse. */
import type { SavedSimulation } from './saved-simulation.ts'

export interface HeadlineFigure {
  readonly name: string
  readonly of: (simulation: SavedSimulation) => number
  /** `share` is of 1, to be shown in percent. */
  readonly kind: 'count' | 'amount' | 'share'
  /** Whether more of it is worse; left out where it is neither. */
  readonly isCost?: boolean
  /** Shown even where it is the same. */
  readonly always?: boolean
}

/** In the order in which they are shown. */
export const HEADLINES = {
  cycles: { name: 'cycles', of: (s) => s.cycles, kind: 'count', isCost: true, always: true },
  lower_bound_cycles: { name: 'lower bound of cycles', of: (s) => s.lower_bound.cycles, kind: 'count' },
  latency_ms: { name: 'latency, ms', of: (s) => s.latency_ms, kind: 'amount', isCost: true, always: true },
  inferences_per_s: {
    ...{ name: 'inferences a second', of: (s) => s.inferences_per_s, kind: 'amount', isCost: false },
  },
  macs: { name: 'MACs', of: (s) => s.macs, kind: 'count' },
  mac_utilization: {
    ...{ name: "share of the array's peak, %", of: (s) => s.mac_utilization, kind: 'share' },
    ...{ isCost: false, always: true },
  },
  dram_bytes: {
    ...{ name: 'DRAM bytes', of: (s) => s.dram.read_bytes + s.dram.write_bytes, kind: 'count' },
    ...{ isCost: true, always: true },
  },
  lower_bound_dram_bytes: {
    ...{ name: 'lower bound of DRAM bytes', of: (s) => s.lower_bound.dram_bytes, kind: 'count' },
  },
  dram_read_bytes: { name: 'DRAM bytes read', of: (s) => s.dram.read_bytes, kind: 'count', isCost: true },
  dram_write_bytes: {
    ...{ name: 'DRAM bytes written', of: (s) => s.dram.write_bytes, kind: 'count', isCost: true },
  },
  energy_uj: {
    ...{ name: 'energy, µJ', of: (s) => s.energy_uj.nominal, kind: 'amount', isCost: true, always: true },
  },
  energy_uj_low: {
    ...{ name: 'energy at least, µJ', of: (s) => s.energy_uj.low, kind: 'amount', isCost: true },
  },
  energy_uj_high: {
    ...{ name: 'energy at most, µJ', of: (s) => s.energy_uj.high, kind: 'amount', isCost: true },
  },
  host_ops: { name: 'ops on the host', of: (s) => s.host_ops.length, kind: 'count', isCost: true },
} as const satisfies Readonly<Record<string, HeadlineFigure>>
export type Headline = keyof typeof HEADLINES
