/** docs/supported-ops.md: what each backend does with each op, from the backends' own tables. */
import { RULES } from '../../backends/trellis/lower/rules.ts'
import { RUNS_AS } from '../../backends/wasm/lower/rules.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { OPS } from '../../ir/ops/registry.ts'

const HEAD = `# Supported operations

The reference interpreter runs every operation of [ops.md](ops.md).

On **Trellis** an operation is instructions of the accelerator, or a *host op*: the host reads its operands from DRAM and
writes its results there, between two runs of the accelerator. Every report names host ops with the reason.

In **WebAssembly** there is no host: a module computes every operation. The column says how for int8 tensors, on vectors of
128 bits wherever neighbours are computed alike. Products, sums of windows and
pools of float32 tensors are computed on vectors, too; all else, one element at a time, as exactly.

This page is generated from the backends' tables by \`npm run docs\`.

| op | Trellis | WebAssembly |
| --- | --- | --- |
`

export function supportedOpsPage(): string {
  const names = Object.keys(OPS) as OpName[]
  return HEAD + names.map((name) => `| \`${name}\` | ${onTrellis(name)} | ${RUNS_AS[name]} |\n`).join('')
}

function onTrellis(name: OpName): string {
  const { runsAs } = RULES[name]
  return typeof runsAs === 'string' ? runsAs : `host op: ${runsAs.unsupported}`
}
