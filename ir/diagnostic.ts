/**
 * Diagnostics: what a user's mistake turns into. A diagnostic says what is wrong, where, why, and what to do.
 * Functions that take a user's input return a `Result`; deep inside them `fail` unwinds to the nearest `attempt`.
 * Our own bugs go through `must` and `unreachable`, and are never caught.
 */

export type Severity = 'error' | 'warning'

/** Where: a file, and in a text a line and column (from 1), in a binary a byte offset or the path of a field. */
export interface Span {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly offset?: number
  readonly path?: string
}

export interface Diagnostic {
  /** Stable code such as `tflite/truncated`; each has a row in docs/errors.md. */
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly span?: Span
  readonly notes?: readonly string[]
  readonly hint?: string
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }

/** Carries diagnostics from `fail` to `attempt`; never leaves a public function. */
export class Diagnosed extends Error {
  readonly diagnostics: readonly Diagnostic[]
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.code}: ${d.message}`).join('\n'))
    this.diagnostics = diagnostics
  }
}

/** Stops the work in hand with one error. */
export function fail(diagnostic: Omit<Diagnostic, 'severity'>): never {
  throw new Diagnosed([{ severity: 'error', ...diagnostic }])
}

/** Runs `work`; its `fail` becomes a value, anything else it throws is our bug and passes through. */
export function attempt<T>(work: () => T): Result<T> {
  try {
    return { ok: true, value: work() }
  } catch (error) {
    if (error instanceof Diagnosed) return { ok: false, diagnostics: error.diagnostics }
    throw error
  }
}

/** `attempt` for work that waits. */
export async function attemptAsync<T>(work: () => Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    return attempt(() => {
      throw error
    })
  }
}

/** The value of a result, or `fail` with its diagnostics: for calling one `Result` function from inside another. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Diagnosed(result.diagnostics)
}

/** For what cannot be absent unless we made a mistake. */
export function must<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`internal error: ${what}`)
  return value
}

/** For a case that the types rule out. */
export function unreachable(value: never): never {
  throw new Error(`internal error: unexpected ${JSON.stringify(value)}`)
}

/** The candidate nearest to `name` by edit distance, if it is near enough to be what the user meant. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein distance (Levenshtein 1966), one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitute = must(row[j - 1], 'row') + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitute, must(row[j], 'row') + 1, must(next[j - 1], 'row') + 1))
    }
    row = next
  }
  return must(row[b.length], 'row')
}
