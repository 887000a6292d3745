/**
 * Checks data from a file against a schema and says what is wrong in words: where, what was expected, what was found.
 * The words come from the schema itself (as JSON Schema), and so do the tables of docs/targets.md.
 */
import { z } from 'zod'
import { nearest } from '../../ir/diagnostic.ts'

/** The part of JSON Schema that our schemas use; `constraint` is what JSON Schema cannot say, in words. */
export interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly constraint?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly items?: SchemaNode | false
  readonly prefixItems?: readonly SchemaNode[]
  readonly anyOf?: readonly SchemaNode[]
  readonly additionalProperties?: SchemaNode | false
}

interface Problem {
  readonly unknownKey: boolean
  readonly path: readonly string[]
  readonly message: string
  readonly hint?: string
  /** Of an unknown key: the path of the key that was probably meant. */
  readonly meant?: string
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export function schemaNode(schema: z.ZodType): SchemaNode {
  return z.toJSONSchema(schema, { io: 'input' }) as SchemaNode
}

export function checkSchema<T>(schema: z.ZodType<T>, data: unknown): Checked<T> {
  const parsed = schema.safeParse(data)
  if (parsed.success) return { ok: true, value: parsed.data }
  const root = schemaNode(schema)
  const problems = parsed.error.issues.flatMap((issue) => explain(issue, root, data))
  const unknown = problems.filter((p) => p.unknownKey)
  // A key that is missing because it was misspelt is one mistake, not two.
  const meant = new Set(unknown.map((p) => p.meant))
  const others = problems.filter((p) => !p.unknownKey && !meant.has(p.path.join('.')))
  return { ok: false, problems: [...unknown, ...others] }
}

function explain(issue: z.core.$ZodIssue, root: SchemaNode, data: unknown): Problem[] {
  const path = issue.path.map(String)
  const where = path.join('.')
  const node = nodeAt(root, path)
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(node?.properties ?? {})
    return issue.keys.map((key) => {
      const near = nearest(key, known)
      return {
        unknownKey: true,
        path: [...path, key],
        message: `there is no key "${key}"${where ? ` in ${where}` : ''}`,
        ...(near
          ? { hint: `did you mean ${near}?`, meant: [...path, near].join('.') }
          : { hint: `keys here are ${known.join(', ')}` }),
      }
    })
  }
  const expected = node ? expectation(node) : issue.message
  const found = valueAt(data, path)
  const message =
    found === undefined
      ? `${where || 'the content'} is missing: expected ${expected}`
      : `${where || 'the content'} is ${show(found)}, but must be ${expected}`
  return [{ unknownKey: false, path, message }]
}

/** What a value of the schema must be, as it ends a sentence: "a whole number from 4 to 64, a multiple of 4". */
export function expectation(node: SchemaNode): string {
  if (node.anyOf) return [...new Set(node.anyOf.map(expectation))].join(', or ')
  if (node.const !== undefined) return show(node.const)
  if (node.enum)
    return node.enum.length === 1 ? show(node.enum[0]) : `one of ${node.enum.map(show).join(', ')}`
  const constraint = node.constraint ? `, ${node.constraint}` : ''
  switch (node.type) {
    case 'integer':
    case 'number': {
      const whole = node.type === 'integer' ? 'a whole number' : 'a number'
      const multiple = node.multipleOf === undefined ? '' : `, a multiple of ${node.multipleOf}`
      return `${whole}${rangeInWords(node.minimum, node.maximum)}${multiple}${constraint}`
    }
    case 'string':
      return `a text${rangeInWords(node.minLength, node.maxLength)}${node.maxLength ? ' characters long' : ''}${constraint}`
    case 'array':
      return `a list${node.minItems ? `, at least ${node.minItems} long` : ''}${node.items ? `, each ${expectation(node.items)}` : ''}`
    case 'object':
      return node.properties ? `a map of ${Object.keys(node.properties).join(', ')}` : 'a map'
    default:
      return node.type ? `a ${node.type}` : 'something else'
  }
}

function rangeInWords(min: number | undefined, max: number | undefined): string {
  // Bounds of the number format itself are not worth a word.
  const low = min === undefined || min <= Number.MIN_SAFE_INTEGER ? undefined : min
  const high = max === undefined || max >= Number.MAX_SAFE_INTEGER ? undefined : max
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`
  if (low !== undefined) return `, at least ${low}`
  return high === undefined ? '' : `, at most ${high}`
}

function nodeAt(root: SchemaNode, path: readonly string[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = root
  for (const key of path) {
    node =
      node?.properties?.[key] ??
      node?.prefixItems?.[Number(key)] ??
      (node?.items || node?.additionalProperties || undefined)
  }
  return node
}

function valueAt(data: unknown, path: readonly string[]): unknown {
  let value = data
  for (const key of path) value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key]
  return value
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'empty'
  if (typeof value === 'object') return 'a map'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`
}
