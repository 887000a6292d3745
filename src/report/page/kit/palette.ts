/** Which colour stands for what, in every chart; the values are in page.css. */

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

/** Causes in words, after the name of the unit that waits. */
const CAUSE_WORDS: Readonly<Record<string, string>> = {
  busy: 'works',
  'token load': 'waits for data that load brings',
  'token mac': 'waits for mac',
  'token post': 'waits for post',
  'token store': 'waits for store',
  weights: 'waits for weights still coming',
  parameters: 'waits for parameters still coming',
  instruction: 'waits for instructions',
  dram: 'waits for DRAM to take its request',
  buffer: 'waits for room in a queue or buffer',
  pipeline: 'drains its pipeline',
  idle: 'is before its first or after its last instruction',
}

export function causeWords(cause: string): string {
  return CAUSE_WORDS[cause] ?? cause
}

/** Of a cause, of a kind of DRAM traffic, or of anything else that page.css has a variable for. */
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

/** What binds a layer: a colour and a shape, so that neither is needed alone. */
const BOUNDS: Readonly<
  Record<
    string,
    {
      readonly colour: string
      readonly symbol: 'circle' | 'square' | 'triangle' | 'diamond' | 'cross'
      readonly words: string
    }
  >
> = {
  mac: { colour: 'var(--token-mac)', symbol: 'circle', words: 'the MAC array' },
  post: { colour: 'var(--token-post)', symbol: 'square', words: 'the post unit' },
  dram: { colour: 'var(--dram)', symbol: 'triangle', words: 'DRAM' },
  latency: { colour: 'var(--pipeline)', symbol: 'diamond', words: 'waiting for one thing after another' },
  none: { colour: 'var(--muted)', symbol: 'cross', words: 'nothing: it takes no cycles' },
}

export function boundOf(name: string) {
  return BOUNDS[name] ?? { colour: 'var(--muted)', symbol: 'cross' as const, words: name }
}
