/** The mark by which the runtime knows a compiled module, of which it cannot see the bytes. */
import { crc32 } from '../runtime/runtime.js'

const SECTION = 'crc32'
const CUSTOM_SECTION_ID = 0

/** A module ended with a custom section that holds the CRC-32 of what precedes it, little-endian. */
export function stamped(module: Uint8Array): { readonly bytes: Uint8Array; readonly crc32: number } {
  const name = new TextEncoder().encode(SECTION)
  const crc = crc32(module)
  const stamp = new Uint8Array(3 + name.length + 4)
  stamp.set([CUSTOM_SECTION_ID, stamp.length - 2, name.length, ...name])
  new DataView(stamp.buffer).setUint32(stamp.length - 4, crc, true)
  const bytes = new Uint8Array(module.length + stamp.length)
  bytes.set(module)
  bytes.set(stamp, module.length)
  return { bytes, crc32: crc }
}
