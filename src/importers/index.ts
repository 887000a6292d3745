/** The one door for models: a file of any known format in, a verified graph out. */
import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { attempt, fail, type Result, unwrap } from '../../ir/diagnostic.ts'
import type { Graph } from '../../ir/graph.ts'
import type { ReadSidecar } from '../../ir/text/index.ts'
import { refuseCompiled } from '../compiled-folder.ts'
import { readBytes } from '../files.ts'
import { guess, isOnnx, type ModelFormat, promisedFormat, sniff } from './format.ts'
import { importTflite, isTflite } from './tflite/index.ts'
import { verified } from './verified.ts'

export type { ModelFormat } from './format.ts'

export interface LoadOptions {
  /** What a batch becomes that the file leaves open: 1, unless given. */
  readonly batch?: number
}

/** A FlatBuffers file cannot be larger, and Node reads no more at once. */
const MAX_FILE_BYTES = 2 ** 31 - 1

/**
 * The graph of a `.tflite`, `.onnx` or `.esp` file (the latter two with weights beside them). Diagnostics: `file/...` if
 * it cannot be read, `model/...` if it is no model, then those of the format.
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<Result<Graph>> {
  const bytes = attempt(() => {
    refuseUnreadable(path)
    return unwrap(readBytes(path))
  })
  if (!bytes.ok) return bytes
  return loadModelBytes(bytes.value, path, (name) => readBytes(join(dirname(path), name)), options)
}

/** The same from bytes; `file` names them in diagnostics and tells the format where the content does not. */
export async function loadModelBytes(
  bytes: Uint8Array,
  file: string,
  readSidecar: ReadSidecar,
  options: LoadOptions = {},
): Promise<Result<Graph>> {
  const format = sniff(bytes, file)
  if (options.batch !== undefined && format !== undefined && format !== 'onnx') {
    return attempt(() => refuseBatch(file))
  }
  switch (format) {
    case 'tflite':
      return importTflite(bytes, file)
    case 'onnx': {
      const { importOnnx } = await import('./onnx/index.ts')
      return importOnnx(bytes, file, readSidecar, options)
    }
    case 'esp': {
      // The parser's library takes a tenth of a second to load, which other formats need not wait for.
      const { parse } = await import('../../ir/text/index.ts')
      const text = new TextDecoder().decode(bytes)
      return attempt(() => verified(unwrap(parse(text, file, readSidecar)), file))
    }
    case undefined:
      return attempt(() => refuseForeign(bytes, file))
  }
}

/** Only ONNX files leave the batch open. */
function refuseBatch(file: string): never {
  return fail({
    code: 'model/fixed-batch',
    message: 'the model has a fixed size of its batch: another cannot be asked for',
    span: { file },
    hint: 'leave --batch out, or export the model as ONNX with an open batch',
  })
}

/** The format of a file that `loadModel` has read: that of its content, whatever its name. */
export function formatOf(path: string): ModelFormat {
  const head = new Uint8Array(8)
  const file = openSync(path, 'r')
  try {
    readSync(file, head)
  } finally {
    closeSync(file)
  }
  if (isTflite(head)) return 'tflite'
  return isOnnx(head, path) ? 'onnx' : 'esp'
}

/** Refuses what `readBytes` would choke on: devices and pipes never end, and huge files do not fit. */
function refuseUnreadable(path: string): void {
  const status = statusOf(path)
  if (!status) return
  if (status.isDirectory()) {
    refuseCompiled(path)
    return
  }
  if (!status.isFile()) {
    fail({
      code: 'model/not-a-file',
      message: 'this is a device or a pipe, not a file',
      span: { file: path },
      hint: 'save the model to a file first',
    })
  }
  if (status.size > MAX_FILE_BYTES) {
    fail({
      code: 'model/too-large',
      message: `the file has ${(status.size / 2 ** 30).toFixed(1)} GiB; at most 2 GiB can be read`,
      span: { file: path },
      hint: 'is this the model?',
    })
  }
}

/** Undefined where `readBytes` will say what is wrong. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function refuseForeign(bytes: Uint8Array, file: string): never {
  if (bytes.length === 0) {
    fail({
      code: 'model/empty',
      message: 'the file is empty',
      span: { file },
      hint: 'was it written, or fetched, to the end?',
    })
  }
  const { what, hint } = guess(bytes)
  const promised = promisedFormat(file)
  fail({
    code: 'model/foreign',
    message: `this is not a model${promised ? `, in spite of its name` : ''}: it looks like ${what}`,
    span: { file },
    hint: hint ?? 'give a .tflite, .onnx or .esp file',
  })
}
