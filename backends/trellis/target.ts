/**
 * Targets: the description of one Trellis. A target is a preset's name or a YAML file; every key is checked, and an
 * error names the line, the key, what was expected, and the nearest valid name.
 */
import { existsSync, readFileSync } from 'node:fs'
import { isAlias, isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { z } from 'zod'
import { attempt, Diagnosed, type Diagnostic, fail, nearest, type Result } from '../../ir/diagnostic.ts'

const powerOfTwo = (n: number): boolean => (n & (n - 1)) === 0
const lanes = z
  .int()
  .min(4)
  .max(64)
  .refine((n) => n % 4 === 0, { message: 'expected a multiple of 4' })
const kib = (max: number) => z.number().min(0.25).max(max)

/** Physical limits follow from the field widths of the instruction table. */
const targetSchema = z.strictObject({
  name: z.string().min(1).max(64),
  clock_mhz: z.number().min(1).max(5000),
  array: z.strictObject({
    /** Reduction lanes. */
    rows: lanes,
    /** Output lanes. */
    cols: lanes,
    /** Requantization lanes of the post unit; cols must be a multiple. */
    post_lanes: z.int().min(1).max(64).optional(),
    /** Longest row, in words, that the two depthwise line buffers hold. */
    line_words: z.int().min(8).max(1024).default(128),
  }),
  precisions: z
    .array(z.union([z.literal(8), z.literal(4), z.literal(2), z.literal(1)]))
    .min(1)
    .default([8]),
  memories: z.strictObject({
    activation_kib: kib(256),
    weight_kib: kib(2048),
    accumulator_kib: kib(1024),
    parameter_kib: kib(64),
    index_kib: kib(64).default(4),
    banks: z.int().min(1).max(16).default(8),
  }),
  dram: z.strictObject({
    bytes_per_cycle: z.int().min(1).max(64).refine(powerOfTwo, { message: 'expected a power of two' }),
    latency_cycles: z.int().min(1).max(10000),
    model: z.literal('fixed').default('fixed'),
  }),
  energy: z.enum(['45nm', '65nm']).default('45nm'),
})

export type Target = z.infer<typeof targetSchema> & { readonly array: { readonly post_lanes: number } }

const PRESET_YAML = {
  'trellis-8': `
name: trellis-8
clock_mhz: 100
array: { rows: 8, cols: 8, post_lanes: 4 }
precisions: [8, 4, 2, 1]
memories: { activation_kib: 64, weight_kib: 16, accumulator_kib: 16, parameter_kib: 2, index_kib: 2, banks: 8 }
dram: { bytes_per_cycle: 8, latency_cycles: 30, model: fixed }
energy: 45nm
`,
  'trellis-16': `
name: trellis-16
clock_mhz: 200
array: { rows: 16, cols: 16 }
precisions: [8, 4, 2, 1]
memories: { activation_kib: 128, weight_kib: 64, accumulator_kib: 32, parameter_kib: 4, index_kib: 4, banks: 8 }
dram: { bytes_per_cycle: 16, latency_cycles: 40, model: fixed }
energy: 45nm
`,
  'trellis-32': `
name: trellis-32
clock_mhz: 400
array: { rows: 32, cols: 32 }
precisions: [8, 4, 2, 1]
memories: { activation_kib: 256, weight_kib: 256, accumulator_kib: 128, parameter_kib: 16, index_kib: 8, banks: 8 }
dram: { bytes_per_cycle: 32, latency_cycles: 60, model: fixed }
energy: 45nm
`,
} as const

export type PresetName = keyof typeof PRESET_YAML
export const PRESET_NAMES = Object.keys(PRESET_YAML) as readonly PresetName[]
export const DEFAULT_TARGET: PresetName = 'trellis-16'

/** The YAML text of a preset: a start for a file of one's own. */
export function presetYaml(name: PresetName): string {
  return PRESET_YAML[name].trimStart()
}

/** A preset by name, or the file at that path; without a name the default preset. */
export function loadTarget(nameOrPath: string = DEFAULT_TARGET): Result<Target> {
  return attempt(() => {
    const preset = PRESET_NAMES.find((p) => p === nameOrPath)
    if (preset) return parse(PRESET_YAML[preset], preset)
    if (!/[./\\]/.test(nameOrPath) && !existsSync(nameOrPath)) {
      const near = nearest(nameOrPath, PRESET_NAMES)
      fail({
        code: 'target/unknown',
        message: `there is no target named "${nameOrPath}"`,
        hint: `${near ? `did you mean ${near}? ` : ''}presets are ${PRESET_NAMES.join(', ')}; a file's name ends in .yaml`,
      })
    }
    let text: string
    try {
      text = readFileSync(nameOrPath, 'utf8')
    } catch (error) {
      const reason =
        (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'it cannot be read'
      fail({
        code: 'target/unreadable',
        message: `target file: ${reason}`,
        span: { file: nameOrPath },
        hint: `presets are ${PRESET_NAMES.join(', ')}`,
      })
    }
    return parse(text, nameOrPath)
  })
}

/** Checks the text of a target file. */
export function parseTarget(text: string, file: string): Result<Target> {
  return attempt(() => parse(text, file))
}

function parse(text: string, file: string): Target {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const at = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset)
    return { file, line, column: col }
  }
  const syntax = document.errors[0]
  if (syntax)
    fail({
      code: 'target/syntax',
      message: syntax.message,
      span: at(syntax.pos[0]),
      hint: 'a target file is YAML: key: value',
    })
  if (!isMap(document.contents)) {
    fail({
      code: 'target/syntax',
      message: 'a target file holds a map of keys',
      span: { file, line: 1 },
      hint: 'see espalier targets trellis-16',
    })
  }

  const parsed = targetSchema.safeParse(document.toJS({ maxAliasCount: 10 }))
  if (!parsed.success) {
    throw new Diagnosed(parsed.error.issues.flatMap((issue) => explain(issue, document.contents as Node, at)))
  }
  return checkTogether(
    {
      ...parsed.data,
      array: { ...parsed.data.array, post_lanes: parsed.data.array.post_lanes ?? parsed.data.array.cols },
    },
    (path) => at(place(document.contents as Node, path)),
  )
}

/** What one key cannot say alone. */
function checkTogether(target: Target, at: (path: readonly string[]) => object): Target {
  const { cols, post_lanes } = target.array
  if (cols % post_lanes !== 0) {
    fail({
      code: 'target/invalid',
      message: `array.post_lanes is ${post_lanes}, but array.cols (${cols}) must be a multiple of it`,
      span: at(['array', 'post_lanes']),
      hint: 'leave post_lanes out for one lane a column',
    })
  }
  const widest = portBytes(target)
  const bankBytes = (target.memories.activation_kib * 1024) / target.memories.banks
  if (!Number.isInteger(bankBytes) || bankBytes % widest !== 0) {
    fail({
      code: 'target/invalid',
      message: `${target.memories.activation_kib} KiB in ${target.memories.banks} banks is ${bankBytes} bytes a bank, not a multiple of the ${widest}-byte port`,
      span: at(['memories', 'banks']),
      hint: 'choose a number of banks that divides the memory into whole port words',
    })
  }
  return target
}

function explain(issue: z.core.$ZodIssue, root: Node, at: (offset: number) => object): Diagnostic[] {
  const path = issue.path.map(String)
  const where = path.join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const known = keysAt(path)
      const near = nearest(key, known)
      return {
        code: 'target/unknown-key',
        severity: 'error',
        message: `there is no key "${key}"${where ? ` in ${where}` : ''}`,
        span: at(place(root, [...path, key])),
        hint: near ? `did you mean ${near}?` : `keys here are ${known.join(', ')}`,
      }
    })
  }
  return [
    {
      code: 'target/invalid',
      severity: 'error',
      message: `${where || 'the file'}: ${issue.message}`,
      span: at(place(root, path)),
      hint: 'espalier targets trellis-16 prints a complete target',
    },
  ]
}

/** The keys that the schema knows at a path. */
function keysAt(path: readonly string[]): string[] {
  let shape: Record<string, unknown> = targetSchema.shape
  for (const key of path) {
    const inner = shape[key]
    if (inner instanceof z.ZodObject) shape = inner.shape
  }
  return Object.keys(shape)
}

/** Offset of the key at `path`, or of the nearest map around it. */
function place(root: Node, path: readonly string[]): number {
  let node: Node | null = root
  let offset = root.range?.[0] ?? 0
  for (const key of path) {
    if (!isMap(node)) break
    const pair: Pair | undefined = node.items.find(
      (item) => isScalar(item.key) && String(item.key.value) === key,
    )
    if (!pair) break
    offset = (pair.key as Node).range?.[0] ?? offset
    node = isAlias(pair.value) ? null : (pair.value as Node | null)
  }
  return offset
}

/**
 * Bytes that an activation-memory port moves a cycle: as wide as the widest of its users. A window of that many bytes
 * may start at any byte (the memory is split into even and odd words).
 */
export function portBytes(target: Target): number {
  return Math.max(target.array.rows, target.array.cols, target.dram.bytes_per_cycle)
}

/** Sizes of the memories, in the units in which instructions address them. */
export function capacities(target: Target): {
  readonly activationBytes: number
  readonly bankBytes: number
  readonly weightColumns: number
  readonly accumulatorVectors: number
  readonly parameterBytes: number
  readonly indexEntries: number
} {
  const { rows, cols } = target.array
  const m = target.memories
  return {
    activationBytes: m.activation_kib * 1024,
    bankBytes: (m.activation_kib * 1024) / m.banks,
    weightColumns: Math.min(1 << 16, Math.floor((m.weight_kib * 1024) / rows)),
    accumulatorVectors: Math.min(1 << 14, Math.floor((m.accumulator_kib * 1024) / (4 * cols))),
    parameterBytes: Math.min(1 << 16, m.parameter_kib * 1024),
    indexEntries: Math.min(1 << 14, Math.floor((m.index_kib * 1024) / 4)),
  }
}
