/** What figures of a simulation are for. */
import type { SimulationData } from '../../simulation-data.ts'
import { counted } from './format.ts'

type Simulated = Pick<SimulationData, 'clock_mhz' | 'batch'> & {
  readonly machine: Pick<SimulationData['machine'], 'rows' | 'cols' | 'dram_bytes_per_cycle'>
}

/** The machine and the samples, such as "8 × 8 lanes at 100 MHz, DRAM of 8 B a cycle; one sample". */
export function machineText({ clock_mhz, batch, machine }: Simulated): string {
  const { rows, cols, dram_bytes_per_cycle: bytes } = machine
  const samples = batch === 1 ? 'one sample' : `a batch of ${counted(batch)} samples`
  return `${rows} × ${cols} lanes at ${clock_mhz} MHz, DRAM of ${bytes} B a cycle; ${samples}`
}
