import type { Command } from 'commander'
import { unwrap } from '../../../ir/diagnostic.ts'
import { readBytes, writeBytes } from '../../files.ts'
import type { Session } from '../session.ts'

export function addDisasm(program: Command, session: Session): void {
  program
    .command('disasm')
    .summary('instructions to assembly text')
    .description('Prints a program as assembly text. "asm" is the exact inverse.')
    .argument('<file.bin>', 'instructions, a program.bin say')
    .option('-o, --output <file.s>', 'a file for the text; without it the text is printed')
    .action(async (file: string, flags: { output?: string }) => {
      const { disassemble } = await import('../../../backends/trellis/isa/assembler.ts')
      const text = unwrap(disassemble(unwrap(readBytes(file)), file))
      if (flags.output === undefined) session.print(text)
      else unwrap(writeBytes(flags.output, text))
    })
}
