/** Opening a model, or a compiled folder, to be run on one of the backends. */
import type { Buffer, Program } from '../backends/trellis/program.ts'
import type { Diagnostic, Result } from '../ir/diagnostic.ts'
import { isFolder } from './files.ts'
import { openProgram } from './open-program.ts'
import type { Executable } from './run.ts'
import { inputPorts, outputPorts, type Port } from './tensors/port.ts'

export const BACKENDS = ['reference', 'trellis'] as const
export type Backend = (typeof BACKENDS)[number]

/**
 * The model at `path`, ready to run. `reference` interprets the graph; `trellis` compiles it for `target`, the default
 * one if none is named, and runs the program on the simulated machine. A compiled folder has its target inside.
 */
export async function openExecutable(
  path: string,
  backend: Backend,
  target?: string,
): Promise<Result<Executable>> {
  if (isFolder(path) && backend === 'reference') return { ok: false, diagnostics: [compiledForTrellis(path)] }
  if (backend === 'trellis') return openTrellis(path, target)
  const { loadModel } = await import('./importers/index.ts')
  const loaded = await loadModel(path)
  if (!loaded.ok) return loaded
  const graph = loaded.value
  const { createInterpreter } = await import('../ir/interpreter.ts')
  const interpreter = createInterpreter(graph)
  return {
    ok: true,
    value: { name: graph.name, inputs: inputPorts(graph), outputs: outputPorts(graph), run: interpreter.run },
  }
}

async function openTrellis(path: string, target: string | undefined): Promise<Result<Executable>> {
  const program = await openProgram(path, target)
  return program.ok ? { ok: true, value: await trellisExecutable(program.value) } : program
}

/** A compiled program, run on the functional machine. */
export async function trellisExecutable(program: Program): Promise<Executable> {
  const { createTrellisRunner } = await import('./trellis-runner.ts')
  return {
    name: program.model,
    inputs: buffersAsPorts(program.inputs, program.batch),
    outputs: buffersAsPorts(program.outputs, program.batch),
    run: createTrellisRunner(program).run,
  }
}

/** A program works on one sample of the model's own batch; the model's ports hold all of it. */
function buffersAsPorts(buffers: readonly Buffer[], batch: number): readonly Port[] {
  return buffers.map(({ id, type }) => {
    const shape = batch === 1 ? type.shape : [batch, ...type.shape.slice(1)]
    return { name: id, type: { ...type, shape } }
  })
}

function compiledForTrellis(path: string): Diagnostic {
  return {
    code: 'model/compiled',
    severity: 'error',
    message: 'a compiled folder holds a program for Trellis, not the graph that the reference interprets',
    span: { file: path },
    hint: 'use --backend trellis, or give the model that was compiled',
  }
}
