import Table from 'cli-table3'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Diagnostic, unwrap } from '../../../ir/diagnostic.ts'
import type { Difference, Verdict, Verification } from '../../verify.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { batchOption, count, jsonOption, MODEL_HELP, targetOption } from '../options.ts'
import type { Session } from '../session.ts'
import { TABLE_STYLE } from '../table-style.ts'

interface Flags {
  readonly runs: number
  readonly seed: number
  readonly target?: string
  readonly batch?: number
  readonly json?: boolean
}

export function addVerify(program: Command, session: Session): void {
  program
    .command('verify')
    .summary('compare all backends on the same inputs, bit for bit')
    .description(
      'Runs a model on random inputs: by the reference interpreter, on the simulated Trellis target, and as each WebAssembly variant that this Node executes exactly. Their outputs have to be equal, bit for bit.',
    )
    .argument('<model>', MODEL_HELP)
    .addOption(new Option('--runs <n>', 'sets of inputs').argParser(count).default(8))
    .addOption(
      new Option('--seed <s>', 'of the random inputs, which are the same for it everywhere')
        .argParser(seed)
        .default(1),
    )
    .addOption(targetOption())
    .addOption(batchOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Exit codes: 0 all that were compared are equal; 3 one differs; else 1 if one refuses the model, the others being
equal. A variant that this Node cannot execute is listed with what it needs, and is no failure.`,
    )
    .action((model: string, flags: Flags) => verify(session, model, flags))
}

async function verify(session: Session, model: string, flags: Flags): Promise<void> {
  const { runs, seed, target, json } = flags
  const { loadTarget } = await import('../../../backends/trellis/target.ts')
  const machine = unwrap(loadTarget(target))
  const { loadModel } = await import('../../importers/index.ts')
  const graph = unwrap(await loadModel(model, flags))
  const { trellisContender, wasmContenders } = await import('../../verify-backends.ts')
  const { verifyGraph } = await import('../../verify.ts')
  const contenders = [trellisContender(machine), ...wasmContenders()]
  const progress = await session.progress(runs, graph.name)
  const verification = await verifyGraph(graph, contenders, { runs, seed, step: progress.step }).finally(
    progress.stop,
  )
  if (json) session.printJson(verification)
  else session.print(verificationText(verification, session))
  session.report(complaints(verification, model))
  session.exitCode = exitCodeOf(verification.backends)
}

function seed(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value >= 2 ** 32)
    throw new InvalidArgumentError('Give a whole number below 2^32.')
  return value
}

export function exitCodeOf(verdicts: readonly Verdict[]): ExitCode {
  const is = (result: Verdict['result']) => verdicts.some((verdict) => verdict.result === result)
  if (is('different')) return EXIT.checkFailed
  return is('refused') ? EXIT.badInput : EXIT.done
}

function verificationText({ model, runs, seed, elements, backends }: Verification, session: Session): string {
  const style = session.terminal.out.style
  const table = new Table({
    ...TABLE_STYLE,
    head: ['backend', 'of', 'result'].map((text) => style.strong(text)),
  })
  const result = (verdict: Verdict): string => {
    switch (verdict.result) {
      case 'equal':
        return style.good('equal')
      case 'different':
        return style.error(`different in layer ${verdict.difference.layer ?? '?'}`)
      case 'refused':
        return style.error(`refused: ${verdict.diagnostics[0]?.code}`)
      case 'not_run':
        return `not run: ${verdict.reason}`
    }
  }
  for (const verdict of backends) {
    table.push([verdict.backend, verdict.target ?? verdict.variant ?? '', result(verdict)])
  }
  const heading = `${style.strong(model)} beside the reference: ${runs} ${runs === 1 ? 'run' : 'runs'} of seed ${seed}, ${elements} elements each`
  return `${heading}\n\n${table}`
}

/** What is wrong, as diagnostics. The variants of a backend refuse a model alike: each reason is told once. */
export function complaints({ seed, backends }: Verification, file: string): readonly Diagnostic[] {
  const found = new Map<string, Diagnostic>()
  for (const verdict of backends) {
    if (verdict.result === 'refused') {
      for (const diagnostic of verdict.diagnostics) found.set(JSON.stringify(diagnostic), diagnostic)
    }
    if (verdict.result === 'different') {
      const name = `${verdict.backend} ${verdict.target ?? verdict.variant}`
      found.set(name, differs(name, verdict.difference, seed, file))
    }
  }
  return [...found.values()]
}

function differs(name: string, difference: Difference, seed: number, file: string): Diagnostic {
  const { run, output, index, reference, got, differing, elements, layer } = difference
  return {
    code: 'check/different',
    severity: 'error',
    message: `${name} differs from the reference in ${differing} of ${elements} elements of output '${output}'`,
    span: { file },
    notes: [
      `in run ${run} of seed ${seed}, at [${index.join(', ')}]: ${got} instead of ${reference}`,
      ...(layer === undefined ? [] : [`the first layer that differs: ${layer}`]),
    ],
    hint: `this is a bug of the compiler: report it with the model, --seed ${seed} and --runs ${run + 1}`,
  }
}
