/**
 * How many cases a law is tried on. `LAW_RUNS=20 npx vitest run tests/laws` tries twenty times as many as usual, and
 * other ones each time; without it they are the same in every run.
 */
const factor = process.env.LAW_RUNS === undefined ? undefined : Number(process.env.LAW_RUNS)

/** Parameters for `fc.assert`. */
export function cases(usual: number): { readonly numRuns: number; readonly seed?: number } {
  return factor === undefined ? { numRuns: usual, seed: 1 } : { numRuns: Math.ceil(usual * factor) }
}
