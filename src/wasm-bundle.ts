/** Runs a bundle that `compile --target wasm` wrote, through its own files: what a page would load. */
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { tensorTypeOf } from '../backends/wasm/bundle/signature.ts'
import type { Model } from '../backends/wasm/runtime/runtime.js'
import type { RuntimePort } from '../backends/wasm/runtime/types.ts'
import { fail } from '../ir/diagnostic.ts'
import { requireCompiledFor } from './compiled-folder.ts'
import { readBytes } from './files.ts'
import type { Executable } from './run.ts'
import { modelExecutable } from './wasm-executable.ts'

/** What a bundle's index.js exports, as far as it is needed here. */
interface Bundle {
  readonly inputs: readonly RuntimePort[]
  readonly outputs: readonly RuntimePort[]
  readonly load: () => Promise<Model>
}

/**
 * The bundle in a folder, ready to run with the variant that it chooses here. Fails with `bundle/...` where it is
 * damaged, and with `model/compiled` where the folder holds something else.
 */
export async function bundleExecutable(folder: string): Promise<Executable> {
  requireCompiledFor('wasm', folder)
  const { inputs, outputs, load } = await importBundle(folder)
  const model = await load().catch((error) => refuse(folder, error))
  const ports = (list: readonly RuntimePort[]) =>
    list.map((port) => ({ name: port.name, type: tensorTypeOf(port) }))
  return modelExecutable(nameOf(folder), ports(inputs), ports(outputs), model)
}

let imports = 0

/** Imported anew each time, since the folder may have been written again. */
async function importBundle(folder: string): Promise<Bundle> {
  const url = pathToFileURL(join(realpathSync(folder), 'index.js'))
  url.search = `import=${imports++}`
  const bundle = await import(url.href).catch((error) => refuse(folder, error))
  if (typeof bundle.load === 'function') return bundle
  return refuse(folder, new TypeError('index.js does not export load'))
}

/** The package's name; the model's own stands in no file. */
function nameOf(folder: string): string {
  const bytes = readBytes(join(folder, 'package.json'))
  try {
    if (bytes.ok) return JSON.parse(new TextDecoder().decode(bytes.value)).name
  } catch {
    // The name is for messages only.
  }
  return folder
}

/** Whatever a bundle throws is for its user; a `ModelError` says what to do as well. */
function refuse(folder: string, error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error)
  return fail({
    code: 'bundle/unusable',
    message: `the bundle cannot be loaded: ${reason}`,
    span: { file: folder },
    hint: 'copy the folder whole, or compile the model again: espalier compile MODEL --target wasm -o DIR',
  })
}
