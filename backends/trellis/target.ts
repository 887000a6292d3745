/**
 * Targets: the description of one Trellis. A target is a preset's name or a YAML file; every key is checked, and an
 * error names the line, the key, what was expected, and the nearest valid name.
 */
import { existsSync, readFileSync } from 'node:fs'
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml'
import { z } from 'zod'
import { attempt, Diagnosed, fail, nearest, type Result, type Span } from '../../ir/diagnostic.ts'
import { checkSchema, type SchemaNode, schemaNode } from './schema-problems.ts'

const powerOfTwo = (n: number): boolean => (n & (n - 1)) === 0
const lanes = z.int().min(4).max(64).multipleOf(4)
const kib = (max: number) => z.number().min(0.25).max(max)

/** Physical limits follow from the field widths of the instruction table. Descriptions become docs/targets.md. */
const targetSchema = z.strictObject({
  name: z.string().min(1).max(64).describe('Shown in reports.'),
  clock_mhz: z.number().min(1).max(5000).describe('Clock in MHz: turns cycles into seconds.'),
  array: z.strictObject({
    rows: lanes.describe('Reduction lanes: bytes of a window that meet weights in one cycle.'),
    cols: lanes.describe('Output lanes: output channels computed at once.'),
    post_lanes: z
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe(
        'Requantization lanes of the post unit; `cols` must be a multiple. Without it, as many as `cols`.',
      ),
    line_words: z
      .int()
      .min(8)
      .max(1024)
      .default(128)
      .describe('Longest row, in words of `cols` bytes, that the two depthwise line buffers hold.'),
  }),
  precisions: z
    .array(z.literal([8, 4, 2, 1]))
    .min(1)
    .default([8])
    .describe('Operand widths in bits that a byte lane can multiply: 8 / b products a cycle.'),
  memories: z.strictObject({
    activation_kib: kib(256).describe('Activation memory in KiB, all banks together.'),
    weight_kib: kib(2048).describe('Weight memory in KiB.'),
    accumulator_kib: kib(1024).describe('Accumulator memory in KiB, 4 bytes an accumulator.'),
    parameter_kib: kib(64).describe('Parameter memory in KiB: biases and requantization constants.'),
    index_kib: kib(64).default(4).describe('Index memory in KiB: lists of input offsets, 4 bytes an entry.'),
    banks: z
      .int()
      .min(1)
      .max(16)
      .default(8)
      .describe('Banks of activation memory, each with one read and one write port.'),
  }),
  dram: z.strictObject({
    bytes_per_cycle: z
      .int()
      .min(1)
      .max(64)
      .refine(powerOfTwo)
      .meta({ constraint: 'a power of two', description: 'Bytes that DRAM moves a cycle: one beat.' }),
    latency_cycles: z.int().min(1).max(10000).describe('Cycles from the grant of a read to its first beat.'),
    model: z
      .literal('fixed')
      .default('fixed')
      .describe('Timing of DRAM: `fixed` has one latency for every burst.'),
  }),
  queue_depth: z
    .int()
    .min(2)
    .max(64)
    .refine(powerOfTwo)
    .meta({
      constraint: 'a power of two',
      description: 'Instructions that the queue of each unit holds; 16 without it.',
    })
    .optional(),
  energy: z.enum(['45nm', '65nm']).default('45nm').describe('Table of energy constants, by process node.'),
})

/** The schema in words, for docs/targets.md. */
export function targetKeys(): SchemaNode {
  return schemaNode(targetSchema)
}

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
      message: `this is not YAML: ${syntax.message}`,
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

  const root = document.contents as Node
  return check(toData(document, file), (path) => at(place(root, path)))
}

/** Aliases are resolved here: one without an anchor, or too many of them, is the user's mistake. */
function toData(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 })
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    return fail({
      code: 'target/syntax',
      message: `an alias cannot be resolved: ${error.message}`,
      span: { file },
      hint: 'write the value out instead',
    })
  }
}

/** Checks a target that was read from elsewhere than a YAML file; places are paths under `path`. */
export function checkTarget(data: unknown, file: string, path: string): Result<Target> {
  return attempt(() => check(data, (keys) => ({ file, path: [path, ...keys].join('.') })))
}

function check(data: unknown, at: (path: readonly string[]) => Span): Target {
  const checked = checkSchema(targetSchema, data)
  if (!checked.ok) {
    throw new Diagnosed(
      checked.problems.map((problem) => ({
        code: problem.unknownKey ? 'target/unknown-key' : 'target/invalid',
        severity: 'error',
        message: problem.message,
        span: at(problem.path),
        hint: problem.hint ?? 'espalier targets trellis-16 prints a complete target',
      })),
    )
  }
  const { rows, cols, post_lanes = cols, line_words } = checked.value.array
  const target = { ...checked.value, array: { rows, cols, post_lanes, line_words } }
  return checkTogether(target, at)
}

/** What one key cannot say alone. */
function checkTogether(target: Target, at: (path: readonly string[]) => Span): Target {
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
      message: `${target.memories.activation_kib} KiB in ${target.memories.banks} banks is ${Number(bankBytes.toFixed(2))} bytes a bank, not a multiple of the ${widest}-byte port`,
      span: at(['memories', 'banks']),
      hint: 'choose a number of banks that divides the memory into whole port words',
    })
  }
  const sizes = capacities(target)
  const needs = [
    ['weight_kib', sizes.weightColumns, cols, `one block of ${cols} weight columns`],
    ['accumulator_kib', sizes.accumulatorVectors, 1, `one vector of ${cols} accumulators`],
    ['parameter_kib', sizes.parameterBytes, 9 * cols, `one block of ${9 * cols} parameter bytes`],
  ] as const
  for (const [key, holds, needed, what] of needs) {
    if (holds >= needed) continue
    fail({
      code: 'target/invalid',
      message: `memories.${key} is ${target.memories[key]}, too small for ${what}`,
      span: at(['memories', key]),
      hint: 'a larger memory, or fewer rows and cols',
    })
  }
  return target
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
