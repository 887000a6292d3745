/** Accounts of cycles by cause. */
import type { ByName, UnitCycles } from '../../simulation-data.ts'

export function causeCycles({ busy, idle, stall }: UnitCycles, cause: string): number {
  if (cause === 'busy') return busy
  const stalls: ByName<number> = stall
  return cause === 'idle' ? idle : (stalls[cause] ?? 0)
}
