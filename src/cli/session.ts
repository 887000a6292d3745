/** One call of the command line: what every command needs, and the exit code it ends with. */
import type { Diagnostic } from '../../ir/diagnostic.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { renderDiagnostic } from './render.ts'
import type { Terminal } from './terminal.ts'

export interface Progress {
  readonly step: () => void
  readonly stop: () => void
}

/** Shorter work than this many steps shows no bar. */
const STEPS_WORTH_A_BAR = 4

export class Session {
  readonly terminal: Terminal
  exitCode: ExitCode = EXIT.done
  /** Set by --quiet: nothing but results and errors. */
  quiet = false

  constructor(terminal: Terminal) {
    this.terminal = terminal
  }

  /** A result on standard output. */
  print(text: string): void {
    this.terminal.out.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  /** The one JSON object that --json asks for. */
  printJson(value: unknown): void {
    this.print(JSON.stringify(value, null, 2))
  }

  /** A message on standard error. */
  say(text: string): void {
    if (!this.quiet) this.terminal.err.write(`${text}\n`)
  }

  readonly warn = (diagnostic: Diagnostic): void => {
    if (!this.quiet) this.terminal.err.write(renderDiagnostic(diagnostic, this.terminal.err.style))
  }

  report(diagnostics: readonly Diagnostic[]): void {
    for (const d of diagnostics) this.terminal.err.write(renderDiagnostic(d, this.terminal.err.style))
  }

  /** A progress bar of `total` steps, shown on a terminal only. */
  async progress(total: number, what: string): Promise<Progress> {
    const stream = this.terminal.err.live
    if (stream === undefined || this.quiet || total < STEPS_WORTH_A_BAR)
      return { step: () => {}, stop: () => {} }
    const { SingleBar } = await import('cli-progress')
    const format = `${what} [{bar}] {value}/{total}, {eta_formatted} left`
    const bar = new SingleBar({ format, stream, clearOnComplete: true, hideCursor: true })
    bar.start(total, 0)
    return { step: () => bar.increment(), stop: () => bar.stop() }
  }
}
