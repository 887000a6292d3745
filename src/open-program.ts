/** From what a user names, a model or a folder that `compile` wrote, to a program for Trellis. */
import { join } from 'node:path'
import type { Program } from '../backends/trellis/program.ts'
import { attempt, type Diagnostic, fail, type Result, unwrap } from '../ir/diagnostic.ts'
import { requireCompiledFor } from './compiled-folder.ts'
import { isFolder, readBytes } from './files.ts'
import type { LoadOptions } from './importers/index.ts'

/** The program at `path`: read and verified where it is a compiled folder, else compiled from the model. */
export async function openProgram(
  path: string,
  target?: string,
  options: LoadOptions = {},
): Promise<Result<Program>> {
  return isFolder(path) ? openFolder(path, target, options) : compileFile(path, target, options)
}

/** What is compiled has its batch inside. */
export function refuseBatch(folder: string, { batch }: LoadOptions): void {
  if (batch === undefined) return
  fail({
    code: 'cli/conflicting-option',
    message: 'a compiled folder has its batch inside: --batch does not apply',
    span: { file: folder },
    hint: 'leave --batch out, or compile the model with it',
  })
}

/** The model at `path`, compiled for `target`: a preset's name or a file, the default preset if none is named. */
export async function compileFile(
  path: string,
  target?: string,
  options: LoadOptions = {},
): Promise<Result<Program>> {
  const { loadTarget } = await import('../backends/trellis/target.ts')
  const machine = loadTarget(target)
  if (!machine.ok) return machine
  const { loadModel } = await import('./importers/index.ts')
  const graph = await loadModel(path, options)
  if (!graph.ok) return graph
  const { compileModel } = await import('./pipeline.ts')
  return compileModel(graph.value, machine.value)
}

async function openFolder(
  folder: string,
  target: string | undefined,
  options: LoadOptions,
): Promise<Result<Program>> {
  const { IMAGE_FILES, readProgram } = await import('../backends/trellis/image.ts')
  const { verifyProgram } = await import('../backends/trellis/verify-program.ts')
  return attempt(() => {
    requireCompiledFor('trellis', folder)
    if (target !== undefined) {
      fail({
        code: 'cli/conflicting-option',
        message: 'a compiled folder has its target inside: --target does not apply',
        span: { file: folder },
        hint: 'leave --target out, or compile the model for that target',
      })
    }
    refuseBatch(folder, options)
    const files: Record<string, Uint8Array> = {}
    for (const name of IMAGE_FILES) {
      const bytes = readBytes(join(folder, name))
      // A file that is missing is told by the reader, which knows what it is for.
      if (bytes.ok) files[name] = bytes.value
      else if (bytes.diagnostics.some((d) => d.code !== 'file/not-found')) unwrap(bytes)
    }
    const program = unwrap(readProgram(files, folder))
    const errors = verifyProgram(program).filter((d: Diagnostic) => d.severity === 'error')
    if (errors.length > 0) unwrap({ ok: false, diagnostics: errors })
    return program
  })
}
