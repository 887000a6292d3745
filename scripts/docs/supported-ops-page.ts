/** docs/supported-ops.md: what each backend does with each op, from the backends' own tables. */
import { RULES } from '../../backends/trellis/lower/rules.ts'
import { OPS } from '../../ir/ops/registry.ts'

const HEAD = `# Supported operations

The reference interpreter runs every operation of [ops.md](ops.md). On Trellis an operation is instructions of the
accelerator, or a *host op*: the host reads its operands from DRAM and writes its results there, between two runs of the
accelerator. Every report names host ops with the reason. This page is generated from the backends' tables by
\`npm run docs\`.

| op | Trellis |
| --- | --- |
`

export function supportedOpsPage(): string {
  const names = Object.keys(OPS) as (keyof typeof OPS)[]
  return HEAD + names.map((name) => `| \`${name}\` | ${onTrellis(name)} |\n`).join('')
}

function onTrellis(name: keyof typeof OPS): string {
  const { runsAs } = RULES[name]
  return typeof runsAs === 'string' ? runsAs : `host op: ${runsAs.unsupported}`
}
