/**
 * Files in and out. What cannot be read or written is a diagnostic, and output is all or nothing: it is written beside
 * its place under another name and then renamed, so a failure leaves no half-written file behind.
 */
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { attempt, fail, nearest, type Result, unwrap } from '../ir/diagnostic.ts'

/** The bytes of a file; diagnostics `file/...`. */
export function readBytes(file: string): Result<Uint8Array> {
  return attempt(() => {
    try {
      return readFileSync(file)
    } catch (error) {
      return failToRead(file, error)
    }
  })
}

/** Writes a file whole, in place of an older one; diagnostics `output/...`. */
export function writeBytes(file: string, content: Uint8Array | string): Result<void> {
  return attempt(() => {
    const temporary = temporaryBeside(file)
    try {
      if (isFolder(file)) failToWrite(file, 'EISDIR')
      writeFileSync(temporary, content)
      renameSync(temporary, file)
    } catch (error) {
      failToWrite(file, error)
    } finally {
      discard(temporary)
    }
  })
}

/**
 * Writes a folder of files. A new folder appears whole. In one that exists, only files of the same names are replaced:
 * it may hold other things of the user's.
 */
export function writeFolder(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Result<void> {
  return attempt(() => {
    const temporary = temporaryBeside(folder)
    try {
      if (isFolder(folder) === false) failToWrite(folder, 'ENOTDIR')
      mkdirSync(temporary)
      for (const [name, content] of Object.entries(files)) writeFileSync(join(temporary, name), content)
      if (isFolder(folder)) {
        for (const name of Object.keys(files)) renameSync(join(temporary, name), join(folder, name))
      } else {
        renameSync(temporary, folder)
      }
    } catch (error) {
      failToWrite(folder, error)
    } finally {
      discard(temporary)
    }
  })
}

/**
 * Refuses a place where nothing can be written, or where a file stands that the work reads (`sources`), before the work whose
 * result is to go there.
 */
export function checkWritable(path: string, sources: readonly string[] = []): Result<void> {
  return attempt(() => {
    if (sources.some((source) => isSameFile(path, source))) {
      fail({
        code: 'output/overwrites-input',
        message: 'what is read would be overwritten',
        span: { file: path },
        hint: 'give another name',
      })
    }
    try {
      accessSync(dirname(path), constants.W_OK)
    } catch (error) {
      failToWrite(path, error)
    }
  })
}

/** `checkWritable` of the places of several results, which are no two the same; undefined is a result that is not wanted. */
export function checkOutputs(
  paths: readonly (string | undefined)[],
  sources: readonly string[],
): Result<void> {
  return attempt(() => {
    const given = paths.filter((path) => path !== undefined)
    const twice = given.find((path, i) => given.slice(0, i).some((other) => resolve(other) === resolve(path)))
    if (twice !== undefined) {
      fail({
        code: 'output/given-twice',
        message: 'two results would be written to one file',
        span: { file: twice },
        hint: 'give each a name of its own',
      })
    }
    for (const path of given) unwrap(checkWritable(path, sources))
  })
}

/** Whether a folder stands there; undefined where nothing does, as far as can be seen. */
export function isFolder(path: string): boolean | undefined {
  try {
    return statSync(path).isDirectory()
  } catch {
    return undefined
  }
}

/** Whether two names are of one file that exists. */
function isSameFile(a: string, b: string): boolean {
  try {
    const [one, other] = [statSync(a), statSync(b)]
    return one.dev === other.dev && one.ino === other.ino
  } catch {
    return false
  }
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
}

/** Removes what is left of a temporary, if it can be; the error that matters has been told already. */
function discard(temporary: string): void {
  try {
    rmSync(temporary, { force: true, recursive: true })
  } catch {
    // Its name may be one that the system never took.
  }
}

/** The system's code of an I/O error. Anything else is our bug, or a diagnostic already, and goes on. */
function systemCode(error: unknown): string {
  if (typeof error === 'string') return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === undefined) throw error
  return code
}

function failToRead(file: string, error: unknown): never {
  const code = systemCode(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const near = nearestFile(file)
    return fail({
      code: 'file/not-found',
      message: 'there is no such file',
      span: { file },
      hint: near === undefined ? 'check the path, relative to the current folder' : `did you mean ${near}?`,
    })
  }
  if (code === 'EISDIR') {
    return fail({
      code: 'file/is-folder',
      message: 'this is a folder; a file is needed',
      span: { file },
      hint: 'name a file in it',
    })
  }
  return fail({
    code: 'file/unreadable',
    message: `the file cannot be read (${code})`,
    span: { file },
    hint: 'check its permissions and size',
  })
}

/** The file of the same folder whose name is nearest to one that does not exist. */
function nearestFile(file: string): string | undefined {
  const folder = dirname(file)
  if (!isFolder(folder)) return undefined
  const near = nearest(basename(file), readdirSync(folder))
  return near === undefined ? undefined : join(folder, near)
}

function failToWrite(path: string, error: unknown): never {
  const code = systemCode(error)
  const parent = dirname(path)
  if ((code === 'ENOENT' || code === 'ENOTDIR') && !isFolder(parent)) {
    return fail({
      code: 'output/no-folder',
      message: `the folder ${parent} does not exist`,
      span: { file: path },
      hint: `make it first: mkdir -p ${parent}`,
    })
  }
  if (code === 'EISDIR' || code === 'ENOTDIR') {
    return fail({
      code: 'output/in-the-way',
      message:
        code === 'EISDIR' ? 'a folder of this name is in the way' : 'a file of this name is in the way',
      span: { file: path },
      hint: 'give another name, or remove it',
    })
  }
  return fail({
    code: 'output/not-writable',
    message: `nothing can be written there (${code})`,
    span: { file: path },
    hint: 'check the permissions of the folder and the space left on the disk',
  })
}
