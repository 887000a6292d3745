/** Models and reference tensors of the zoo beside the repository, where it is. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOTS = [join(import.meta.dirname, '../../../shared/zoo'), join(import.meta.dirname, '../../../shared/zoo/own')]

export function zooFile(folder: 'models' | 'reference' | 'data', name: string): string | undefined {
  return ROOTS.map((root) => join(root, folder, name)).find((path) => existsSync(path))
}

export function zooBytes(folder: 'models' | 'reference' | 'data', name: string): Uint8Array | undefined {
  const path = zooFile(folder, name)
  return path === undefined ? undefined : readFileSync(path)
}
