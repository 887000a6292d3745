import { type Command, Option } from 'commander'
import { unwrap } from '../../../ir/diagnostic.ts'
import { checkLabels, evaluateOutputs } from '../../evaluate.ts'
import { readArray } from '../../tensors/array-files.ts'
import { EXIT } from '../exit-codes.ts'
import {
  addFeedOptions,
  backendOption,
  batchOption,
  collect,
  jsonOption,
  MODEL_HELP,
  numberOrFraction,
  targetOption,
} from '../options.ts'
import { openSamples, type RunFlags } from '../run-samples.ts'
import type { Session } from '../session.ts'

interface Flags extends RunFlags {
  readonly data: readonly string[]
  readonly labels: string
  readonly floor?: number
  readonly json?: boolean
}

export function addEvaluate(program: Command, session: Session): void {
  const command = program
    .command('evaluate')
    .summary('measure accuracy on labelled samples')
    .description(
      'Runs a model on labelled samples and counts how often the highest score, of equal ones the first, is the label. Labels with more axes than one are compared element by element.',
    )
    .argument('<model>', `${MODEL_HELP}, or a compiled folder`)
    .addOption(backendOption().default('reference'))
    .addOption(
      new Option('-d, --data <[name=]x.npy>', 'samples, a .npy or .npz; may be repeated')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .requiredOption('-l, --labels <y.npy>', 'class numbers, one a sample or one an element')
    .addOption(
      new Option('--floor <x>', 'exit with 3 if the accuracy is below x').argParser(numberOrFraction),
    )
    .addOption(targetOption())
    .addOption(batchOption())
    .addOption(jsonOption())
  addFeedOptions(command).action((model: string, flags: Flags) => evaluate(session, model, flags))
}

async function evaluate(session: Session, model: string, flags: Flags): Promise<void> {
  const labels = unwrap(readArray(flags.labels))
  const samples = await openSamples(session, model, flags.data, flags)
  unwrap(checkLabels(labels, samples.count, flags.labels))
  const result = unwrap(evaluateOutputs(await samples.run(), labels, flags.labels))
  if (flags.json) {
    session.printJson({ model, backend: flags.backend, ...result })
  } else {
    const percent = (100 * result.accuracy).toFixed(2)
    session.print(`${result.metric} ${percent} %: ${result.correct} of ${result.labels} on ${flags.backend}`)
  }
  if (flags.floor !== undefined && result.accuracy < flags.floor) {
    session.report([
      {
        code: 'check/accuracy-floor',
        severity: 'error',
        message: `the accuracy ${result.accuracy} is below the floor ${flags.floor}`,
        span: { file: model },
        hint: 'compare with --backend reference to see whether the model or the backend falls short',
      },
    ])
    session.exitCode = EXIT.checkFailed
  }
}
