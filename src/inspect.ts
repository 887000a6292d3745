/** What a model is made of: its inputs and outputs, its layers, and how much work and memory they take. */
import type { TensorData } from '../ir/dtype.ts'
import { packedBytes } from '../ir/dtype.ts'
import { type Graph, type Node, typeOf, type ValueId, valueOf } from '../ir/graph.ts'
import type { OpName } from '../ir/ops/names.ts'
import { OPS } from '../ir/ops/registry.ts'
import { blockDensity } from '../ir/sparsity.ts'
import type { TensorType } from '../ir/tensor.ts'
import { type InspectedTensor, inspectTensors } from './inspect-tensors.ts'

/** The keys are those of `espalier inspect --json`. */
export interface Inspection {
  readonly model: string
  readonly format: string
  readonly inputs: readonly InspectedPort[]
  readonly outputs: readonly InspectedPort[]
  /** How often each op stands in the graph. */
  readonly ops: Readonly<Record<string, number>>
  /** Elements of all constants, each counted once; see `structuralElements`. */
  readonly parameters: number
  /** Multiply-accumulates of one run. */
  readonly macs: number
  /** Bytes of the constants' elements, packed. */
  readonly weight_bytes: number
  readonly layers: readonly InspectedLayer[]
  readonly tensors: readonly InspectedTensor[]
}

export interface InspectedPort {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly scale?: number
  readonly zero_point?: number
}

export interface InspectedLayer {
  readonly name: string
  readonly op: string
  readonly output_shape: readonly number[]
  readonly dtype: string
  /** Element type of the activations, and that of the weights where it differs: `i8`, `i16xi8`. */
  readonly precision: string
  /** Share of the weights that are not zero; 1 without weights. */
  readonly density: number
  /** Share of their blocks of 16 output x 16 input channels that are not all zero. */
  readonly block_density?: number
  /** Elements of its constants that no layer before it has. */
  readonly parameters: number
  readonly macs: number
  /** Names of tensors, constants included, in the op's order. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

/** `format` says what the file was: `tflite`, `onnx` or `esp`. */
export function inspectGraph(graph: Graph, format: string): Inspection {
  const seen = new Set<ValueId>()
  // Of the nodes that one operator of a file becomes, the last stands for it: no file has what leads there.
  const last = new Map(graph.nodes.map((node) => [operatorOf(node), node]))
  const layers = graph.nodes.map((node) =>
    inspectNode(graph, node, last.get(operatorOf(node)) === node, seen),
  )
  const ops: Record<string, number> = {}
  for (const { op } of graph.nodes) ops[op] = (ops[op] ?? 0) + 1
  let weightBytes = 0
  for (const { type, data } of graph.values.values()) {
    if (data !== undefined) weightBytes += packedBytes(type.dtype, data.length)
  }
  return {
    model: graph.name,
    format,
    inputs: graph.inputs.map((name) => inspectPort(name, typeOf(graph, name))),
    outputs: graph.outputs.map((name) => inspectPort(name, typeOf(graph, name))),
    ops,
    parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0),
    macs: layers.reduce((sum, layer) => sum + layer.macs, 0),
    weight_bytes: weightBytes,
    layers,
    tensors: inspectTensors(graph),
  }
}

function inspectPort(name: string, { dtype, shape, quant }: TensorType): InspectedPort {
  const [scale] = quant?.scale ?? []
  const [zeroPoint] = quant?.zeroPoint ?? []
  if (scale === undefined || zeroPoint === undefined) return { name, dtype, shape }
  return { name, dtype, shape, scale, zero_point: zeroPoint }
}

function operatorOf({ span, name }: Node): string {
  return span?.path ?? name
}

function inspectNode(graph: Graph, node: Node, isInFile: boolean, seen: Set<ValueId>): InspectedLayer {
  const inputs = node.inputs.map((id) => typeOf(graph, id))
  const outputs = node.outputs.map((id) => typeOf(graph, id))
  let parameters = isInFile ? structuralElements(node) : 0
  for (const id of node.inputs) {
    const { data } = valueOf(graph, id)
    if (data === undefined || seen.has(id)) continue
    seen.add(id)
    parameters += data.length
  }
  const output = outputs[0]
  const weights = weightsOf(graph, node)
  const activation = inputs[0]?.dtype ?? ''
  const weightType = weights?.type.dtype ?? activation
  return {
    name: node.name,
    op: node.op,
    output_shape: output?.shape ?? [],
    dtype: output?.dtype ?? '',
    precision: weightType === activation ? activation : `${activation}x${weightType}`,
    density: weights === undefined ? 1 : density(weights.type, weights.data),
    ...(weights === undefined || node.op === 'depthwise_conv2d'
      ? {}
      : { block_density: blockDensity(weights.type.shape, weights.data, REPORTED_BLOCK) }),
    parameters,
    macs: OPS[node.op].macs({ inputs, outputs, attrs: node.attrs }),
    inputs: node.inputs,
    outputs: node.outputs,
  }
}

/** The blocks that fit the default target's array: 16 output x 16 input channels at one tap. */
const REPORTED_BLOCK = { outputs: 16, inputs: 16 }

/** Attributes that model files store as constant operands. */
const STRUCTURAL: { readonly [N in OpName]?: readonly string[] } = {
  pad: ['paddings'],
  mean: ['axes'],
  reshape: ['shape'],
  transpose: ['perm'],
  strided_slice: ['begin', 'end', 'strides'],
  resize_nearest: ['size'],
  resize_bilinear: ['size'],
}

/** Catalogues count the shapes, paddings and axes that a model file stores among its parameters; so do we. */
function structuralElements(node: Node): number {
  let elements = 0
  for (const name of STRUCTURAL[node.op] ?? []) {
    const value = node.attrs[name]
    if (Array.isArray(value)) elements += value.length
  }
  // Stored as the whole output shape, NHWC.
  return node.op === 'transpose_conv2d' ? 4 : elements
}

const WEIGHTED: ReadonlySet<OpName> = new Set([
  'conv2d',
  'depthwise_conv2d',
  'transpose_conv2d',
  'fully_connected',
])

function weightsOf(graph: Graph, node: Node): { type: TensorType; data: TensorData } | undefined {
  const id = WEIGHTED.has(node.op) ? node.inputs[1] : undefined
  if (id === undefined) return undefined
  const { type, data } = valueOf(graph, id)
  return data === undefined ? undefined : { type, data }
}

function density({ quant, shape }: TensorType, data: TensorData): number {
  const axis = quant?.axis
  const zeroPoints = quant?.zeroPoint ?? Int32Array.of(0)
  const inner = axis === undefined ? data.length : shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  let kept = 0
  for (let i = 0; i < data.length; i++) {
    const zero = zeroPoints[axis === undefined ? 0 : Math.floor(i / inner) % zeroPoints.length] ?? 0
    if (Number(data[i]) !== zero) kept++
  }
  return data.length === 0 ? 1 : kept / data.length
}
