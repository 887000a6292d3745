import type { Command } from 'commander'
import { unwrap } from '../../../ir/diagnostic.ts'
import { readBytes, writeBytes } from '../../files.ts'
import type { Session } from '../session.ts'

export function addAsm(program: Command, session: Session): void {
  program
    .command('asm')
    .summary('assembly text to instructions')
    .description('Assembles a program. "disasm" is the exact inverse.')
    .argument('<file.s>', 'assembly text')
    .requiredOption('-o, --output <file.bin>', 'where the instructions go')
    .action(async (file: string, flags: { output: string }) => {
      const { assemble } = await import('../../../backends/trellis/isa/assembler.ts')
      const text = new TextDecoder().decode(unwrap(readBytes(file)))
      const bytes = unwrap(assemble(text, file))
      unwrap(writeBytes(flags.output, bytes))
      session.say(`${bytes.length} bytes -> ${flags.output}`)
    })
}
