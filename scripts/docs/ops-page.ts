/** docs/ops.md: every graph operation, from its own definition in ir/ops. */
import type { AttrSpec, OpDef } from '../../ir/ops/op.ts'
import { OPS } from '../../ir/ops/registry.ts'

const HEAD = `# Graph operations

Every operation of the graph IR, with its operands, attributes and rules. Images are NHWC, elements row-major. Every op has
one result; its quantization is part of the graph, not derived. Operands in brackets may be left out.

On f32 tensors, too, a result is defined to its last bit. Convolutions and matrix products take the products of a sum in the
order of the kernel's rows, columns and input channels, starting with +0, each product and each sum rounded to float32; taps
in the padding are left out; the bias comes last. Sums over windows and axes go in the order of the elements. Exponentials,
logarithms and what is made of them are computed in doubles, by additions, multiplications and divisions in an order of
their own, and rounded once: within one unit in the last place of the true value.

This page is generated from \`ir/ops\` by \`npm run docs\`.
`

export function opsPage(): string {
  return `${HEAD}${Object.entries(OPS)
    .map(([name, def]) => section(name, def))
    .join('')}`
}

function section(name: string, def: OpDef): string {
  const operands = def.inputs.map((input, i) => (i < def.required ? input : `[${input}]`)).join(', ')
  const rules = (ofReals: boolean) =>
    def.constraints
      .filter((each) => each.ofReals === ofReals)
      .map(({ sentence }) => `- ${sentence}\n`)
      .join('')
  const quantized = rules(false)
  const real = rules(true)
  const attrs = Object.entries(def.attrs)
    .map(([attr, spec]) => attrRow(attr, spec))
    .join('')
  return (
    `\n## ${name}\n\n${def.summary}\n\nOperands: ${operands}${def.variadic ? ', any number of them' : ''}\n` +
    (attrs && `\n| attribute | type | default | meaning |\n| --- | --- | --- | --- |\n${attrs}`) +
    (quantized && `\n${quantized}`) +
    (def.real
      ? `\nAlso on f32 tensors, ${real ? `with other rules:\n\n${real}` : 'without these rules.\n'}`
      : '')
  )
}

function attrRow(name: string, spec: AttrSpec): string {
  const type = spec.oneOf ? spec.oneOf.map((value) => `\`${value}\``).join(', ') : spec.kind
  const fallback = spec.default === undefined ? '' : `\`${JSON.stringify(spec.default)}\``
  return `| \`${name}\` | ${type} | ${fallback} | ${spec.doc} |\n`
}
