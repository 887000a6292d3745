/** Numbers as people read them; exact values are in tables and tooltips. */

/** 1,234,567. */
export function counted(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 })
}

const STEPS = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const

/** 1.23 M: three digits, for axes and labels. */
export function short(value: number): string {
  const [size, prefix] = STEPS.find(([step]) => Math.abs(value) >= step) ?? [1, '']
  return `${digits(value / size)}${prefix && ` ${prefix}`}`
}

/** Three significant digits, no exponent. */
export function digits(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

/** 12.3 %. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : ''
}

/** 1.23, or nothing where there is no bound. */
export function ratio(value: number, bound: number): string {
  return bound > 0 ? (value / bound).toFixed(2) : ''
}

/** 16 KiB. */
export function kibibytes(bytes: number): string {
  return bytes < 1024 ? `${counted(bytes)} B` : `${digits(bytes / 1024)} KiB`
}

/** 64 MiB, or 16 KiB where it is less than one. */
export function mebibytes(bytes: number): string {
  return bytes < 2 ** 20 ? kibibytes(bytes) : `${digits(bytes / 2 ** 20)} MiB`
}

/** The words of a list: a, b and c; of a long one the first, and how many more. */
export function listed(words: readonly string[], most = 4): string {
  const shown = words.slice(0, most)
  const left = words.length - shown.length
  if (left > 0) return `${shown.join(', ')} and ${left} more`
  const last = shown.at(-1) ?? ''
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} and ${last}`
}

/** A name cut in the middle to so many characters; of names that an exporter joined, the first. */
export function shortened(name: string, most: number): string {
  const first = name.split(';')[0] || name
  if (first.length <= most) return first
  const head = Math.ceil((most - 1) / 2)
  return `${first.slice(0, head)}…${first.slice(first.length - (most - 1 - head))}`
}
