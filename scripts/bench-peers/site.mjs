/** What the pages of both benchmarks are served: the engines, the models, and bundles that are compiled for them. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '../static-server.mjs'
import { withInt8 } from './litert-int8.mjs'
import { modelBytes, modelFile, ZOO } from './models.mjs'

const HERE = import.meta.dirname
const ROOT = join(HERE, '../..')
export const PACKAGES = join(HERE, 'node_modules')

/** Installs the other engines where they are missing. */
export function installEngines() {
  if (!existsSync(PACKAGES)) execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: HERE, stdio: 'inherit' })
}

/** @param more further mounts, with the options of `serve` */
export function serveEngines({ bundles, ...more }, options = {}) {
  const mounts = {
    litert: join(PACKAGES, '@litertjs'),
    ort: join(PACKAGES, 'onnxruntime-web'),
    zoo: ZOO,
    bundles,
    ...more,
  }
  return serve(mounts, { ...options, edits: { '/litert/core/dist/index.js': withInt8 } })
}

/** Compiles the bundle of a model into `bundles`; its size beside that of the file it was made from. */
export function makeBundle(name, bundles) {
  const folder = join(bundles, name)
  process.stderr.write(`compiling ${name}\n`)
  const command = ['compile', modelFile(name), '--target', 'wasm', '-o', folder, '--quiet']
  execFileSync(process.execPath, [join(ROOT, 'dist/src/cli/main.js'), ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const bundle = readdirSync(folder, { recursive: true })
    .map((file) => statSync(join(folder, file)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
  return { name, bundle, tflite: modelBytes(name) }
}
