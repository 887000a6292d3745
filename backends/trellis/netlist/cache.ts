/** Files that take long to make, kept by the hash of what they are made from. */
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Beside the installed packages, or where these cannot be written, with the system's temporary files. */
const FOLDERS = [resolve('node_modules/.cache/espalier'), join(tmpdir(), 'espalier')]

/** The name of what is made from `parts`, which can be written as JSON. */
export function cacheName(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** The path of a file that was kept. */
export function cached(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** Keeps a copy of a file; gives its path, or that of `file` itself where nothing can be kept. */
export function keep(file: string, name: string): string {
  for (const folder of FOLDERS) {
    const path = join(folder, name)
    try {
      mkdirSync(folder, { recursive: true })
      // Another process may keep the same: only whole files are ever seen.
      const partial = `${path}.${process.pid}`
      copyFileSync(file, partial)
      renameSync(partial, path)
      return path
    } catch {
      // Not writable: the next folder.
    }
  }
  return file
}
