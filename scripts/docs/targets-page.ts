/** docs/targets.md: the keys of a target file and the presets, from the schema that checks them. */
import { expectation, type SchemaNode } from '../../backends/trellis/schema-problems.ts'
import {
  capacities,
  DEFAULT_TARGET,
  loadTarget,
  PRESET_NAMES,
  presetYaml,
  targetKeys,
} from '../../backends/trellis/target.ts'
import { unwrap } from '../../ir/diagnostic.ts'

export function targetsPage(): string {
  return `# Targets

A target describes one Trellis: the size of the array, its memories, and the DRAM behind it. Wherever a command takes
\`--target\`, give the name of a preset or the path of a YAML file. This page is generated from
[\`target.ts\`](../backends/trellis/target.ts) by \`npm run docs\`.

To make one of your own, start from a preset: \`espalier targets ${DEFAULT_TARGET} > mine.yaml\`, change it, and compile
with \`--target mine.yaml\`. A mistake is answered with its line, what was expected, and the nearest valid name.

## Keys

| key | value | default | meaning |
| --- | --- | --- | --- |
${keyRows(targetKeys(), [])}
Two more rules hold across keys: each bank of activation memory is a whole number of port words, the widest of \`rows\`,
\`cols\` and \`bytes_per_cycle\` in bytes; and weight, accumulator and parameter memory each hold at least one block of the array.

## Presets

\`${DEFAULT_TARGET}\` is the default.

${presetTable()}
${PRESET_NAMES.map((name) => `### ${name}\n\n\`\`\`yaml\n${presetYaml(name)}\`\`\`\n`).join('\n')}`
}

function keyRows(node: SchemaNode, path: readonly string[]): string {
  return Object.entries(node.properties ?? {})
    .map(([key, child]) => {
      if (child.properties) return keyRows(child, [...path, key])
      const name = [...path, key].join('.')
      const required = node.required?.includes(key) ?? false
      const fallback =
        child.default !== undefined
          ? `\`${JSON.stringify(child.default).replaceAll('"', '')}\``
          : required
            ? 'required'
            : 'optional'
      return `| \`${name}\` | ${expectation(child).replaceAll('"', '`')} | ${fallback} | ${child.description ?? ''} |\n`
    })
    .join('')
}

function presetTable(): string {
  const targets = PRESET_NAMES.map((name) => unwrap(loadTarget(name)))
  const row = (what: string, values: readonly (number | string)[]) => `| ${what} | ${values.join(' | ')} |\n`
  return [
    row('', PRESET_NAMES),
    row(
      '---',
      targets.map(() => '---'),
    ),
    row(
      '8-bit multiply-accumulates a cycle',
      targets.map((t) => t.array.rows * t.array.cols),
    ),
    row(
      'at its clock, in GMAC/s',
      targets.map((t) => (t.array.rows * t.array.cols * t.clock_mhz) / 1000),
    ),
    row(
      'DRAM bandwidth, in GB/s',
      targets.map((t) => (t.dram.bytes_per_cycle * t.clock_mhz) / 1000),
    ),
    row(
      'activation bytes a bank',
      targets.map((t) => capacities(t).bankBytes),
    ),
    row(
      'weight columns',
      targets.map((t) => capacities(t).weightColumns),
    ),
    row(
      'accumulator vectors',
      targets.map((t) => capacities(t).accumulatorVectors),
    ),
    row(
      'index entries',
      targets.map((t) => capacities(t).indexEntries),
    ),
  ].join('')
}
