/** Which colour stands for what, in every chart; the values are in style/colours.css. */

/** What a unit's cycle goes to, in the order in which it is stacked. */
export const CAUSE_ORDER = [
  'busy',
  'token load',
  'token mac',
  'token post',
  'token store',
  'weights',
  'parameters',
  'instruction',
  'dram',
  'buffer',
  'pipeline',
  'idle',
] as const

/** Causes for legends, and in words, after the name of the unit that waits. */
const CAUSES: Readonly<Record<string, { readonly label: string; readonly words: string }>> = {
  busy: { label: 'works', words: 'works' },
  'token load': { label: 'waits for load', words: 'waits for data that load brings' },
  'token mac': { label: 'waits for mac', words: 'waits for mac' },
  'token post': { label: 'waits for post', words: 'waits for post' },
  'token store': { label: 'waits for store', words: 'waits for store' },
  weights: { label: 'waits for weights', words: 'waits for weights still coming' },
  parameters: { label: 'waits for parameters', words: 'waits for parameters still coming' },
  instruction: { label: 'waits for instructions', words: 'waits for instructions' },
  dram: { label: 'waits for DRAM', words: 'waits for DRAM to take its request' },
  buffer: { label: 'waits for room', words: 'waits for room in a queue or buffer' },
  pipeline: { label: 'drains', words: 'drains its pipeline' },
  idle: { label: 'idle', words: 'is idle, before its first or after its last instruction' },
}

export function causeWords(cause: string): string {
  return CAUSES[cause]?.words ?? cause
}

/** Two words. */
export function causeLabel(cause: string): string {
  return CAUSES[cause]?.label ?? cause
}

/** Of a cause, of a kind of DRAM traffic, or of anything else that style/colours.css has a variable for. */
export function colourOf(name: string): string {
  return `var(--${name.replaceAll(/[ _]/g, '-')})`
}

/** Groups of energy components: a dozen colours tell nobody anything. */
export const ENERGY_GROUPS: readonly {
  readonly name: string
  readonly colour: string
  readonly components: readonly string[]
}[] = [
  { name: 'MAC array', colour: 'var(--busy)', components: ['mac'] },
  { name: 'post unit', colour: 'var(--token-post)', components: ['requantize', 'vector'] },
  {
    name: 'on-chip memories',
    colour: 'var(--token-mac)',
    components: ['activation', 'weight', 'accumulator', 'parameter', 'index', 'table', 'line'],
  },
  { name: 'instructions and clock', colour: 'var(--instruction)', components: ['instruction', 'clock'] },
  { name: 'leakage', colour: 'var(--pipeline)', components: ['leakage'] },
  { name: 'DRAM access', colour: 'var(--dram)', components: ['dram'] },
  { name: 'DRAM background', colour: 'var(--dram-background)', components: ['dram_background'] },
]

export type BoundSymbol = 'circle' | 'square' | 'triangle' | 'diamond' | 'cross'

export interface Bound {
  readonly colour: string
  readonly symbol: BoundSymbol
  /** What it is that binds, to follow "bound by". */
  readonly words: string
}

/** What binds a layer: a colour and a shape, so that neither is needed alone. */
const BOUNDS: Readonly<Record<string, Bound>> = {
  mac: { colour: 'var(--token-mac)', symbol: 'circle', words: 'the MAC array' },
  post: { colour: 'var(--token-post)', symbol: 'square', words: 'the post unit' },
  dram: { colour: 'var(--dram)', symbol: 'triangle', words: 'DRAM' },
  latency: {
    colour: 'var(--pipeline)',
    symbol: 'diamond',
    words: 'latency: it waits for one thing after another',
  },
  none: { colour: 'var(--muted)', symbol: 'cross', words: 'nothing: it takes no cycles' },
}

export function boundOf(name: string): Bound {
  return BOUNDS[name] ?? { colour: 'var(--muted)', symbol: 'cross', words: name }
}

/** The legend's entries of the bounds that occur. */
export function boundEntries(names: readonly string[]) {
  return [...new Set(names)].map((name) => {
    const { colour, symbol, words } = boundOf(name)
    return { colour, symbol, name: `bound by ${words}` }
  })
}
