/** docs/energy.md: the energy model and its constants, from the table that the simulator reads. */
import { ENERGY_TABLES, type EnergyTable } from '../../sim/energy/table.ts'

export function energyPage(): string {
  return `# Energy

The simulator counts what a program does, multiplies the counts by constants of one technology node, and reports an
interval: \`low\`, \`nominal\` and \`high\`. Every constant has an interval of its own and a source; the low total takes all low
constants at once, the high one all high ones. So the interval is wide on purpose, and absolute figures are estimates. To
compare two designs, compare them at all three: both share the constants, so a ranking that flips between low and high
rests on the constants and not on the designs, and one that holds at all three is likely, though not proved, since constants
need not move together. This page is generated from
[\`table.ts\`](../sim/energy/table.ts) by \`npm run docs\`.

## What is counted

| component | counts | times |
| --- | --- | --- |
| \`mac\` | byte lanes that multiply: rows x cols a window, lines x taps x cols a depthwise pixel. Lanes whose weight is 0 count | multiply + add |
| \`activation\` \`weight\` \`accumulator\` \`parameter\` \`index\` \`table\` \`line\` | bytes read and written, of each memory | SRAM byte, scaled |
| \`requantize\` | passes of a lane through the requantizer | requantize |
| \`vector\` | bytes that a pool adds or compares, and 4 for each sum that a bias is added to or that is compared with a threshold | vector lane |
| \`instruction\` | 32 bytes, four moves: in and out of the fetch buffer and of a queue | register byte |
| \`clock\` | all of the above | clock share |
| \`leakage\` | bits of all memories, and time | SRAM leakage, with the share of logic |
| \`dram\` | bytes of loads, stores and instructions | DRAM byte |
| \`dram_background\` | time | DRAM background |

The counts are [\`access-counts.ts\`](../sim/access-counts.ts) and [\`actions.ts\`](../sim/energy/actions.ts); the sums
[\`energy.ts\`](../sim/energy/energy.ts). A layer's energy is that of its instructions and of its share of the cycles, so
layers sum to the total.

**Memories of other sizes.** An access drives word and bit lines as long as the sides of the array, so a byte of a memory of
*s* KiB costs sqrt(s / reference) times the reference byte. The reference's own figures bear it out at 45 nm: 10, 20 and
100 pJ for 8, 32 and 1024 KiB are 1 : 2 : 10, the rule says 1 : 2 : 11.3. Activation memory is banked, and an access reaches one bank.
Writes cost as much as reads. A word of twice the width costs twice as much.

**Narrow operands.** A byte lane holds 8 / b multipliers of b bits. A multiplier's energy goes with the square of its width, so
the lane's multiply costs b / 8 of an 8-bit one, and its add as much as ever. This is an
assumption; the look-up tables of FPGA implementations say much the same: 123 for a multiply-accumulate of 8 x 8 bits, 44 of 4 x 4,
13.2 of 2 x 2, 6.6 of 1 x 1 (Blott et al., FINN-R, ACM TRETS 2018), so for a byte lane 1 : 0.72 : 0.43 : 0.43, where the rule
says 1 : 0.62 : 0.42 : 0.33 at 45 nm.

**What is left out.** The host and its operations; pads and the DRAM controller beyond what the DRAM byte includes; wires
between units; the data itself (no constant depends on how many bits toggle).
${Object.entries(ENERGY_TABLES)
  .map(([node, table]) => constants(node, table))
  .join('')}`
}

function constants(node: string, table: EnergyTable): string {
  const rows = Object.values(table).map(
    (c) => `| ${c.meaning} | ${c.unit} | ${c.low} | ${c.nominal} | ${c.high} | ${c.source} |\n`,
  )
  return `
## Constants at ${node.replace('nm', ' nm')}

| constant | unit | low | nominal | high | source |
| --- | --- | --- | --- | --- | --- |
${rows.join('')}`
}
