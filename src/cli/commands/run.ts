import { type Command, Option } from 'commander'
import { unwrap } from '../../../ir/diagnostic.ts'
import { checkWritable } from '../../files.ts'
import { checkArrayFile, inputFiles, writeArrays } from '../../tensors/array-files.ts'
import { addFeedOptions, backendOption, batchOption, collect, MODEL_HELP, targetOption } from '../options.ts'
import { openSamples, type RunFlags } from '../run-samples.ts'
import type { Session } from '../session.ts'

interface Flags extends RunFlags {
  readonly input: readonly string[]
  readonly output: string
}

export function addRun(program: Command, session: Session): void {
  const command = program
    .command('run')
    .summary('run a model on arrays and write its outputs')
    .description('Runs a model, or a compiled folder, on every sample of an array and writes the outputs.')
    .argument('<model>', `${MODEL_HELP}, or a compiled folder`)
    .addOption(backendOption().makeOptionMandatory())
    .addOption(
      new Option('-i, --input <[name=]x.npy>', 'samples, a .npy or .npz; may be repeated')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .requiredOption('-o, --output <y.npy>', 'where the outputs go; several want a .npz')
    .addOption(targetOption())
    .addOption(batchOption())
  addFeedOptions(command).action((model: string, flags: Flags) => run(session, model, flags))
}

async function run(session: Session, model: string, flags: Flags): Promise<void> {
  unwrap(checkWritable(flags.output, [model, ...inputFiles(flags.input)]))
  const samples = await openSamples(session, model, flags.input, flags)
  unwrap(checkArrayFile(flags.output, samples.outputCount))
  unwrap(writeArrays(flags.output, await samples.run()))
  session.say(`${samples.count} samples of ${samples.name} on ${flags.backend} -> ${flags.output}`)
}
