import { type Command, InvalidArgumentError, Option } from 'commander'
import { fail, nearest, unwrap } from '../../../ir/diagnostic.ts'
import { TIMED_UNITS, type TimedUnit } from '../../../sim/timing/ledger.ts'
import { METRIC_NAMES, type Metric } from '../../compare/limit.ts'
import { checkWritable, writeBytes } from '../../files.ts'
import { comparisonText, increaseText } from '../comparison-report.ts'
import { EXIT } from '../exit-codes.ts'
import { jsonOption } from '../options.ts'
import type { Session } from '../session.ts'

interface Flags {
  readonly all?: boolean
  readonly unit: TimedUnit
  readonly failAbove?: number
  readonly metric?: readonly Metric[]
  readonly report?: string
  readonly json?: boolean
}

const METRIC_LIST = `${METRIC_NAMES.slice(0, -1).join(', ')} or ${METRIC_NAMES.at(-1)}`

export function addCompare(program: Command, session: Session): void {
  program
    .command('compare')
    .summary('what differs between two simulations')
    .description(
      'Compares two simulations that "espalier simulate --json" printed, of other models, targets or versions of the compiler: in all, by unit and cause, and layer by layer. Layers of the same name are the same; what is left goes by op and shape, then by op.',
    )
    .argument('<a.json>', 'the simulation to compare with')
    .argument('<b.json>', 'the one whose difference is told')
    .option('--all', 'every difference instead of the largest')
    .addOption(
      new Option('--unit <unit>', 'whose cycles are told layer by layer').choices(TIMED_UNITS).default('mac'),
    )
    .addOption(
      new Option(
        '--fail-above <percent>',
        'exit with 3 if B needs more than A by more than that, such as 2%',
      ).argParser(percentage),
    )
    .addOption(
      new Option(
        '--metric <metric>',
        `what --fail-above is about: ${METRIC_LIST}; may be repeated (default: all)`,
      ).argParser(metrics),
    )
    .option('--report <r.html>', 'write one page with both')
    .addOption(jsonOption())
    .action((a: string, b: string, flags: Flags) => compare(session, a, b, flags))
}

function percentage(text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?) ?%?$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('Give a percentage of at least 0, such as 2%.')
  return Number(number)
}

function metrics(name: string, before: readonly Metric[] = []): readonly Metric[] {
  const known = METRIC_NAMES.find((metric) => metric === name)
  if (known !== undefined) return [...new Set([...before, known])]
  const near = nearest(name, METRIC_NAMES)
  throw new InvalidArgumentError(near === undefined ? `Choose ${METRIC_LIST}.` : `(Did you mean ${near}?)`)
}

async function compare(session: Session, a: string, b: string, flags: Flags): Promise<void> {
  const { failAbove, metric, report } = flags
  if (metric !== undefined && failAbove === undefined) {
    fail({
      code: 'cli/missing-argument',
      message: '--metric says what --fail-above is about, but there is no --fail-above',
      hint: 'add --fail-above 2%',
    })
  }
  if (report !== undefined) unwrap(checkWritable(report, [a, b]))
  const { readSimulation } = await import('../../compare/saved-simulation.ts')
  const { compareSimulations } = await import('../../compare/compare.ts')
  const { exceeded } = await import('../../compare/limit.ts')
  const [before, after] = [unwrap(readSimulation(a)), unwrap(readSimulation(b))]
  const comparison = compareSimulations(before, after)
  if (report !== undefined) {
    const { renderReport } = await import('../../report/render.ts')
    const title = `${before.model} on ${before.target} and ${after.model} on ${after.target}`
    unwrap(writeBytes(report, renderReport('comparison', title, comparison)))
  }
  if (flags.json) session.printJson(comparison)
  else session.print(comparisonText(comparison, flags, session.terminal.out.style))
  if (report !== undefined) session.say(`the comparison of ${before.model} and ${after.model} -> ${report}`)
  if (failAbove === undefined) return
  const increased = exceeded(comparison, { percent: failAbove, metrics: metric ?? METRIC_NAMES })
  if (increased.length === 0) return
  session.report([
    {
      code: 'check/increase',
      severity: 'error',
      message: `more than ${failAbove} % above A: ${increased.map((each) => increaseText(comparison, each)).join(', ')}`,
      span: { file: b },
      hint: 'the layers with the largest differences come first; if it is meant to be so, raise --fail-above',
    },
  ])
  session.exitCode = EXIT.checkFailed
}
