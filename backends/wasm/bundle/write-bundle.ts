/** A compiled model as a folder of files that npm, browsers, workers and bundlers take as it is. */
import { readFileSync } from 'node:fs'
import { VARIANTS, type WasmArtifact } from '../artifact.ts'
import { crc32 } from '../runtime/runtime.js'
import { entryPoint } from './entry-point.ts'
import { packageJson, packageName } from './package-json.ts'
import { readme } from './readme.ts'
import { signatureOf } from './signature.ts'
import { stamped } from './stamp.ts'
import { typeDeclarations } from './type-declarations.ts'

export interface BundleOptions {
  /** Of the package; else the model's name, made legal. */
  readonly name?: string
  /** Of the model, as an SPDX expression; left out where it is not known. */
  readonly license?: string
}

/** A file that `load` fetches: its name in the bundle, its length, and what its content is checked against. */
export interface BundleFile {
  readonly name: string
  readonly bytes: number
  readonly crc32: number
}

/** The files of the bundle, by name: all in one folder. */
export function writeBundle(
  artifact: WasmArtifact,
  options: BundleOptions = {},
): Readonly<Record<string, Uint8Array | string>> {
  const { model, weights } = artifact
  const signature = signatureOf(artifact)
  const name = options.name ?? packageName(model)
  const modules = VARIANTS.map((variant) => {
    const { bytes, crc32 } = stamped(artifact.modules[variant])
    const file = { name: `${variant.replaceAll('_', '-')}.wasm`, bytes: bytes.length, crc32 }
    return { variant, file, bytes }
  })
  const weightsFile = { name: 'weights.bin', bytes: weights.length, crc32: crc32(weights) }
  const moduleFiles = modules.map(({ variant, file }) => [variant, file] as const)
  return {
    'package.json': packageJson(name, model, options.license, [
      ...modules.map(({ file }) => file.name),
      weightsFile.name,
    ]),
    'README.md': readme(name, model, signature, moduleFiles, weightsFile),
    'index.js': entryPoint(model, signature, moduleFiles, weightsFile),
    'index.d.ts': typeDeclarations(model, signature),
    'runtime.js': readFileSync(new URL('../runtime/runtime.js', import.meta.url), 'utf8'),
    ...Object.fromEntries(modules.map(({ file, bytes }) => [file.name, bytes])),
    [weightsFile.name]: weights,
  }
}
