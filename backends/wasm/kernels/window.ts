/** Windows of input bytes: runs of bytes, of which there are several rows. */

/** A loop over runs of bytes: how many, and the distance of their starts. */
interface Runs {
  readonly count: number
  readonly step: number
}

/** `outer` times `inner` runs of `bytes` bytes. */
export interface Window {
  readonly outer: Runs
  readonly inner: Runs
  readonly bytes: number
  /** Bytes from one output's window to that of the next in its row. */
  readonly inputColumn: number
}

/** Input fours of a run, with those that are padding in part. */
export function runFours({ bytes }: Pick<Window, 'bytes'>): number {
  return Math.ceil(bytes / 4)
}

/** Input fours of a window. */
export function windowFours(window: Omit<Window, 'inputColumn'>): number {
  return window.outer.count * window.inner.count * runFours(window)
}

/** Input fours of the chunks that a window may be cut into; the largest first. */
export function chunkSizes(window: Window): readonly number[] {
  return CHUNK_FOURS.filter((fours) => runFours(window) % fours === 0)
}

/** A chunk of 16 input bytes has little to pay for its entry; smaller ones skip more. */
const CHUNK_FOURS = [4, 2, 1]

/** The distance of a four from the window's first byte. */
export function fourOffset(window: Window, four: number): number {
  const fours = runFours(window)
  const run = Math.floor(four / fours)
  const { outer, inner } = window
  return Math.floor(run / inner.count) * outer.step + (run % inner.count) * inner.step + 4 * (four % fours)
}

/** Runs that follow each other without a gap are one, if no padding stands between them. */
export function joinRuns({ outer, inner, bytes }: Window): {
  readonly outer: Runs
  readonly inner: Runs & { readonly bytes: number }
} {
  const single = { count: 1, step: 0 }
  if (bytes % 4 !== 0) return { outer, inner: { ...inner, bytes } }
  if (inner.step !== bytes && inner.count > 1) return { outer, inner: { ...inner, bytes } }
  const row = inner.count * bytes
  if (outer.step !== row && outer.count > 1) return { outer, inner: { ...single, bytes: row } }
  return { outer: single, inner: { ...single, bytes: row * outer.count } }
}
