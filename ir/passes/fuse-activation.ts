/**
 * A ReLU or requantization that keeps the scale computes nothing new: it moves the zero point, since a factor of 1 is
 * exact, and clamps. The ops that scale sums end in just that: round, add the zero point, clamp. So it joins such an op,
 * if nothing else reads that op's result, and if what both clamps leave is the range of a fused activation.
 *
 * With another scale it does not: the sum would be rounded once instead of twice, which differs now and then. Nor does
 * it where the zero point is part of what is rounded, as in ONNX Runtime's sums and products of two tensors.
 */
import type { Arithmetic } from '../arith/rounding.ts'
import {
  ACTIVATIONS,
  type Activation,
  activationBounds,
  activationRange,
  integerRange,
} from '../arith/saturate.ts'
import { consumers, type Graph, type Node, typeOf, type ValueId } from '../graph.ts'
import { withDefaults } from '../ops/define.ts'
import type { OpName } from '../ops/names.ts'
import { OPS } from '../ops/registry.ts'
import type { Pass } from '../pass.ts'
import { operandOf, redirect, resultOf, sameQuant, withNodes } from '../rewrite.ts'
import type { TensorType } from '../tensor.ts'

export const fuseActivation: Pass<Graph> = {
  name: 'fuse-activation',
  summary: 'Moves clamps into the op before them, and drops those that do nothing.',
  run: (graph) => fuseClamps(dropIdleClamps(graph)),
}

/** Ops that scale sums. A pool passes elements on as they are: for it a clamp would be more work. */
const SCALING: ReadonlySet<OpName> = new Set([
  'conv2d',
  'depthwise_conv2d',
  'transpose_conv2d',
  'fully_connected',
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'minimum',
  'maximum',
  'prelu',
])

/** Those of them that round after the zero point is added, with the arithmetic `onnx`. */
const ROUNDED_WITH_ZERO_POINT: ReadonlySet<OpName> = new Set(['add', 'sub', 'mul'])

/** Nodes that clamp, and to which range. */
const CLAMPS: { readonly [N in OpName]?: Activation } = { relu: 'relu', relu6: 'relu6', quantize: 'none' }

type Range = readonly [min: number, max: number]

/** Clamps to all that the type holds: `activation` becomes none, and a node that only clamps goes. */
function dropIdleClamps(graph: Graph): Graph {
  const replaced = new Map<ValueId, ValueId>()
  const nodes = graph.nodes.map((node) => {
    const output = typeOf(graph, resultOf(node))
    const clamp = CLAMPS[node.op]
    if (
      clamp &&
      sameQuant(typeOf(graph, operandOf(node)).quant, output.quant) &&
      isIdle(clamp, output, arithmeticOf(node))
    ) {
      replaced.set(resultOf(node), operandOf(node))
    }
    const { activation } = node.attrs
    if (
      activation === undefined ||
      activation === 'none' ||
      !isIdle(activation as Activation, output, arithmeticOf(node))
    )
      return node
    return { ...node, attrs: { ...node.attrs, activation: 'none' } }
  })
  return redirect(withNodes(graph, nodes), replaced)
}

function fuseClamps(graph: Graph): Graph {
  const readers = consumers(graph)
  const nodes: Node[] = []
  /** Where the node stands that computes a value. */
  const at = new Map<ValueId, number>()
  for (const node of graph.nodes) {
    const from = operandOf(node)
    const index = at.get(from)
    const producer = index === undefined ? undefined : nodes[index]
    const isPrivate = readers.get(from)?.length === 1 && !graph.outputs.includes(from)
    const fused = producer && isPrivate ? joined(graph, producer, node) : undefined
    if (fused && index !== undefined) nodes[index] = fused
    at.set(resultOf(node), fused ? (index ?? 0) : nodes.length)
    if (!fused) nodes.push(node)
  }
  return withNodes(graph, nodes)
}

/** The producer with the clamp behind it; undefined where no fused activation says both. */
function joined(graph: Graph, producer: Node, node: Node): Node | undefined {
  if (typeOf(graph, resultOf(node)).dtype === 'f32') return joinedReal(graph, producer, node)
  const clamp = CLAMPS[node.op]
  const from = typeOf(graph, operandOf(node))
  const to = typeOf(graph, resultOf(node))
  const shift = movedZeroPoint(from, to)
  if (!clamp || !SCALING.has(producer.op) || shift === undefined) return undefined
  const arithmetic = arithmeticOf(producer)
  if (arithmetic === 'onnx' && shift !== 0 && ROUNDED_WITH_ZERO_POINT.has(producer.op)) return undefined
  const before = (producer.attrs.activation ?? 'none') as Activation
  const [min, max] = activationRange(before, from, arithmetic)
  const after = activationRange(clamp, to, arithmeticOf(node))
  const range = intersection([min + shift, max + shift], after)
  const activation =
    range && ACTIVATIONS.find((name) => isSameRange(activationRange(name, to, arithmetic), range))
  return activation && { ...producer, outputs: node.outputs, attrs: { ...producer.attrs, activation } }
}

/** Of float32 results a clamp is one to real bounds, and nothing else happens behind the sum. */
function joinedReal(graph: Graph, producer: Node, node: Node): Node | undefined {
  const clamp = realClamp(node)
  if (!clamp || !SCALING.has(producer.op) || typeOf(graph, operandOf(node)).dtype !== 'f32') return undefined
  const before = activationBounds((producer.attrs.activation ?? 'none') as Activation)
  const range = intersection(before, clamp)
  const activation = range && ACTIVATIONS.find((name) => isSameRange(activationBounds(name), range))
  return activation && { ...producer, outputs: node.outputs, attrs: { ...producer.attrs, activation } }
}

function realClamp(node: Node): Range | undefined {
  if (node.op !== 'clip')
    return node.op === 'relu' || node.op === 'relu6' ? activationBounds(node.op) : undefined
  const { min, max } = withDefaults(OPS.clip.attrs, node.attrs) as {
    readonly min: number
    readonly max: number
  }
  return [Math.fround(min), Math.fround(max)]
}

/** How far the zero point moves between two types of the same scale; undefined where they differ in more. */
function movedZeroPoint(from: TensorType, to: TensorType): number | undefined {
  if (from.dtype !== to.dtype || from.quant?.scale.length !== 1 || to.quant?.scale.length !== 1)
    return undefined
  if (from.quant.scale[0] !== to.quant.scale[0]) return undefined
  return (to.quant.zeroPoint[0] ?? 0) - (from.quant.zeroPoint[0] ?? 0)
}

/** Clamping to one range and then to another is clamping to their intersection, where there is one. */
function intersection(a: Range, b: Range): Range | undefined {
  const range = [Math.max(a[0], b[0]), Math.min(a[1], b[1])] as const
  return range[0] <= range[1] ? range : undefined
}

function isIdle(activation: Activation, type: TensorType, arithmetic: Arithmetic): boolean {
  if (type.quant?.scale.length !== 1) return false
  return isSameRange(activationRange(activation, type, arithmetic), integerRange(type.dtype))
}

function arithmeticOf({ attrs }: Node): Arithmetic {
  return (attrs.arithmetic ?? 'tflite') as Arithmetic
}

function isSameRange(a: Range, b: Range): boolean {
  return a[0] === b[0] && a[1] === b[1]
}
