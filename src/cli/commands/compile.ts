import type { Command } from 'commander'
import { unwrap } from '../../../ir/diagnostic.ts'
import { checkWritable, writeFolder } from '../../files.ts'
import { compileFile } from '../../open-program.ts'
import { MODEL_HELP, targetOption } from '../options.ts'
import type { Session } from '../session.ts'

export function addCompile(program: Command, session: Session): void {
  program
    .command('compile')
    .summary('compile a model for a Trellis target')
    .description(
      'Compiles a model and writes a folder: program.bin (instructions), weights.bin (constants), program.s (for people) and manifest.json.',
    )
    .argument('<model>', MODEL_HELP)
    .requiredOption('-o, --output <dir>', 'the folder to write')
    .addOption(targetOption())
    .action((model: string, flags: { output: string; target?: string }) => compile(session, model, flags))
}

async function compile(
  session: Session,
  model: string,
  flags: { output: string; target?: string },
): Promise<void> {
  unwrap(checkWritable(flags.output))
  const program = unwrap(await compileFile(model, flags.target))
  const { writeProgram } = await import('../../../backends/trellis/image.ts')
  const files = writeProgram(program)
  unwrap(writeFolder(flags.output, { ...files }))
  const { estimatedCycles, lowerBound, target } = program
  const hosted = program.steps.filter((step) => 'host' in step).length
  session.say(
    `${program.model} for ${target.name} -> ${flags.output}: ${files['program.bin'].length} bytes of instructions, ` +
      `${files['weights.bin'].length} of constants, ${hosted} host ops; ` +
      `about ${estimatedCycles} cycles, at least ${lowerBound.cycles}`,
  )
}
