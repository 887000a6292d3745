/** What the page of a simulation reads: of the object that `espalier simulate --json` prints, with its keys. */

export interface Interval {
  readonly low: number
  readonly nominal: number
  readonly high: number
}

export interface Energy extends Interval {
  readonly by: Readonly<Record<string, Interval>>
}

export interface UnitCycles {
  readonly busy: number
  readonly stall: Readonly<Record<string, number>>
  readonly idle: number
}

export interface DramTraffic {
  readonly read_bytes: number
  readonly write_bytes: number
  readonly by: Readonly<Record<string, number>>
}

export interface LayerData {
  readonly name: string
  readonly op: string
  readonly precision: string
  readonly density: number
  readonly macs: number
  readonly kept_macs: number
  readonly peak_macs_per_cycle: number
  readonly cycles: number
  readonly mac_utilization: number
  readonly dram_bytes: number
  readonly dram: DramTraffic
  readonly energy_uj: number
  readonly energy: Energy
  readonly bound_by: string
  readonly lower_bound_cycles: number
  readonly units: Readonly<Record<string, UnitCycles>>
  readonly schedule: string
  readonly output_shape: readonly number[]
  /** Names of tensors. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

export interface HostOpData {
  readonly name: string
  readonly op: string
  readonly reason: string
  /** Names of tensors. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

export interface MemoryShape {
  readonly name: string
  readonly bytes: number
  readonly banks: number
  readonly bank_bytes: number
}

export interface SimulationData {
  readonly model: string
  readonly target: string
  readonly clock_mhz: number
  readonly batch: number
  readonly cycles: number
  readonly latency_ms: number
  readonly inferences_per_s: number
  readonly macs: number
  readonly mac_utilization: number
  readonly lower_bound: { readonly cycles: number; readonly dram_bytes: number }
  readonly dram: DramTraffic
  readonly energy_uj: Energy
  readonly area: Readonly<Record<string, AreaData>>
  readonly units: Readonly<Record<string, UnitCycles>>
  readonly layers: readonly LayerData[]
  readonly host_ops: readonly HostOpData[]
  readonly machine: {
    readonly rows: number
    readonly cols: number
    readonly precisions: readonly number[]
    readonly dram_bytes_per_cycle: number
    readonly dram_latency_cycles: number
    readonly memories: readonly MemoryShape[]
  }
  readonly details?: SimulationDetails
}

export interface AreaData {
  readonly lut: number
  readonly ff: number
  readonly dsp: number
  readonly bram: number
  readonly worst_error_percent: Readonly<Partial<Record<string, number>>>
  readonly extrapolated: boolean
}

/** Intervals of one unit, one after the other from cycle 0 on. */
export interface Track {
  readonly end: readonly number[]
  /** Indices into `causes`. */
  readonly cause: readonly number[]
  /** Indices into the instructions; -1 where there is none. */
  readonly instruction: readonly number[]
  /** Stalls that are evenly mixed into a busy interval. */
  readonly mixed?: readonly (readonly [interval: number, cause: number, cycles: number])[]
}

export interface Placement {
  readonly memory: number
  readonly tensor: string
  readonly layer: number
  readonly start_byte: number
  readonly bytes: number
  readonly from: number
  readonly to: number
}

export interface OccupiedMemory extends MemoryShape {
  readonly used_bytes: number
  readonly banks_used: readonly { readonly bytes_peak: number; readonly cycle: number }[]
}

export interface MemoryDetails {
  readonly memories: readonly OccupiedMemory[]
  readonly placements: readonly Placement[]
}

/** Of one sample. */
export interface SimulationDetails {
  readonly cycles: number
  readonly causes: readonly string[]
  readonly slices: { readonly layer: readonly number[]; readonly end: readonly number[] }
  readonly timeline: Readonly<Record<string, Track>>
  readonly instructions: {
    readonly text: readonly string[]
    readonly unit: readonly number[]
    readonly layer: readonly number[]
    readonly start: readonly number[]
    readonly done: readonly number[]
  }
  readonly memory: MemoryDetails
}
