/** docs/tflite.md: the operators of TFLite that can be imported, from the importer's own table. */
import { MOST_STEPS } from '../../src/importers/recurrent/unrolling.ts'
import { OPERATOR_RULES } from '../../src/importers/tflite/operators.ts'

const HEAD = `# TFLite files

\`.tflite\` files of schema version 3 are read, their first subgraph. This page is generated from the importer's table by
\`npm run docs\`; what a diagnostic \`tflite/...\` means stands in [errors.md](errors.md).

- **Shapes** must be fixed. What is a shape, an axis or an index must be constant.
- **Types.** An operator is quantized, or in float32; QUANTIZE and DEQUANTIZE lie between.
  Quantized operators give the bits of TFLite's reference kernels; in float32 sums have an order of their own, and
  results agree to about 1e-6.
- **int8 weights between float32** tensors (dynamic range quantization) are read where the table says so. As in TFLite the
  layer quantizes its input while the network runs, each batch entry by itself, or each row of FULLY_CONNECTED, and multiplies
  integers: ops in front of it find range and scale, ops behind it scale the sums back.
  - _Symmetric_: the largest magnitude becomes 127. Results have the bits of TFLite's reference kernels.
  - _Asymmetric_: the range, widened to 0, becomes -128 .. 127. The scale may differ from TFLite's in its last bit, since that
    computes it in doubles, and a zero point next to a half by 1. Weights so large that float32 might not hold the sums are
    refused.
- **Recurrent operators** become nodes for each step of their sequences, which have at most ${MOST_STEPS} steps. Weights are shared
  between steps. Each inference starts with states of zero, as in TFLite after \`reset_all_variables()\`: what a network
  that is fed step by step would keep between inferences must be an input and an output.
`

/** What does not hold of an operator in full; an entry for an operator that does not exist fails the page's test. */
const LIMITS: Readonly<Record<string, string>> = {
  ADD: 'of int16 not by shifts (`pot_scale_int16`)',
  CONCATENATION: 'operands quantized as the result',
  CONV_2D: 'int8 weights between float32: symmetric, or asymmetric where channels have different scales',
  DEPTHWISE_CONV_2D: 'int8 weights between float32: asymmetric',
  FULLY_CONNECTED:
    'default weight format; int8 weights between float32: symmetric, or asymmetric with `asymmetric_quantize_inputs`',
  RESHAPE: 'constant shape',
  STRIDED_SLICE: 'constant bounds; no new axes',
  SUB: 'as ADD',
  UNIDIRECTIONAL_SEQUENCE_LSTM:
    'constant weights; peepholes, coupled gates and a cell clip as in TFLite; no projection, no layer normalization',
}

export function tflitePage(): string {
  const unknown = Object.keys(LIMITS).filter((name) => OPERATOR_RULES[name] === undefined)
  if (unknown.length > 0) throw new Error(`limits of operators that do not exist: ${unknown.join(', ')}`)
  const rows = Object.entries(OPERATOR_RULES)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { op, expand, types, result }]) => {
      const becomes = expand ? 'nodes for each step' : `\`${op}\``
      const from = types[0]?.join(', ') ?? ''
      const to = result.join(', ')
      return `| \`${name}\` | ${becomes} | ${from === to ? from : `${from} to ${to}`} | ${LIMITS[name] ?? ''} |\n`
    })
  return `${HEAD}
## Operators

What the ops are stands in [ops.md](ops.md); the rules there hold of the element types below, which are those of the
first operand, and of the result where it has others.

| operator | becomes | element types | limits |
| --- | --- | --- | --- |
${rows.join('')}`
}
