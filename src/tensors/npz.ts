/** NumPy's `.npz` files: a ZIP archive of `.npy` files, one an array, named by the arrays' keys. */
import { unzipSync, zipSync } from 'fflate'
import { attempt, fail, type Result, unwrap } from '../../ir/diagnostic.ts'
import { type NpyArray, readNpy, writeNpy } from './npy.ts'

/** More than this unpacked is refused: an archive of a few kilobytes can claim any size. */
const MAX_UNPACKED_BYTES = 2 ** 31

/** Written into every entry, the earliest a ZIP can hold, so that equal arrays give equal files. */
const ENTRY_TIME = new Date(1980, 0, 1)

/** Reads the bytes of a `.npz` file: its arrays by key, in the file's order. `file` names it in diagnostics. */
export function readNpz(bytes: Uint8Array, file: string): Result<ReadonlyMap<string, NpyArray>> {
  return attempt(() => {
    const arrays = new Map<string, NpyArray>()
    for (const [entry, content] of Object.entries(unpack(bytes, file))) {
      arrays.set(entry.replace(/\.npy$/, ''), unwrap(readNpy(content, `${file}:${entry}`)))
    }
    if (arrays.size === 0) {
      fail({
        code: 'npz/empty',
        message: 'the archive holds no array',
        span: { file },
        hint: 'write it with numpy.savez',
      })
    }
    return arrays
  })
}

/** The bytes of a `.npz` file. Keys may hold any character, as NumPy reads them back. */
export function writeNpz(arrays: ReadonlyMap<string, NpyArray>): Uint8Array {
  // A null prototype: a key such as `__proto__` is a name like any other.
  const entries: Record<string, Uint8Array> = Object.create(null)
  for (const [key, array] of arrays) entries[`${key}.npy`] = writeNpy(array)
  return zipSync(entries, { mtime: ENTRY_TIME })
}

function unpack(bytes: Uint8Array, file: string): Record<string, Uint8Array> {
  let total = 0
  try {
    return unzipSync(bytes, {
      filter: (entry) => {
        total += entry.originalSize
        if (total > MAX_UNPACKED_BYTES)
          throw new RangeError(`it unpacks to more than ${MAX_UNPACKED_BYTES} bytes`)
        return true
      },
    })
  } catch (error) {
    return fail({
      code: 'npz/not-zip',
      message: `the file cannot be unpacked as a .npz (ZIP) archive: ${(error as Error).message}`,
      span: { file },
      hint: 'write it with numpy.savez; a single array from numpy.save is a .npy file',
    })
  }
}
