/** Bundles as packages in the node_modules of a folder of their own, and what imports them. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Variant, WasmArtifact } from '../../../backends/wasm/artifact.ts'
import { type BundleOptions, writeBundle } from '../../../backends/wasm/bundle/write-bundle.ts'
import type { Model } from '../../../backends/wasm/runtime/runtime.js'
import type { LoadOptions, RuntimePort } from '../../../backends/wasm/runtime/types.ts'

/** What a bundle's index.js exports. */
export interface BundleModule {
  readonly inputs: readonly RuntimePort[]
  readonly outputs: readonly RuntimePort[]
  readonly load: (options?: LoadOptions) => Promise<Model>
  readonly detectVariant: () => Variant
}

export interface InstalledBundle {
  readonly name: string
  /** The package's own folder. */
  readonly folder: string
  readonly files: Readonly<Record<string, Uint8Array | string>>
}

/** A folder that `remove` takes away again. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'bundle-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export function install(root: string, artifact: WasmArtifact, options?: BundleOptions): InstalledBundle {
  const files = writeBundle(artifact, options)
  const { name } = JSON.parse(String(files['package.json'])) as { name: string }
  const folder = join(root, 'node_modules', name)
  for (const [file, content] of Object.entries(files)) put(join(folder, file), content)
  return { name, folder, files }
}

export function put(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

let imports = 0

/** The bundle, imported anew: it has fetched nothing yet. */
export function importBundle({ folder }: InstalledBundle): Promise<BundleModule> {
  const url = `${pathToFileURL(join(folder, 'index.js'))}?import=${imports++}`
  return import(/* @vite-ignore */ url)
}

/** What a script prints that Node runs in `root`; fails with what it complains of. */
export function runNode(
  root: string,
  script: string,
  {
    node = process.execPath,
    flags = [],
  }: { readonly node?: string; readonly flags?: readonly string[] } = {},
): string {
  const file = join(root, 'script.mjs')
  put(file, script)
  const { status, stdout, stderr } = spawnSync(node, [...flags, file], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${flags.join(' ')} ended with ${status}:\n${stderr}`)
  return stdout.trim()
}
