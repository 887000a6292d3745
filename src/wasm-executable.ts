/** Runs a model compiled to WebAssembly in this process, through the runtime that every bundle has. */
import type { Variant, WasmArtifact } from '../backends/wasm/artifact.ts'
import { signatureOf } from '../backends/wasm/bundle/signature.ts'
import {
  detectVariant,
  instantiate,
  type Model,
  ModelError,
  requireExact,
} from '../backends/wasm/runtime/runtime.js'
import { fail, must } from '../ir/diagnostic.ts'
import type { Executable } from './run.ts'

/** The artifact, ready to run. Fails as `instantiateArtifact` does. */
export async function wasmExecutable(artifact: WasmArtifact, variant?: Variant): Promise<Executable> {
  const { model: name, inputs, outputs } = artifact
  const model = await instantiateArtifact(artifact, variant)
  return {
    name,
    inputs,
    outputs,
    run(arrays) {
      const given = inputs.map((port, k) => [port.name, must(arrays[k], `input ${port.name}`)] as const)
      model.run(given.length === 1 ? given[0]?.[1] : Object.fromEntries(given))
      return outputs.map((port) => must(model.outputs[port.name], `output ${port.name}`).slice())
    },
  }
}

/**
 * An instance of the artifact's module `variant`, or of the fastest one that this engine executes exactly. Fails with
 * `wasm/no-simd` where it executes none, and with `wasm/variant-not-exact` where it does not execute `variant`.
 */
export async function instantiateArtifact(artifact: WasmArtifact, variant?: Variant): Promise<Model> {
  const chosen = runnable(variant)
  const module = await WebAssembly.compile(artifact.modules[chosen].slice())
  return instantiate(signatureOf(artifact), chosen, module, artifact.weights)
}

function runnable(variant: Variant | undefined): Variant {
  try {
    const fastest = detectVariant()
    if (variant !== undefined) requireExact(variant)
    return variant ?? fastest
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    return fail(
      error.code === 'no-simd'
        ? {
            code: 'wasm/no-simd',
            message: 'this engine has no 128-bit SIMD for WebAssembly',
            hint: 'use Node 20.19 or later on a processor that has SIMD, or --backend reference',
          }
        : {
            code: 'wasm/variant-not-exact',
            message: `this engine does not execute variant '${variant}' exactly`,
            hint: 'Node 24 has relaxed SIMD, signed or unsigned as the processor is; or leave the variant out',
          },
    )
  }
}
