/** docs/ops.md: every graph operation, from its own definition in ir/ops. */
import type { AttrSpec, OpDef } from '../../ir/ops/op.ts'
import { OPS } from '../../ir/ops/registry.ts'

const HEAD = `# Graph operations

Every operation of the graph IR, with its operands, attributes and rules. Images are NHWC, elements row-major. Every op has
one result; its quantization is part of the graph, not derived. Operands in brackets may be left out. This page is
generated from \`ir/ops\` by \`npm run docs\`.
`

export function opsPage(): string {
  return `${HEAD}${Object.entries(OPS)
    .map(([name, def]) => section(name, def))
    .join('')}`
}

function section(name: string, def: OpDef): string {
  const operands = def.inputs.map((input, i) => (i < def.required ? input : `[${input}]`)).join(', ')
  const rules = def.constraints.map(({ sentence }) => `- ${sentence}\n`).join('')
  const attrs = Object.entries(def.attrs)
    .map(([attr, spec]) => attrRow(attr, spec))
    .join('')
  return (
    `\n## ${name}\n\n${def.summary}\n\nOperands: ${operands}${def.variadic ? ', any number of them' : ''}\n` +
    (attrs && `\n| attribute | type | default | meaning |\n| --- | --- | --- | --- |\n${attrs}`) +
    (rules && `\n${rules}`) +
    (def.real ? '\nAlso on f32 tensors, to which only the rules hold that begin with “On f32”.\n' : '')
  )
}

function attrRow(name: string, spec: AttrSpec): string {
  const type = spec.oneOf ? spec.oneOf.map((value) => `\`${value}\``).join(', ') : spec.kind
  const fallback = spec.default === undefined ? '' : `\`${JSON.stringify(spec.default)}\``
  return `| \`${name}\` | ${type} | ${fallback} | ${spec.doc} |\n`
}
