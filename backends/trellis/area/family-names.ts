/** FPGA families as people call them; apart from the rules of counting, which pages that show a name do not need. */
import type { Family } from './count.ts'

export const FAMILY_NAMES: Readonly<Record<Family, string>> = { ecp5: 'Lattice ECP5', xc7: 'Xilinx 7-series' }
