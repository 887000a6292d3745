import { type Command, Option } from 'commander'
import { unwrap } from '../../../ir/diagnostic.ts'
import { type Backend, openExecutable } from '../../executable.ts'
import { runFeed } from '../../run.ts'
import { readArrays, writeArrays } from '../../tensors/array-files.ts'
import { feed } from '../../tensors/feed.ts'
import {
  addFeedOptions,
  backendOption,
  collect,
  type FeedFlags,
  feedOptions,
  MODEL_HELP,
  targetOption,
} from '../options.ts'
import type { Session } from '../session.ts'

interface Flags extends FeedFlags {
  readonly backend: Backend
  readonly input: readonly string[]
  readonly output: string
  readonly target?: string
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
  addFeedOptions(command).action((model: string, flags: Flags) => run(session, model, flags))
}

async function run(session: Session, model: string, flags: Flags): Promise<void> {
  const executable = unwrap(await openExecutable(model, flags.backend, flags.target))
  const given = unwrap(readArrays(flags.input))
  const fed = unwrap(feed(executable.inputs, given, feedOptions(flags, session.warn)))
  const progress = await session.progress(fed.runs, executable.name)
  const outputs = runFeed(executable, fed, progress.step)
  progress.stop()
  unwrap(writeArrays(flags.output, outputs))
  session.say(
    `${fed.runs * fed.samplesPerRun} samples of ${executable.name} on ${flags.backend} -> ${flags.output}`,
  )
}
