/** What the page of a simulation reads: the object that `espalier simulate --json` prints, and names for its parts. */
import type { UnitCycles } from '../../sim/timing/ledger.ts'
import type { Simulation } from '../simulate.ts'

export type { UnitCycles }
export type SimulationData = Simulation['result']
export type LayerData = SimulationData['layers'][number]
export type HostOpData = SimulationData['host_ops'][number]
export type AreaData = NonNullable<SimulationData['area'][keyof SimulationData['area']]>
export type SimulationDetails = NonNullable<SimulationData['details']>
export type MemoryDetails = SimulationDetails['memory']
export type OccupiedMemory = MemoryDetails['memories'][number]
export type Placement = MemoryDetails['placements'][number]

/** Parts of an object by names that the page has from the object itself: it knows no list of units, kinds or components. */
export type ByName<T> = Readonly<Partial<Record<string, T>>>
