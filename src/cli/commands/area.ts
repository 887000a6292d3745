import { type Command, Option } from 'commander'
import { FAMILIES, type Family } from '../../../backends/trellis/area/count.ts'
import { unwrap } from '../../../ir/diagnostic.ts'
import { areaText } from '../area-report.ts'
import { jsonOption, targetOption } from '../options.ts'
import type { Session } from '../session.ts'

interface Flags {
  readonly target?: string
  readonly family: Family
  readonly model?: boolean
  readonly json?: boolean
}

export function addArea(program: Command, session: Session): void {
  program
    .command('area')
    .summary('LUTs, flip-flops, multipliers and memories of a target on an FPGA')
    .description(
      'Synthesizes the RTL of a target with Yosys (npm install @yowasp/yosys), unit by unit, which takes minutes; units that were synthesized before are kept. With --model it tells at once what the fitted model estimates.',
    )
    .addOption(targetOption())
    .addOption(
      new Option('--family <family>', 'Lattice ECP5 or Xilinx 7-series').choices(FAMILIES).default('ecp5'),
    )
    .option('--model', 'estimate instead of synthesizing')
    .addOption(jsonOption())
    .action((flags: Flags) => area(session, flags))
}

async function area(session: Session, { target: name, family, model = false, json }: Flags): Promise<void> {
  const { loadTarget } = await import('../../../backends/trellis/target.ts')
  const target = unwrap(loadTarget(name))
  const { AREA_STEPS, areaOf } = await import('../../area.ts')
  const progress = await session.progress(model ? 0 : AREA_STEPS, `${target.name} on ${family}`)
  const report = unwrap(await areaOf(target, { family, model, step: progress.step }).finally(progress.stop))
  if (json) session.printJson(report)
  else session.print(areaText(report, session.terminal.out.style))
}
