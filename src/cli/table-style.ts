/** How tables look: aligned columns under a rule, without boxes; colours come from the style, not from the table. */
const NONE = ''

export const TABLE_STYLE = {
  chars: {
    top: NONE,
    'top-mid': NONE,
    'top-left': NONE,
    'top-right': NONE,
    bottom: NONE,
    'bottom-mid': NONE,
    'bottom-left': NONE,
    'bottom-right': NONE,
    left: NONE,
    'left-mid': NONE,
    mid: NONE,
    'mid-mid': NONE,
    right: NONE,
    'right-mid': NONE,
    middle: '  ',
  },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
}

/** Tables are readable at so many columns. */
export const COLUMNS = 100

/** Exporters list every source name of a fused layer; the first one is enough, and the end of its path tells it apart. */
export function shorten(name: string, width: number): string {
  const [first = name] = name.split(';')
  return first.length <= width ? first : `…${first.slice(1 - width)}`
}

/** A count with its thousands apart. */
export function counted(n: number): string {
  return n.toLocaleString('en-US')
}
