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
