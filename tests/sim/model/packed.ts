/** Bytes of elements below 8 bits, as the naive machine sees them. */

/** The elements of a byte, the first in the lowest bits. */
export function elements(byte: number, precision: number, unsigned: boolean): number[] {
  const width = 8 >> precision
  return Array.from({ length: 1 << precision }, (_, k) => {
    const code = ((byte & 0xff) >> (k * width)) & ((1 << width) - 1)
    if (width === 1) return 2 * code - 1
    return code >= 1 << (width - 1) && !(unsigned && width < 8) ? code - (1 << width) : code
  })
}

export function largest(bytes: readonly number[], precision: number, unsigned: boolean): number {
  const width = 8 >> precision
  const each = bytes.map((byte) => elements(byte, precision, unsigned))
  return Array.from({ length: 1 << precision }, (_, k) => {
    const most = Math.max(...each.map((e) => e[k] as number))
    return (width === 1 ? Number(most > 0) : most & ((1 << width) - 1)) << (k * width)
  }).reduce((byte, code) => byte | code, 0)
}
