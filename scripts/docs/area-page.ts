/** docs/area.md: what area means, what was synthesized, and how far the fitted model is off. */
import { CELL_RULES, type Family } from '../../backends/trellis/area/count.ts'

const NAMES: Readonly<Record<Family, string>> = { ecp5: 'Lattice ECP5', xc7: 'Xilinx 7-series' }

export function areaPage(): string {
  return `# Area

\`espalier area --target T\` synthesizes the RTL of a target with Yosys and tells what each unit occupies of an FPGA:

\`\`\`
espalier area --target trellis-8                     Lattice ECP5
espalier area --target my.yaml --family xc7 --json   Xilinx 7-series
\`\`\`

Yosys is an optional package (\`npm install @yowasp/yosys\`). Synthesis takes minutes; a unit is kept by the hash of its sources,
its parameters and the version of Yosys, so that only what changed is synthesized again.

## What is counted

Each unit of the top module is synthesized by itself (\`synth_ecp5\`, \`synth_xilinx -family xc7 -flatten\`), flattened within; units are
added up. Nothing is placed: figures are those of Yosys' mapping. A placer may pack two LUTs into one place, and a unit by itself keeps
what the whole machine would optimize across its border.

- *logic LUT*: cells that compute a function.
- *LUT in all*: places of LUTs, with those that carry chains and distributed memories occupy.
- *FF*: flip-flops. *DSP*: multipliers. *BRAM*: block memories of 18 Kbit.

${Object.entries(CELL_RULES)
  .map(([family, rules]) => cellTable(NAMES[family as Family], rules))
  .join('\n')}
Of ECP5, a \`CCU2C\` is the carry of two LUTs that it takes for itself. A \`TRELLIS_DPR16X4\` stores its bits in four LUTs; the
write port that several of them share takes part of another slice, which is not counted. Of 7-series, \`CARRY4\` stands beside LUTs that
are counted by themselves. Multiplexers (\`PFUMX\`, \`L6MUX21\`, \`MUXF7\`, \`MUXF8\`) are part of a slice.
`
}

function cellTable(family: string, rules: (typeof CELL_RULES)[Family]): string {
  const rows = Object.entries(rules).map(([cell, rule]) => {
    const what = Object.entries(rule)
      .filter(([metric]) => metric !== 'logic_lut')
      .map(([metric, n]) => `${n} ${metric.toUpperCase()}${rule.logic_lut ? ', logic' : ''}`)
    return `| \`${cell}\` | ${what.length > 0 ? what.join(', ') : '-'} |\n`
  })
  return `| cell of ${family} | occupies |\n| --- | --- |\n${rows.join('')}`
}
