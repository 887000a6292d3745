/** docs/validation.md: figures that others published, beside ours. */
import { readFileSync } from 'node:fs'
import { must } from '../../../ir/diagnostic.ts'
import { eyerissSection } from './eyeriss-section.ts'
import { finnSection } from './finn-section.ts'
import { systolicSection } from './systolic-section.ts'
import { type ZooPath, zooSection } from './zoo-section.ts'

const PAGE = new URL('../../../docs/validation.md', import.meta.url)
const FROM_ZOO = '<!-- from the model zoo -->\n'
const END = '<!-- end of the model zoo -->\n'

/** Without the zoo, its sections are those that the page has. */
export async function validationPage(zooPath: ZooPath | undefined): Promise<string> {
  return `# Validation

Figures that others published, ours for the same thing, and the difference, misses included. What a formula or a
simulator of others gives is computed by a formula of ours, and each figure is a test in \`tests/validation\`; beside
it stands what Trellis takes for the same work by its own simulator. This page is computed and checked by \`npm run
docs\` and \`npm run docs:check\`; the last two sections need the model zoo beside the repository and are left as they are
without it.

## Cycles of the simulator and of the hardware

Cycles here are those of the simulator. What they mean is the contract of [timing.md](timing.md), which was written
before either side. Hardware in SystemVerilog ([backends/trellis/rtl](../backends/trellis/rtl)) keeps it: start and end of every
instruction, the length of the program and every byte are the same, difference zero, on whole networks
([networks.test.ts](../tests/rtl/networks.test.ts)) and on random programs for eight targets
([equality.test.ts](../tests/rtl/equality.test.ts)), as a netlist with npm packages alone and in Verilator. The test bench
that \`espalier rtl\` writes runs in Icarus Verilog besides ([icarus.test.ts](../tests/rtl/icarus.test.ts)), with short programs for two of them.

${systolicSection()}
${finnSection()}
${eyerissSection()}
${FROM_ZOO}
${zooPath ? await zooSection(zooPath) : committedZooSection()}
${END}`
}

function committedZooSection(): string {
  const [, from] = readFileSync(PAGE, 'utf8').split(`${FROM_ZOO}\n`)
  return must(from?.split(`\n${END}`)[0], `sections of the zoo in ${PAGE.pathname}`)
}
