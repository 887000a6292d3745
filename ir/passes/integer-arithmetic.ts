/**
 * Arithmetic on dequantized elements, done on the elements themselves. Exporters of quantized training write a network
 * in real numbers, with quantizers between its layers: dequantize -> conv2d -> ... -> quantize. The layer's inputs and
 * weights are integers times a scale, so its sums are integers times the product of the scales, and an integer unit
 * gives them without rounding.
 */
import { INT32_MAX, INT32_MIN } from '../arith/rounding.ts'
import type { DType } from '../dtype.ts'
import { type Graph, type Node, typeOf, type Value, type ValueId, valueOf } from '../graph.ts'
import type { OpName } from '../ops/names.ts'
import type { Pass } from '../pass.ts'
import { freshId, operandOf, resultOf, sameQuant, withNodes } from '../rewrite.ts'
import type { TensorType } from '../tensor.ts'
import { type IntegerWeights, integerWeights } from './integer-weights.ts'
import { CHANNEL_AXIS, sumRange } from './sum-range.ts'

/** Ops that only move elements, or compare them: the same on quantized elements as on real ones. */
export const MOVES: ReadonlySet<OpName> = new Set([
  'reshape',
  'transpose',
  'max_pool2d',
  'strided_slice',
  'resize_nearest',
  'concat',
])

export const integerArithmetic: Pass<Graph> = {
  name: 'integer-arithmetic',
  summary: 'Computes on quantized elements instead of the real numbers that they stand for.',
  run: (graph) => new Rewriting(graph).run(),
}

class Rewriting {
  private readonly graph: Graph
  private readonly nodes: Node[] = []
  private readonly added = new Map<ValueId, Value>()
  /** For a value of real numbers the quantized one that stands for the same. */
  private readonly quantized = new Map<ValueId, ValueId>()

  constructor(graph: Graph) {
    this.graph = graph
  }

  run(): Graph {
    for (const node of this.graph.nodes) {
      if (node.op === 'dequantize') this.quantized.set(resultOf(node), operandOf(node))
      if (!this.move(node) && !this.sums(node)) this.nodes.push(node)
    }
    return this.added.size === 0 ? this.graph : withNodes(this.graph, this.nodes, this.added)
  }

  private type(id: ValueId): TensorType {
    return this.added.get(id)?.type ?? typeOf(this.graph, id)
  }

  private define(wish: string, value: Value): ValueId {
    const id = freshId(wish, this.graph.values, this.added)
    this.added.set(id, value)
    return id
  }

  private move(node: Node): boolean {
    const out = resultOf(node)
    if (!MOVES.has(node.op) || typeOf(this.graph, out).dtype !== 'f32') return false
    if ((node.attrs.activation ?? 'none') !== 'none') return false
    const inputs = node.inputs.flatMap((id) => this.quantized.get(id) ?? [])
    const types = inputs.map((id) => this.type(id))
    const [first] = types
    if (first === undefined || inputs.length < node.inputs.length || first.dtype === 'i32') return false
    if (!types.every(({ dtype, quant }) => dtype === first.dtype && sameQuant(quant, first.quant)))
      return false
    const { shape } = typeOf(this.graph, out)
    const moved = this.define(`${out} quantized`, { type: { ...first, shape } })
    this.nodes.push({ ...node, inputs, outputs: [moved] })
    this.dequantize(node, moved, out)
    this.quantized.set(out, moved)
    return true
  }

  private sums(node: Node): boolean {
    const axis = CHANNEL_AXIS[node.op]
    const [real = '', realWeights = '', bias] = node.inputs
    const x = this.quantized.get(real)
    if (axis === undefined || x === undefined) return false
    const xType = this.type(x)
    const { type, data } = valueOf(this.graph, realWeights)
    if (!(data instanceof Float32Array) || !isNarrow(xType.dtype)) return false
    if (bias !== undefined && valueOf(this.graph, bias).data === undefined) return false
    const weights = integerWeights(data, type.shape, axis)
    if (weights === undefined || !fits(node, xType, weights, type.shape, axis)) return false

    const out = resultOf(node)
    const { shape } = typeOf(this.graph, out)
    const inputScale = xType.quant?.scale[0] ?? 1
    const w = this.define(`${realWeights} quantized`, {
      type: weightType(weights, type.shape, axis),
      data: weights.data,
    })
    const quant = {
      // The product of two float32 scales is a double without rounding.
      scale: weights.scale.map((scale) => scale * inputScale),
      zeroPoint: new Int32Array(weights.scale.length),
      axis: shape.length - 1,
    }
    const sums = this.define(`${out} sums`, { type: { dtype: 'i32', shape, quant } })
    const { activation = 'none', ...attrs } = node.attrs
    this.nodes.push({ ...node, inputs: [x, w], outputs: [sums], attrs })
    if (bias === undefined && activation === 'none') {
      this.dequantize(node, sums, out)
      return true
    }
    const scaled = this.define(`${out} scaled`, { type: { dtype: 'f32', shape } })
    this.dequantize(node, sums, scaled)
    const offset =
      bias ?? this.define(`${out} zero`, { type: { dtype: 'f32', shape: [1] }, data: new Float32Array(1) })
    this.nodes.push({
      op: 'add',
      name: `${node.name} bias`,
      inputs: [scaled, offset],
      outputs: [out],
      attrs: { activation },
      ...(node.span && { span: node.span }),
    })
    return true
  }

  private dequantize(of: Node, from: ValueId, to: ValueId): void {
    const span = of.span && { span: of.span }
    this.nodes.push({
      op: 'dequantize',
      name: `${of.name} dequantized`,
      inputs: [from],
      outputs: [to],
      attrs: {},
      ...span,
    })
  }
}

function isNarrow(dtype: DType): boolean {
  return dtype !== 'i16' && dtype !== 'i32'
}

function weightType({ dtype, scale }: IntegerWeights, shape: readonly number[], axis: number): TensorType {
  return { dtype, shape, quant: { scale, zeroPoint: new Int32Array(scale.length), axis } }
}

/** Whether every sum has 32 bits, and there is no padding that the input's type has no element for. */
function fits(
  node: Node,
  x: TensorType,
  { data }: IntegerWeights,
  shape: readonly number[],
  axis: number,
): boolean {
  const { pads } = node.attrs
  if (x.dtype === 'b1' && Array.isArray(pads) && pads.some((pad) => pad !== 0)) return false
  const { min, max } = sumRange(x, data, shape, axis)
  return min.every((sum) => sum >= INT32_MIN) && max.every((sum) => sum <= INT32_MAX)
}
