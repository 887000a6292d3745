import { type Command, Option } from 'commander'
import { unwrap } from '../../../ir/diagnostic.ts'
import { checkWritable, writeBytes } from '../../files.ts'
import { benchmarkText } from '../benchmark-report.ts'
import { batchOption, count, jsonOption, MODEL_HELP } from '../options.ts'
import type { Session } from '../session.ts'

interface Flags {
  readonly runs: number
  readonly batch?: number
  readonly report?: string
  readonly json?: boolean
}

export function addBench(program: Command, session: Session): void {
  program
    .command('bench')
    .summary('how fast a model is as WebAssembly on this machine')
    .description(
      'Compiles a model to WebAssembly and times it in this process, in all and layer by layer, for each variant that this Node executes exactly. Beside it stands what the machine does at best, measured in between.',
    )
    .argument('<model>', MODEL_HELP)
    .addOption(new Option('--runs <n>', 'samples of each time').argParser(count).default(30))
    .addOption(batchOption())
    .option('--report <r.html>', 'write one page with each layer under its roof')
    .addOption(jsonOption())
    .action((model: string, flags: Flags) => bench(session, model, flags))
}

async function bench(session: Session, model: string, flags: Flags): Promise<void> {
  const { runs, report, json, ...load } = flags
  if (report !== undefined) unwrap(checkWritable(report, [model]))
  const { loadModel } = await import('../../importers/index.ts')
  const graph = unwrap(await loadModel(model, load))
  const { benchGraph } = await import('../../bench.ts')
  const progress = await session.progress(runs, graph.name)
  const benchmark = unwrap(await benchGraph(graph, { runs, step: progress.step }).finally(progress.stop))
  if (report !== undefined) {
    const { renderReport } = await import('../../report/render.ts')
    unwrap(writeBytes(report, renderReport('benchmark', `${graph.name} as WebAssembly`, benchmark)))
  }
  if (json) session.printJson(benchmark)
  else session.print(benchmarkText(benchmark, session.terminal.out.style))
  if (report !== undefined) session.say(`the report of ${graph.name} -> ${report}`)
}
