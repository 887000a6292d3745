/** How figures of the contenders are written, and what they are called. */

export const TITLES = {
  'espalier-relaxed': 'Espalier, relaxed',
  'espalier-plain': 'Espalier, plain',
  'litert-relaxed': 'LiteRT.js, relaxed',
  'litert-plain': 'LiteRT.js, plain',
  'ort-web': 'ONNX Runtime Web',
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const thousands = (n) => Math.round(n).toLocaleString('en-US')

/** Lines of a Markdown table: the first column to the left, figures to the right. */
export function table(head, rows) {
  const row = (...cells) => `| ${cells.join(' | ')} |`
  return [row(...head), row('---', ...head.slice(1).map(() => '---:')), ...rows.map((cells) => row(...cells))]
}

/** Judges `value` by a bar; what misses it is kept in `missed`. */
export function barOf(missed) {
  return (value, limit, what) => {
    if (value >= limit) return `≥ ${limit}`
    missed.push(`${what}: ${value.toFixed(2)}, meant to be at least ${limit}`)
    return `**< ${limit}**`
  }
}
