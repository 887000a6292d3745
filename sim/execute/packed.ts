/** Elements below 8 bits in their bytes, the first in the lowest bits. `precision` is the logarithm of elements a byte. */

/** The element in the lowest `8 >> precision` bits of `bits`; at 1 bit -1 or +1. */
export function element(bits: number, precision: number, unsigned: boolean): number {
  if (precision === 3) return bits & 1 ? 1 : -1
  const width = 8 >> precision
  const code = bits & ((1 << width) - 1)
  return unsigned || code >> (width - 1) === 0 ? code : code - (1 << width)
}

/** Bits of a result: the lowest of its two's complement; at 1 bit 1 for what is positive. */
export function codeOf(value: number, precision: number): number {
  return precision === 3 ? Number(value > 0) : value & ((1 << (8 >> precision)) - 1)
}

const tables = new Map<string, Int8Array>()

/** For each byte its elements, one after another. */
export function unpackTable(precision: number, unsigned: boolean): Int8Array {
  const key = `${precision} ${unsigned}`
  const known = tables.get(key)
  if (known) return known
  const count = 1 << precision
  const table = new Int8Array(256 * count)
  for (let byte = 0; byte < 256; byte++) {
    for (let k = 0; k < count; k++)
      table[byte * count + k] = element(byte >> (k * (8 >> precision)), precision, unsigned)
  }
  tables.set(key, table)
  return table
}
