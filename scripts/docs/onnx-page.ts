/** docs/onnx.md: the operators of ONNX that can be imported, from the importer's own tables. */
import { foldedOperators } from '../../src/importers/onnx/fold.ts'
import { QONNX_DOMAINS } from '../../src/importers/onnx/names.ts'
import { OPERATORS } from '../../src/importers/onnx/operators/index.ts'
import { MOST_STEPS } from '../../src/importers/recurrent/unrolling.ts'

const HEAD = `# ONNX files

\`.onnx\` files are read from version 7 of ONNX's operators on. This page is generated from the importer's tables by
\`npm run docs\`; what a diagnostic \`onnx/...\` means stands in [errors.md](errors.md).

- **Layout.** Images are [N, C, H, W] in the file and [N, H, W, C] inside. Inputs and outputs keep the file's names, shapes
  and order of axes; a transpose stands at the border, and inside only where channels are shuffled. ONNX's own Transpose,
  Squeeze, Unsqueeze and most Reshapes move nothing: the layers behind them read the same memory, and weights behind a
  flattened image are reordered.
- **Batch.** A first dimension without a size is the batch: 1, or \`--batch N\`. All other sizes must be fixed.
- **Constants.** Initializers, Constant nodes, and what can be computed from them, from shapes too. Weights may lie in
  files beside the model.
- **Order.** Nodes may stand in any order, and some may be read by nothing. Cycles and control flow are refused.
- **Types.** Inputs are float32, int8, uint8 or int32. Quantized uint8 tensors, inputs and outputs too, are int8 here, 128
  lower, with zero points that are 128 lower: they stand for the same real numbers. Constants may also be of 16-bit,
  64-bit and 4-bit types.
- **Attributes.** One that the importer does not know is refused: it might change the result.
- **Normalization.** BatchNormalization becomes part of the float32 weights before it, which rounds otherwise than the file
  says: results agree with other runtimes to about 1e-6.
- **Quantized networks.** Operators on quantized tensors give the results of ONNX Runtime's kernels for CPUs. So do layers
  between DequantizeLinear and QuantizeLinear, which are computed on integers as that runtime does when it optimizes.
- **Dynamically quantized networks.** Bytes whose scale and zero point depend on the data are float32 numbers inside: what
  DynamicQuantizeLinear makes, and what QuantizeLinear makes with a computed scale. ConvInteger and MatMulInteger of them
  multiply int8 elements, take the zero point's share from the sums in float32, and give the float32 nearest to the file's
  int32 sum, as a cast does. The importer proves from the constant weights that nothing is rounded before; weights that are no
  int8 less their zero point, or too large, become two layers. It refuses what is too large even then; layers of up to 4,000
  weights for each output never are. Such bytes can be moved, dequantized and cast; other operators refuse them. As outputs
  they are uint8 or int8, as in the file.
- **Quantizers of quantized training** (QONNX) are known under the domains ${[...QONNX_DOMAINS].map((name) => `\`${name}\``).join(', ')}, declared or not.
- **Recurrent layers** become nodes for each step of their sequences, which have at most ${MOST_STEPS} steps, in one direction or
  both. Weights are shared between steps.

Convolutions and pools work on images and on signals [N, C, W], not on volumes.
`

/** What does not hold of an operator in full; an entry for an operator that does not exist fails the page's test. */
const LIMITS: Readonly<Record<string, string>> = {
  AveragePool: '`ceil_mode` and `count_include_pad` as in ONNX; no dilation',
  BatchNormalization: 'constant parameters, as at inference; not of single pixels',
  Cast: 'of computed values: to a real type, which is float32 here, or from one to uint8',
  ConvInteger: 'constant weights; whose zero point is 0, or 128 of uint8, where the input’s is constant',
  ConvTranspose: 'grouped or dilated weights must be constant',
  DequantizeLinear: 'one scale, or several of a constant; none of blocks; computed ones as above',
  Dropout: 'as at inference, without its mask',
  Expand: 'constant shape',
  GRU: 'as RNN; gates are `Sigmoid`; no clip',
  Gather: 'constant indices',
  LSTM: 'as GRU; both other activations the same; no coupled gates',
  MatMul: 'the second matrix has two dimensions',
  MatMulInteger: 'constant weights of two dimensions',
  MaxPool: 'without indices or dilation',
  Pad: '`constant`, `reflect` and `edge`; pads are constant and at least 0',
  QLinearConv: 'constant weights',
  RNN: 'constant weights; activations `Tanh` or `Relu`; sequences as long as their tensor',
  QLinearMatMul: 'constant weights of two dimensions',
  QuantizeLinear: 'one scale; none of blocks; a computed one as above',
  Reshape: 'constant shape',
  Resize: 'height and width; `nearest` where a rule of TensorFlow picks the same pixels, `linear`',
  Slice: 'constant bounds; not empty',
  Split: 'constant sizes',
  Tile: 'constant repeats, at most 256 along an axis',
  Upsample: 'as Resize',
  'com.microsoft/QGemm': 'constant weights; no `transA`, no `alpha`',
  'com.microsoft/QLinearSoftmax': 'along one axis',
}

export function onnxPage(): string {
  const unknown = Object.keys(LIMITS).filter((name) => OPERATORS[name] === undefined)
  if (unknown.length > 0) throw new Error(`limits of operators that do not exist: ${unknown.join(', ')}`)
  const names = Object.keys(OPERATORS).toSorted()
  const rows = names.map((name) => `| \`${name}\` | ${LIMITS[name] ?? ''} |\n`)
  const constant = foldedOperators().filter((name) => OPERATORS[name] === undefined)
  const list = constant.toSorted().map((name) => `\`${name}\``)
  return `${HEAD}
## Operators

Those of another domain than ONNX's own stand behind its name; \`qonnx\` is any of those above.

| operator | limits |
| --- | --- |
${rows.join('')}
## Operators of constants

These are computed while the file is read, and refused where an input is computed by the network: ${list.join(', ')}.
`
}
