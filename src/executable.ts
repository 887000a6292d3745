/** Opening a model, or a compiled folder, to be run on one of the backends. */
import type { Buffer, Program } from '../backends/trellis/program.ts'
import { attemptAsync, fail, type Result, unwrap } from '../ir/diagnostic.ts'
import type { Graph } from '../ir/graph.ts'
import { isFolder } from './files.ts'
import type { LoadOptions } from './importers/index.ts'
import { openProgram, refuseBatch } from './open-program.ts'
import type { Executable } from './run.ts'
import { inputPorts, outputPorts, type Port } from './tensors/port.ts'

export const BACKENDS = ['reference', 'trellis', 'wasm'] as const
export type Backend = (typeof BACKENDS)[number]

/**
 * The model at `path`, ready to run. `reference` interprets the graph. `trellis` compiles it for `target`, the default
 * one if none is named, and runs the program on the simulated machine; a compiled folder has its target inside. `wasm`
 * compiles it to WebAssembly, or takes a bundle's folder, and runs the fastest module that is exact in this process.
 */
export function openExecutable(
  path: string,
  backend: Backend,
  target?: string,
  options: LoadOptions = {},
): Promise<Result<Executable>> {
  return attemptAsync(async () => {
    if (backend === 'trellis') return trellisExecutable(unwrap(await openProgram(path, target, options)))
    if (target !== undefined) refuseTarget(backend)
    return backend === 'wasm' ? openWasm(path, options) : referenceExecutable(await openGraph(path, options))
  })
}

async function openGraph(path: string, options: LoadOptions): Promise<Graph> {
  const { loadModel } = await import('./importers/index.ts')
  return unwrap(await loadModel(path, options))
}

async function referenceExecutable(graph: Graph): Promise<Executable> {
  const { createInterpreter } = await import('../ir/interpreter.ts')
  const { run } = createInterpreter(graph)
  return { name: graph.name, inputs: inputPorts(graph), outputs: outputPorts(graph), run }
}

async function openWasm(path: string, options: LoadOptions): Promise<Executable> {
  if (isFolder(path)) {
    refuseBatch(path, options)
    const { bundleExecutable } = await import('./wasm-bundle.ts')
    return bundleExecutable(path)
  }
  const { compileModelToWasm } = await import('./pipeline.ts')
  const artifact = unwrap(await compileModelToWasm(await openGraph(path, options)))
  const { wasmExecutable } = await import('./wasm-executable.ts')
  return wasmExecutable(artifact)
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

function refuseTarget(backend: Backend): never {
  return fail({
    code: 'cli/conflicting-option',
    message: `--target is for the backend trellis: ${backend} has no targets`,
    hint: 'leave --target out, or add --backend trellis',
  })
}
