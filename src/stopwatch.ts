/** Timing of short functions: in batches that the clock can see, once the engine has compiled them as well as it will. */

/** A batch takes at least so long; clocks of JavaScript engines count in steps of up to a hundredth of it. */
const BATCH_MS = 1
/** Engines compile hot functions anew in the background; meanwhile the old code runs. */
const WARM_UP_MAX_MS = 5000
/** The engine has settled when so many batches in a row were no faster by this share than the fastest before. */
const SETTLED_BATCHES = 20
const FASTER = 0.98

export class Stopwatch {
  readonly samples: number[] = []
  private readonly work: () => void
  private batch = 1

  constructor(work: () => void) {
    this.work = work
  }

  /** Runs the function for `milliseconds` and until its time has settled, and chooses the size of a batch. */
  warmUp(milliseconds: number): void {
    const begin = performance.now()
    let fastest = Number.POSITIVE_INFINITY
    let settled = 0
    let elapsed = 0
    while ((settled < SETTLED_BATCHES || elapsed < milliseconds) && elapsed < WARM_UP_MAX_MS) {
      const microseconds = this.time()
      settled = microseconds < FASTER * fastest ? 0 : settled + 1
      fastest = Math.min(fastest, microseconds)
      // Never more than twice as many, since the first calls are no measure of the later ones.
      this.batch = Math.min(2 * this.batch, Math.ceil((1000 * BATCH_MS) / Math.max(fastest, 1e-3)))
      elapsed = performance.now() - begin
    }
  }

  /** One batch that is not counted: it brings its data back into the caches. */
  refill(): void {
    this.time()
  }

  /** Times one batch. */
  sample(): void {
    this.samples.push(this.time())
  }

  /** Microseconds of a call, in a batch of them. */
  private time(): number {
    const { work, batch } = this
    const begin = performance.now()
    for (let i = 0; i < batch; i++) work()
    return (1000 * (performance.now() - begin)) / batch
  }
}

/** The value below which a share of the samples lies, by linear interpolation between its neighbours. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const [low = Number.NaN, high = low] = sorted.slice(below, below + 2)
  return low + (place - below) * (high - low)
}
