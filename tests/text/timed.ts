/** A result with the processor time it took: unlike the time on the clock, the same on a busy machine. */
export function timed<T>(work: () => T): { readonly result: T; readonly cpuMs: number } {
  const start = process.cpuUsage()
  const result = work()
  const { user, system } = process.cpuUsage(start)
  return { result, cpuMs: (user + system) / 1000 }
}
