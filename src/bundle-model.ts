/** From a graph to the files of its WebAssembly bundle. */
import type { BundleOptions } from '../backends/wasm/bundle/write-bundle.ts'
import type { Result } from '../ir/diagnostic.ts'
import type { Graph } from '../ir/graph.ts'
import { compileModelToWasm } from './pipeline.ts'

/**
 * The verified graph compiled to WebAssembly, as the files of an npm package by name, all in one folder: what
 * `espalier compile --target wasm` writes. The same graph gives the same bytes. Diagnostics: `wasm/...`.
 */
export async function bundleModel(
  graph: Graph,
  options: BundleOptions = {},
): Promise<Result<Readonly<Record<string, Uint8Array | string>>>> {
  const artifact = await compileModelToWasm(graph)
  if (!artifact.ok) return artifact
  const { writeBundle } = await import('../backends/wasm/bundle/write-bundle.ts')
  return { ok: true, value: writeBundle(artifact.value, options) }
}
