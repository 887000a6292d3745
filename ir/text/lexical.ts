/** How names and numbers are written in a text, and read back exactly. */

/** Names that need no quotes after `%`. */
const PLAIN_VALUE = /^[A-Za-z0-9_.]+$/
/** Words that can stand as an attribute's value without quotes. */
const PLAIN_WORD = /^[A-Za-z_][A-Za-z0-9_]*$/
const NOT_WORDS = new Set(['true', 'false', 'inf', 'nan'])

export function formatValueId(id: string): string {
  return PLAIN_VALUE.test(id) ? `%${id}` : `%${quote(id)}`
}

export function parseValueId(text: string): string {
  return text[1] === '"' ? unquote(text.slice(1)) : text.slice(1)
}

export function formatWord(word: string): string {
  return PLAIN_WORD.test(word) && !NOT_WORDS.has(word) ? word : quote(word)
}

export function quote(text: string): string {
  return JSON.stringify(text)
}

/** Throws a SyntaxError on an escape that JSON does not know. */
export function unquote(literal: string): string {
  return JSON.parse(literal)
}

/**
 * The shortest literal that `parseNumber` turns into the same number: an integer as it is, a float32 with the digits
 * that tell it from other float32 numbers, any other float64 with the suffix `d`.
 */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value)
  return Math.fround(value) === value ? shortestFloat32(value) : `${value}d`
}

/** The value of a NUMBER token. */
export function parseNumber(text: string): number {
  if (text.endsWith('inf')) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (text.endsWith('nan')) return Number.NaN
  if (text.endsWith('d')) return Number(text.slice(0, -1))
  const value = Number(text)
  return /[.e]/i.test(text) ? Math.fround(value) : value
}

/** A float32 needs at most 9 significant digits (IEEE 754-2019, 5.12.2). More digits never lose what fewer kept. */
function shortestFloat32(value: number): string {
  const digits = (precision: number) => Number(value.toPrecision(precision))
  const exact = (precision: number) => Math.fround(digits(precision)) === value
  // Almost all need 6 to 9: look there first.
  let precision = 6
  if (exact(precision)) while (precision > 1 && exact(precision - 1)) precision--
  else while (!exact(precision)) precision++
  const text = String(digits(precision))
  // Without a point or an exponent it would be read as an integer, which above 2^53 is not exact.
  return /[.e]/.test(text) ? text : `${text}.0`
}
