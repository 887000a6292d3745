import type { Command } from 'commander'
import { unwrap } from '../../../ir/diagnostic.ts'
import { checkWritable, writeFolder } from '../../files.ts'
import { targetOption } from '../options.ts'
import type { Session } from '../session.ts'

export function addRtl(program: Command, session: Session): void {
  program
    .command('rtl')
    .summary('the accelerator in SystemVerilog')
    .description(
      'Writes synthesizable SystemVerilog of a target, with a test bench and a README. With --program also the DRAM image of a compiled model, which the test bench runs in the cycles that "simulate" reports.',
    )
    .requiredOption('-o, --output <dir>', 'the folder to write')
    .addOption(targetOption())
    .option('--program <model>', 'a model, or a folder that "compile" wrote, whose target is taken')
    .action(async (flags: Flags) => {
      unwrap(checkWritable(flags.output))
      const { rtlFiles } = await import('../../../backends/trellis/rtl/emit.ts')
      const { target, files } = await image(flags)
      const rtl = unwrap(rtlFiles(target))
      unwrap(writeFolder(flags.output, { ...rtl, ...files }))
      session.say(`${target.name} -> ${flags.output}: top module trellis, test bench trellis_tb`)
    })
}

interface Flags {
  readonly output: string
  readonly target?: string
  readonly program?: string
}

/** The target to emit, and the image of the program that was asked for. */
async function image({ program: path, target }: Flags) {
  if (path === undefined) {
    const { loadTarget } = await import('../../../backends/trellis/target.ts')
    return { target: unwrap(loadTarget(target)), files: {} }
  }
  const { openProgram } = await import('../../open-program.ts')
  const { programImage } = await import('../../program-image.ts')
  const program = unwrap(await openProgram(path, target))
  return { target: program.target, files: programImage(program) }
}
