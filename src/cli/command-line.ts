/** The one door: builds the commands, runs the one asked for, and turns every outcome into an exit code. */
import { Command, CommanderError } from 'commander'
import { Diagnosed, type Diagnostic } from '../../ir/diagnostic.ts'
import { VERSION } from '../version.ts'
import { addArea } from './commands/area.ts'
import { addAsm } from './commands/asm.ts'
import { addBench } from './commands/bench.ts'
import { addCompare } from './commands/compare.ts'
import { addCompile } from './commands/compile.ts'
import { addDisasm } from './commands/disasm.ts'
import { addEvaluate } from './commands/evaluate.ts'
import { addInspect } from './commands/inspect.ts'
import { addLaterCommands } from './commands/later.ts'
import { addRtl } from './commands/rtl.ts'
import { addRun } from './commands/run.ts'
import { addSimulate } from './commands/simulate.ts'
import { addTargets } from './commands/targets.ts'
import { addVerify } from './commands/verify.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** In the order in which the help shows them. */
const COMMANDS = [
  addInspect,
  addCompile,
  addSimulate,
  addCompare,
  addRun,
  addEvaluate,
  addVerify,
  addBench,
  addAsm,
  addDisasm,
  addTargets,
  addRtl,
  addArea,
]

/** Runs one command line, without the program's name in front. Never throws. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const session = new Session(terminal)
  try {
    await buildProgram(session).parseAsync(args, { from: 'user' })
    return session.exitCode
  } catch (error) {
    return exitCodeOf(error, session)
  }
}

function buildProgram(session: Session): Command {
  const program = new Command('espalier')
    .description(
      'Compiles quantized neural networks: for the Trellis accelerator, which it simulates, and to WebAssembly.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('-q, --quiet', 'no progress and no messages; errors and results stay')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => session.print(text),
      writeErr: (text) => session.terminal.err.write(text),
      // Commander's errors become diagnostics below.
      outputError: () => {},
    })
    .hook('preAction', (_, command) => {
      session.quiet = command.optsWithGlobals().quiet === true
    })
  for (const add of COMMANDS) {
    add(program, session)
  }
  for (const command of program.commands) command.option('-q, --quiet', 'no progress and no messages')
  addLaterCommands(program)
  return program
}

function exitCodeOf(error: unknown, session: Session): ExitCode {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done
    // Without a command the help has been printed.
    if (error.code !== 'commander.help') session.report([usageDiagnostic(error)])
    return EXIT.badUsage
  }
  if (error instanceof Diagnosed) {
    session.report(error.diagnostics)
    return error.diagnostics.some((d) => d.code.startsWith('cli/')) ? EXIT.badUsage : EXIT.badInput
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error)
  session.terminal.err.write(
    `espalier ${VERSION} has a bug; please report it with this trace and the input:\n${trace}\n`,
  )
  return EXIT.bug
}

/** Commander says `error: what (Did you mean x?)`; the code `commander.unknownOption` becomes `cli/unknown-option`. */
function usageDiagnostic(error: CommanderError): Diagnostic {
  const text = error.message.replace(/^error: /, '')
  const suggestion = /\(Did you mean (.*)\?\)/s.exec(text)
  const kind = error.code.replace('commander.', '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return {
    code: `cli/${kind}`,
    severity: 'error',
    message: text.replace(suggestion?.[0] ?? '', '').trim(),
    hint: suggestion
      ? `did you mean ${suggestion[1]}?`
      : 'see "espalier --help", or "espalier COMMAND --help"',
  }
}
