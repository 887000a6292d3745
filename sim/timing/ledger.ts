/** Accounts of cycles: every cycle of a unit is spent once, on one cause (section 11 of docs/timing.md). */

export const TIMED_UNITS = ['fetch', 'load', 'mac', 'post', 'store', 'dram'] as const
export type TimedUnit = (typeof TIMED_UNITS)[number]

export function eachUnit<T>(of: (unit: TimedUnit) => T): Record<TimedUnit, T> {
  return Object.fromEntries(TIMED_UNITS.map((unit) => [unit, of(unit)])) as Record<TimedUnit, T>
}

/** What a cycle can go to; token causes name the unit whose token is missing, in the order of UNITS. */
export const CAUSES = [
  'busy',
  'idle',
  'token load',
  'token mac',
  'token post',
  'token store',
  'instruction',
  'weights',
  'parameters',
  'dram',
  'buffer',
  'pipeline',
] as const
export type Cause = (typeof CAUSES)[number]

export interface UnitCycles {
  readonly busy: number
  /** Cycles by cause; causes without any are left out. */
  readonly stall: Readonly<Partial<Record<Cause, number>>>
  readonly idle: number
}

/** Cycles of a busy interval that went to other causes, in no known order: zero counts are left out. */
export type Mixture = readonly (readonly [Cause, number])[]

/** Cycles [start, end) of one unit, spent on one cause for one instruction (-1: none). */
export interface Interval {
  readonly cause: Cause
  readonly start: number
  readonly end: number
  readonly instruction: number
  /** Of a stream whose blocks wait for one another: the stalls that are evenly mixed into its busy cycles. */
  readonly mixed?: Mixture
}

/** Cycles by cause as an account; stalls in the order of CAUSES. */
export function unitCycles(spent: ReadonlyMap<Cause, number>): UnitCycles {
  const stall: Partial<Record<Cause, number>> = {}
  for (const cause of CAUSES) {
    const cycles = spent.get(cause)
    if (cycles !== undefined && cause !== 'busy' && cause !== 'idle') stall[cause] = cycles
  }
  return { busy: spent.get('busy') ?? 0, stall, idle: spent.get('idle') ?? 0 }
}

/** One unit's account. Time is spent from 0 on without gaps, so the sums are complete whatever the causes. */
export class Ledger {
  /** First cycle that is not spent yet. */
  at = 0
  readonly #cycles = new Map<Cause, number>()
  readonly #intervals: Interval[] | undefined

  constructor(keepIntervals: boolean) {
    this.#intervals = keepIntervals ? [] : undefined
  }

  /** Spends the cycles up to, not including, `until`; none if they are spent already. */
  spend(cause: Cause, until: number, instruction: number): void {
    if (until <= this.at) return
    this.#cycles.set(cause, (this.#cycles.get(cause) ?? 0) + until - this.at)
    this.#keep(cause, this.at, until, instruction)
    this.at = until
  }

  /**
   * Spends the cycles up to `until`, of which `stalled` go to their causes and the rest are busy, evenly mixed: a
   * stream whose blocks wait for one another. It stays one busy interval.
   */
  spendMixed(until: number, stalled: Mixture, instruction: number): void {
    let busy = until - this.at
    for (const [cause, cycles] of stalled) {
      if (cycles === 0) continue
      this.#cycles.set(cause, (this.#cycles.get(cause) ?? 0) + cycles)
      busy -= cycles
    }
    this.#cycles.set('busy', (this.#cycles.get('busy') ?? 0) + busy)
    this.#keep('busy', this.at, until, instruction, stalled)
    this.at = until
  }

  get intervals(): readonly Interval[] {
    return this.#intervals ?? []
  }

  totals(): UnitCycles {
    return unitCycles(this.#cycles)
  }

  #keep(cause: Cause, start: number, end: number, instruction: number, stalled: Mixture = []): void {
    const intervals = this.#intervals
    if (intervals === undefined || end <= start) return
    const mixed = stalled.filter(([, cycles]) => cycles > 0)
    const last = intervals.at(-1)
    if (mixed.length > 0) intervals.push({ cause, start, end, instruction, mixed })
    else if (last && last.cause === cause && last.instruction === instruction && !last.mixed) {
      intervals[intervals.length - 1] = { ...last, end }
    } else {
      intervals.push({ cause, start, end, instruction })
    }
  }
}
