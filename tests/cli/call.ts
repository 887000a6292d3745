/** Calls the command line in this process, with its output captured. */
import { runCommandLine } from '../../src/cli/command-line.ts'
import { styleOf } from '../../src/cli/style.ts'
import type { Channel } from '../../src/cli/terminal.ts'

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

export async function call(...args: string[]): Promise<Outcome> {
  const [out, err] = [captured(), captured()]
  const code = await runCommandLine(args, { out, err })
  return { code, out: out.text(), err: err.text() }
}

function captured(): Channel & { text: () => string } {
  const parts: string[] = []
  return { write: (text) => void parts.push(text), style: styleOf(0), text: () => parts.join('') }
}
