/** Tensors in files as the command line names them: `X.npy`, `X.npz`, or `NAME=X.npy`, and outputs likewise. */
import { existsSync } from 'node:fs'
import { attempt, fail, type Result, unwrap } from '../../ir/diagnostic.ts'
import { checkWritable, readBytes, writeBytes } from '../files.ts'
import type { GivenArray } from './feed.ts'
import { type NpyArray, readNpy, writeNpy } from './npy.ts'
import { readNpz, writeNpz } from './npz.ts'

/** `PK`, with which every ZIP archive starts. */
const ZIP_MAGIC = [0x50, 0x4b]

/** The arrays that `--input` arguments name, in order. */
export function readArrays(specifications: readonly string[]): Result<readonly GivenArray[]> {
  return attempt(() => specifications.flatMap((specification) => readOne(specification)))
}

function readOne(specification: string): readonly GivenArray[] {
  const { name, file } = splitName(specification)
  const bytes = unwrap(readBytes(file))
  if (!ZIP_MAGIC.every((byte, i) => bytes[i] === byte)) {
    const array = unwrap(readNpy(bytes, file))
    return [name === undefined ? { file, array } : { name, file, array }]
  }
  const arrays = [...unwrap(readNpz(bytes, file))].map(([key, array]) => ({ name: key, file, array }))
  const [only] = arrays
  if (name === undefined) return arrays
  if (only !== undefined && arrays.length === 1) return [{ ...only, name }]
  return fail({
    code: 'input/archive-of-several',
    message: `the archive given for input '${name}' holds ${arrays.length} arrays`,
    span: { file },
    hint: "give the archive without a name, its keys being the inputs' names, or one .npy an input",
  })
}

/** The files that `--input` arguments name. */
export function inputFiles(specifications: readonly string[]): readonly string[] {
  return specifications.map((specification) => splitName(specification).file)
}

/** Names and paths may both hold `=`: the path starts after the last one that leaves the path of a file. */
function splitName(specification: string): { name?: string; file: string } {
  if (existsSync(specification)) return { file: specification }
  for (let at = specification.lastIndexOf('='); at > 0; at = specification.lastIndexOf('=', at - 1)) {
    const file = specification.slice(at + 1)
    if (existsSync(file)) return { name: specification.slice(0, at), file }
  }
  // No part is a file: say so of what stands after the first `=`.
  const at = specification.indexOf('=')
  if (at <= 0) return { file: specification }
  return { name: specification.slice(0, at), file: specification.slice(at + 1) }
}

/** One array, labels say, from a `.npy` file or a `.npz` of one. */
export function readArray(file: string): Result<NpyArray> {
  return attempt(() => {
    const arrays = readOne(file)
    const [only] = arrays
    if (only !== undefined && arrays.length === 1) return only.array
    return fail({
      code: 'input/archive-of-several',
      message: `one array is wanted, the archive holds ${arrays.length}`,
      span: { file },
      hint: 'save the one array with numpy.save',
    })
  })
}

/**
 * Writes outputs: one to a `.npy`, several to a `.npz` whose keys are their names. A name ending in `.npz` gets an
 * archive even of one; a `.npy` cannot hold several.
 */
export function writeArrays(file: string, arrays: ReadonlyMap<string, NpyArray>): Result<void> {
  return attempt(() => {
    unwrap(checkArrayFile(file, arrays.size))
    const [only] = arrays.values()
    const archive = file.endsWith('.npz') || only === undefined
    unwrap(writeBytes(file, archive ? writeNpz(arrays) : writeNpy(only)))
  })
}

/** Refuses a file that `count` arrays cannot be written to, before they are made. */
export function checkArrayFile(file: string, count: number): Result<void> {
  return attempt(() => {
    if (count > 1 && !file.endsWith('.npz')) {
      fail({
        code: 'output/several-arrays',
        message: `the model has ${count} outputs, a .npy file holds one array`,
        span: { file },
        hint: `name the file ${file.replace(/(\.npy)?$/, '.npz')}`,
      })
    }
    unwrap(checkWritable(file))
  })
}
