import { statSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { unwrap } from '../../../ir/diagnostic.ts'
import { refuseToReplace } from '../../compiled-folder.ts'
import { checkWritable, writeFolder } from '../../files.ts'
import { compileFile } from '../../open-program.ts'
import { batchOption, compileTargetOption, MODEL_HELP, WASM_TARGET } from '../options.ts'
import type { Session } from '../session.ts'
import { counted } from '../table-style.ts'

export function addCompile(program: Command, session: Session): void {
  program
    .command('compile')
    .summary('compile a model for a Trellis target, or to WebAssembly')
    .description(
      'Compiles a model and writes a folder. For Trellis: program.bin (instructions), weights.bin (constants), program.s (for people) and manifest.json. For wasm: a package for npm, whose README.md says how it is used.',
    )
    .argument('<model>', MODEL_HELP)
    .requiredOption('-o, --output <dir>', 'the folder to write')
    .addOption(compileTargetOption())
    .addOption(batchOption())
    .action(async (model: string, flags: Flags) => {
      unwrap(checkWritable(flags.output))
      const isWasm = flags.target === WASM_TARGET
      refuseToReplace(isWasm ? 'wasm' : 'trellis', flags.output)
      session.say(await (isWasm ? compileToWasm : compileForTrellis)(model, flags))
    })
}

interface Flags {
  readonly output: string
  readonly target?: string
  readonly batch?: number
}

async function compileForTrellis(model: string, { output, target, ...load }: Flags): Promise<string> {
  const program = unwrap(await compileFile(model, target, load))
  const { writeProgram } = await import('../../../backends/trellis/image.ts')
  const files = writeProgram(program)
  unwrap(writeFolder(output, { ...files }))
  const hosted = program.steps.filter((step) => 'host' in step).length
  return (
    `${program.model} for ${program.target.name} -> ${output}: ${files['program.bin'].length} bytes of instructions, ` +
    `${files['weights.bin'].length} of constants, ${hosted} host ops; ` +
    `about ${program.estimatedCycles} cycles, at least ${program.lowerBound.cycles}`
  )
}

async function compileToWasm(model: string, { output, ...load }: Flags): Promise<string> {
  const { loadModel } = await import('../../importers/index.ts')
  const graph = unwrap(await loadModel(model, load))
  const { bundleModel } = await import('../../bundle-model.ts')
  const files = unwrap(await bundleModel(graph))
  unwrap(writeFolder(output, files))
  const sizes = Object.entries(files).map(([name, content]) => [name, Buffer.byteLength(content)] as const)
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0)
  const binaries = sizes.filter(([name]) => /\.(wasm|bin)$/.test(name))
  return (
    `${graph.name} for WebAssembly -> ${output}: ${sizes.length} files of ${counted(total)} bytes in all, ` +
    `beside ${counted(statSync(model).size)} of ${basename(model)}; ` +
    binaries.map(([name, bytes]) => `${name} ${counted(bytes)}`).join(', ')
  )
}
