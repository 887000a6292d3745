/** Colour, in one place. Nothing else imports chalk; reports take a `Style` and name what a text is, not its colour. */
import { Chalk, type ColorSupportLevel, supportsColor, supportsColorStderr } from 'chalk'

export interface Style {
  readonly error: (text: string) => string
  readonly warning: (text: string) => string
  /** What to do next. */
  readonly hint: (text: string) => string
  /** Places, units and other things to look at second. */
  readonly dim: (text: string) => string
  /** Headings and totals. */
  readonly strong: (text: string) => string
  readonly good: (text: string) => string
}

/** A style of so many colours; 0 leaves every text as it is. */
export function styleOf(level: ColorSupportLevel): Style {
  const chalk = new Chalk({ level })
  return {
    error: chalk.red.bold,
    warning: chalk.yellow.bold,
    hint: chalk.cyan,
    dim: chalk.dim,
    strong: chalk.bold,
    good: chalk.green,
  }
}

/** The style for a stream of this process: plain unless it is a terminal, and where NO_COLOR is set (no-color.org). */
export function processStyle(stream: 'stdout' | 'stderr'): Style {
  const support = stream === 'stdout' ? supportsColor : supportsColorStderr
  if (process.env.NO_COLOR || !process[stream].isTTY || support === false) return styleOf(0)
  return styleOf(support.level)
}
