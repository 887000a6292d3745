import { type Command, Option } from 'commander'
import { fail, unwrap } from '../../../ir/diagnostic.ts'
import { trellisExecutable } from '../../executable.ts'
import { checkOutputs, writeBytes } from '../../files.ts'
import { openProgram } from '../../open-program.ts'
import { checkArrayFile, inputFiles, writeArrays } from '../../tensors/array-files.ts'
import {
  addFeedOptions,
  batchOption,
  collect,
  type FeedFlags,
  jsonOption,
  MODEL_HELP,
  targetOption,
} from '../options.ts'
import { fitSamples } from '../run-samples.ts'
import type { Session } from '../session.ts'
import { simulationText } from '../simulation-report.ts'

interface Flags extends FeedFlags {
  readonly target?: string
  readonly batch?: number
  readonly input?: readonly string[]
  readonly output?: string
  readonly trace?: string
  readonly report?: string
  readonly json?: boolean
}

export function addSimulate(program: Command, session: Session): void {
  const command = program
    .command('simulate')
    .summary('simulate a model on a Trellis target, cycle by cycle')
    .description(
      'Compiles a model, or takes a compiled folder, and tells cycles, DRAM traffic and energy, by layer and in all. With --input it also computes the outputs.',
    )
    .argument('<model>', `${MODEL_HELP}, or a compiled folder`)
    .addOption(targetOption())
    .addOption(batchOption())
    .addOption(
      new Option('-i, --input <[name=]x.npy>', 'samples to run, a .npy or .npz; may be repeated').argParser(
        collect,
      ),
    )
    .option('-o, --output <y.npy>', 'where the outputs of --input go; several want a .npz')
    .option('--trace <t.json>', 'write Chrome trace events, which Perfetto opens')
    .option('--report <r.html>', 'write one page that shows where cycles, bytes and energy went')
    .addOption(jsonOption())
  addFeedOptions(command).action((model: string, flags: Flags) => simulate(session, model, flags))
}

async function simulate(session: Session, model: string, flags: Flags): Promise<void> {
  const { input, output, trace, report } = flags
  if (output !== undefined && input === undefined) {
    fail({
      code: 'cli/missing-argument',
      message: '--output wants the outputs of a run, but there is no --input to run on',
      hint: 'add --input X.npy',
    })
  }
  unwrap(checkOutputs([output, trace, report], [model, ...inputFiles(input ?? [])]))
  const program = unwrap(await openProgram(model, flags.target, flags))
  const samples = input && fitSamples(session, await trellisExecutable(program), input, flags)
  if (samples && output !== undefined) unwrap(checkArrayFile(output, samples.outputCount))

  const { simulate: simulateProgram } = await import('../../simulate.ts')
  const simulation = unwrap(
    simulateProgram(program, { trace: trace !== undefined, details: report !== undefined }),
  )
  const outputs = await samples?.run()
  if (outputs && output !== undefined) unwrap(writeArrays(output, outputs))
  if (trace !== undefined) unwrap(writeBytes(trace, JSON.stringify(simulation.trace)))
  if (report !== undefined) {
    const { renderReport } = await import('../../report/render.ts')
    const { model: name, target } = simulation.result
    unwrap(writeBytes(report, renderReport('simulation', `${name} on ${target}`, simulation.result)))
  }
  if (flags.json) session.printJson(simulation.result)
  else session.print(simulationText(simulation.result, session.terminal.out.style))
  if (samples && output !== undefined) session.say(`${samples.count} samples of ${samples.name} -> ${output}`)
  if (report !== undefined) session.say(`the report of ${simulation.result.model} -> ${report}`)
}
