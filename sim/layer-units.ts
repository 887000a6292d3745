/** The account of each unit within each layer's own cycles, from the intervals of units cut where layers change. */
import type { LayerSlice } from './layer-cycles.ts'
import {
  type Cause,
  eachUnit,
  type Interval,
  TIMED_UNITS,
  type TimedUnit,
  type UnitCycles,
  unitCycles,
} from './timing/ledger.ts'

/** One unit's cycles by cause, as they are added up. */
type Account = Map<Cause, number>
type Accounts = Readonly<Record<TimedUnit, Account>>

interface Sliced {
  readonly slices: readonly LayerSlice[]
  readonly intervals: Readonly<Record<TimedUnit, readonly Interval[]>>
}

/**
 * For each of `layers` layers every unit's busy, stalled and idle cycles within the layer's slices. Over the layers they
 * sum to the units' own accounts, cause by cause.
 */
export function layerUnits(segments: readonly Sliced[], layers: number): Record<TimedUnit, UnitCycles>[] {
  const accounts = Array.from({ length: layers }, (): Accounts => eachUnit(() => new Map<Cause, number>()))
  for (const { slices, intervals } of segments) {
    for (const unit of TIMED_UNITS) {
      let at = 0
      for (const interval of intervals[unit]) {
        const whole = new Uncut(interval)
        while ((slices[at]?.to ?? Number.POSITIVE_INFINITY) <= interval.start) at++
        for (let s = at; s < slices.length && (slices[s] as LayerSlice).from < interval.end; s++) {
          const { layer, to } = slices[s] as LayerSlice
          whole.cut(Math.min(to, interval.end), (accounts[layer] as Accounts)[unit])
        }
      }
    }
  }
  return accounts.map((account) => eachUnit((unit) => unitCycles(account[unit])))
}

/** What is left of an interval that is cut into pieces from its start on. */
class Uncut {
  #from: number
  readonly #end: number
  readonly #cause: Cause
  /** Stalls that are left in a mixture. */
  readonly #stalls: [Cause, number][]

  constructor({ start, end, cause, mixed = [] }: Interval) {
    this.#from = start
    this.#end = end
    this.#cause = cause
    this.#stalls = mixed.map(([stalled, cycles]) => [stalled, cycles])
  }

  /**
   * Adds the cycles until `to` to `account`. Of a mixture each stall gives the piece its share of what is left, rounded
   * down: then no cause ever gives more than it has, pieces have exactly their length, and the last takes what is left.
   */
  cut(to: number, account: Account): void {
    let piece = to - this.#from
    let left = this.#end - this.#from
    this.#from = to
    for (const stall of this.#stalls) {
      const [cause, cycles] = stall
      const share = left === 0 ? 0 : Math.floor((piece * cycles) / left)
      if (share > 0) account.set(cause, (account.get(cause) ?? 0) + share)
      stall[1] -= share
      piece -= share
      left -= cycles
    }
    if (piece > 0) account.set(this.#cause, (account.get(this.#cause) ?? 0) + piece)
  }
}
