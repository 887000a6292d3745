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
import type { Port } from './tensors/port.ts'

/** What an engine must have to execute a variant exactly, in words that follow "it needs". */
export const VARIANT_NEEDS: { readonly [V in Variant]: string } = {
  relaxed_unsigned: 'relaxed SIMD (Node 22 or later) on x86 with VNNI',
  relaxed_signed: 'relaxed SIMD (Node 22 or later) on Arm',
  plain: '128-bit SIMD (Node 20.19 or later)',
}

/** The artifact, ready to run. Fails as `instantiateArtifact` does. */
export async function wasmExecutable(artifact: WasmArtifact, variant?: Variant): Promise<Executable> {
  const { model: name, inputs, outputs } = artifact
  return modelExecutable(name, inputs, outputs, await instantiateArtifact(artifact, variant))
}

/** An instance of a compiled model as what `run` and `evaluate` take. */
export function modelExecutable(
  name: string,
  inputs: readonly Port[],
  outputs: readonly Port[],
  model: Model,
): Executable {
  return {
    name,
    inputs,
    outputs,
    run(arrays) {
      const given = inputs.map((port, k) => [port.name, must(arrays[k], `input ${port.name}`)] as const)
      const results = model.run(given.length === 1 ? given[0]?.[1] : Object.fromEntries(given))
      return outputs.length === 1 ? [results] : outputs.map((port) => results[port.name])
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
