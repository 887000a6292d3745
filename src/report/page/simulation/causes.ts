/** Accounts of cycles by cause. */
import type { UnitCycles } from '../../simulation-data.ts'

export function causeCycles({ busy, idle, stall }: UnitCycles, cause: string): number {
  if (cause === 'busy') return busy
  return cause === 'idle' ? idle : (stall[cause] ?? 0)
}
