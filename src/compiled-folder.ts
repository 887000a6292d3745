/** Folders that `compile` wrote: which they are, and the answer where another was wanted. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../ir/diagnostic.ts'

export type CompiledFor = 'trellis' | 'wasm'

/** The files without which a folder is not what it is taken for. */
const MARKS: { readonly [C in CompiledFor]: readonly string[] } = {
  trellis: ['manifest.json'],
  wasm: ['index.js', 'runtime.js', 'weights.bin'],
}

const NAMES: { readonly [C in CompiledFor]: string } = {
  trellis: 'a program for Trellis',
  wasm: 'a bundle for WebAssembly',
}

/** Fails with `model/compiled` if the folder holds the other of the two, and with `bundle/missing-file` for no bundle. */
export function requireCompiledFor(wanted: CompiledFor, folder: string): void {
  const missing = missingMark(wanted, folder)
  if (missing === undefined) return
  const found = compiledFor(folder)
  if (found !== undefined) {
    fail({
      code: 'model/compiled',
      message: `the folder holds ${NAMES[found]}, not ${NAMES[wanted]}`,
      span: { file: folder },
      hint: `run it with --backend ${found}, or compile the model again with --target ${wanted === 'wasm' ? 'wasm' : 'TARGET'}`,
    })
  }
  // What a program lacks its reader tells better.
  if (wanted === 'wasm') {
    fail({
      code: 'bundle/missing-file',
      message: `the folder has no ${missing}, so it is no bundle for WebAssembly`,
      span: { file: folder },
      hint: 'make one: espalier compile MODEL --target wasm -o DIR',
    })
  }
}

/** Fails with `model/compiled` for such a folder in place of a model. */
export function refuseCompiled(folder: string): void {
  const found = compiledFor(folder)
  if (found === undefined) return
  fail({
    code: 'model/compiled',
    message: `the folder holds ${NAMES[found]}; the model that was compiled is needed`,
    span: { file: folder },
    hint: `give the .tflite, .onnx or .esp file, or run the folder with --backend ${found}`,
  })
}

/** Fails with `output/in-the-way` for a folder compiled for the other of the two: files of both have the same names. */
export function refuseToReplace(wanted: CompiledFor, folder: string): void {
  const found = compiledFor(folder)
  if (found === undefined || found === wanted) return
  fail({
    code: 'output/in-the-way',
    message: `the folder holds ${NAMES[found]}, of which files would be overwritten`,
    span: { file: folder },
    hint: 'give another folder, or remove this one',
  })
}

function compiledFor(folder: string): CompiledFor | undefined {
  return (['trellis', 'wasm'] as const).find((kind) => missingMark(kind, folder) === undefined)
}

function missingMark(kind: CompiledFor, folder: string): string | undefined {
  return MARKS[kind].find((file) => !existsSync(join(folder, file)))
}
