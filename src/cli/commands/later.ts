/** Commands that are planned: asking for one says so, rather than that there is no such command. */
import type { Command } from 'commander'
import { failNotAvailable } from '../options.ts'

const LATER: Readonly<Record<string, string>> = {
  compress: 'give a model that is quantized already',
  explore: 'call "espalier simulate --json" with one target file after another',
}

export function addLaterCommands(program: Command): void {
  for (const [name, instead] of Object.entries(LATER)) {
    program
      .command(name, { hidden: true })
      .argument('[anything...]')
      .allowUnknownOption()
      .action(() => failNotAvailable(`the command ${name}`, instead))
  }
}
