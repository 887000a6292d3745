/**
 * Layers between DequantizeLinear and QuantizeLinear, done on the elements themselves, as ONNX Runtime does when it
 * optimizes such a network: dequantize -> conv2d -> quantize becomes a conv2d of bytes with the arithmetic `onnx`. What
 * only moves elements, or compares them, keeps their quantization; what has no quantizer behind it stays real.
 */
import { must } from '../../../ir/diagnostic.ts'
import { DTYPE_RANGE } from '../../../ir/dtype.ts'
import {
  consumers,
  type Graph,
  type Node,
  typeOf,
  type Value,
  type ValueId,
  valueOf,
} from '../../../ir/graph.ts'
import { withDefaults } from '../../../ir/ops/define.ts'
import type { OpName } from '../../../ir/ops/names.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { MOVES } from '../../../ir/passes/integer-arithmetic.ts'
import { LAYER_AXIS } from '../../../ir/passes/sum-range.ts'
import { freshId, operandOf, resultOf, sameQuant, withNodes } from '../../../ir/rewrite.ts'
import { elementCount, type TensorType } from '../../../ir/tensor.ts'
import type { Grid } from './constants.ts'

const BINARY: ReadonlySet<OpName> = new Set(['add', 'sub', 'mul'])

/** Ops of one operand that have the arithmetic `onnx`. */
const UNARY: ReadonlySet<OpName> = new Set([
  'avg_pool2d',
  'mean',
  'relu',
  'relu6',
  'leaky_relu',
  'logistic',
  'tanh',
  'hard_swish',
  'softmax',
])

/** The quantizer behind a layer, and what stands between them. */
interface Target {
  readonly activation: 'none' | 'relu' | 'relu6'
  /** What the layer's own node replaces. */
  readonly absorbed: readonly Node[]
  readonly result: ValueId
  /** Results of quantizers that do the same once more. */
  readonly copies: readonly ValueId[]
}

/** `grids` says of constants of real numbers which multiples of which scales they are. */
export function quantizedLayers(graph: Graph, grids: ReadonlyMap<ValueId, Grid>): Graph {
  return new Rewriting(graph, grids).run()
}

class Rewriting {
  private readonly graph: Graph
  private readonly grids: ReadonlyMap<ValueId, Grid>
  private readonly readers: ReadonlyMap<ValueId, readonly Node[]>
  private readonly nodes: Node[] = []
  private readonly added = new Map<ValueId, Value>()
  /** For a value of real numbers the bytes that stand for the same. */
  private readonly quantized = new Map<ValueId, ValueId>()
  /** Quantizers that only repeat what their operand was made of. */
  private readonly same = new Map<ValueId, ValueId>()
  private readonly absorbed = new Set<Node>()

  constructor(graph: Graph, grids: ReadonlyMap<ValueId, Grid>) {
    this.graph = graph
    this.grids = grids
    this.readers = consumers(graph)
  }

  run(): Graph {
    for (const node of this.graph.nodes) if (!this.absorbed.has(node)) this.visit(node)
    return withNodes(this.graph, this.nodes, this.added)
  }

  private type(id: ValueId): TensorType {
    return this.added.get(id)?.type ?? typeOf(this.graph, id)
  }

  private define(wish: string, value: Value): ValueId {
    const id = freshId(wish, this.graph.values, this.added)
    this.added.set(id, value)
    return id
  }

  /** Adds a node; operands that are the same as earlier ones are those. */
  private push(node: Node): void {
    this.nodes.push({ ...node, inputs: node.inputs.map((id) => this.same.get(id) ?? id) })
  }

  private visit(node: Node): void {
    if (node.op === 'dequantize') {
      const from = operandOf(node)
      if (this.type(from).dtype === 'i8') this.quantized.set(resultOf(node), this.same.get(from) ?? from)
      this.push(node)
    } else if (!(this.requantize(node) || this.layer(node) || this.move(node))) this.push(node)
  }

  /** A quantizer of bytes. */
  private requantize(node: Node): boolean {
    const x = node.op === 'quantize' ? this.quantized.get(operandOf(node)) : undefined
    const result = resultOf(node)
    const type = this.type(result)
    if (x === undefined || type.dtype !== 'i8') return false
    if (sameQuant(this.type(x).quant, type.quant) && !this.graph.outputs.includes(result))
      this.same.set(result, x)
    else this.push({ ...node, inputs: [x] })
    return true
  }

  /** The quantizer that alone reads a layer's result, perhaps through a ReLU. */
  private target(node: Node, activation: Target['activation'] = 'none'): Target | undefined {
    const result = resultOf(node)
    const readers = this.readers.get(result) ?? []
    const [reader, other] = readers
    if (reader === undefined || this.graph.outputs.includes(result)) return undefined
    if (reader.op === 'quantize') return this.quantizers(readers, activation)
    if (other !== undefined) return undefined
    const limit = activation === 'none' ? activationOf(reader) : undefined
    const behind = limit && this.target(reader, limit)
    return behind && { ...behind, absorbed: [reader, ...behind.absorbed] }
  }

  /** Readers that all quantize alike are one. */
  private quantizers(readers: readonly Node[], activation: Target['activation']): Target | undefined {
    const [result = '', ...copies] = readers.map(resultOf)
    const { dtype, quant } = typeOf(this.graph, result)
    const isCopy = (node: Node) => {
      const type = typeOf(this.graph, resultOf(node))
      return node.op === 'quantize' && type.dtype === 'i8' && sameQuant(type.quant, quant)
    }
    const isFree = copies.every((id) => !this.graph.outputs.includes(id))
    if (dtype !== 'i8' || !isFree || !readers.every(isCopy)) return undefined
    return { activation, absorbed: readers, result, copies }
  }

  /** The layer's node stands for those behind it. */
  private absorb({ absorbed, result, copies }: Target): void {
    for (const each of absorbed) this.absorbed.add(each)
    for (const copy of copies) this.same.set(copy, result)
  }

  private layer(node: Node): boolean {
    if (typeOf(this.graph, resultOf(node)).dtype !== 'f32') return false
    const target = this.target(node)
    if (target === undefined) return false
    if (node.op === 'concat') return this.concat(node, target)
    const inputs = this.inputsOf(node)
    const own = (node.attrs.activation ?? 'none') as string
    const takesActivation = OPS[node.op].attrs.activation !== undefined
    if (inputs === undefined || (target.activation !== 'none' && (own !== 'none' || !takesActivation)))
      return false
    const activation = target.activation === 'none' ? own : target.activation
    const attrs = { ...node.attrs, ...(takesActivation && { activation }), arithmetic: 'onnx' }
    this.push({ ...node, inputs, outputs: [target.result], attrs })
    this.absorb(target)
    return true
  }

  /** The layer's operands as bytes; undefined where one is not to be had. */
  private inputsOf(node: Node): readonly ValueId[] | undefined {
    const axis = LAYER_AXIS[node.op]
    if (axis !== undefined) return this.layerInputs(node, axis)
    if (!UNARY.has(node.op) && !BINARY.has(node.op)) return undefined
    const inputs = node.inputs.map((id) => this.quantized.get(id) ?? this.constant(id, 0, ''))
    return inputs.every((id) => id !== undefined) ? inputs : undefined
  }

  private layerInputs(node: Node, axis: number): readonly ValueId[] | undefined {
    const [real = '', weights = '', bias] = node.inputs
    const x = this.quantized.get(real)
    const w = x === undefined ? undefined : this.constant(weights, axis, node.op)
    if (x === undefined || w === undefined) return undefined
    if (bias === undefined) return [x, w]
    const { data } = valueOf(this.graph, bias)
    if (!(data instanceof Float32Array)) return undefined
    const scales = must(this.type(w).quant, 'quantized weights').scale
    const inputScale = must(this.type(x).quant?.scale[0], 'a scale')
    // A file stores the bias as such integers, too.
    const integers = Array.from(data, (b, c) => {
      const scale = must(scales[scales.length === 1 ? 0 : c], 'a scale') * inputScale
      return Math.round(b / scale)
    })
    if (!integers.every((n) => Math.abs(n) < 2 ** 31)) return undefined
    const type = { dtype: 'i32', shape: [integers.length] } as const
    return [x, w, this.define(`${bias} quantized`, { type, data: Int32Array.from(integers) })]
  }

  /** A constant as bytes, if that is what its real numbers were made of; layers take no zero points in weights. */
  private constant(id: ValueId, axis: number, layer: string): ValueId | undefined {
    const grid = this.grids.get(id)
    const value = this.graph.values.get(id)
    if (grid === undefined || !(value?.data instanceof Float32Array)) return undefined
    const { shape } = value.type
    const shift = grid.dtype === 'u8' ? -128 : 0
    const [count, channels] = [grid.scale.length, shape[axis] ?? 1]
    if ((grid.dtype !== 'u8' && grid.dtype !== 'i8') || (count !== 1 && count !== channels)) return undefined
    if (layer === '' && count !== 1) return undefined
    const zeroPoint = Int32Array.from(grid.zeroPoint, (zero) => zero + shift)
    if (layer !== '' && zeroPoint.some((zero) => zero !== 0)) return undefined
    const inner = elementCount(shape.slice(axis + 1))
    const [min, max] = must(DTYPE_RANGE.i8, 'a range')
    const data = new Int8Array(value.data.length)
    for (let i = 0; i < data.length; i++) {
      const c = count === 1 ? 0 : Math.floor(i / inner) % channels
      const scale = grid.scale[c] ?? 1
      const real = value.data[i] as number
      const multiple = Math.round(real / scale)
      const q = multiple + (zeroPoint[c] ?? 0)
      if (q < min || q > max || Math.fround(multiple * scale) !== real) return undefined
      data[i] = q
    }
    const quant = { scale: Float64Array.from(grid.scale), zeroPoint, ...(count > 1 && { axis }) }
    return this.define(`${id} quantized`, { type: { dtype: 'i8', shape, quant }, data })
  }

  /** Operands of several quantizations are brought to that of the result. */
  private concat(node: Node, target: Target): boolean {
    const { activation, result } = target
    const inputs = node.inputs.flatMap((id) => this.quantized.get(id) ?? [])
    if (inputs.length < node.inputs.length || activation !== 'none') return false
    const { dtype, quant } = typeOf(this.graph, result)
    const parts = inputs.map((id, n) => {
      const type = this.type(id)
      if (sameQuant(type.quant, quant)) return id
      const part = this.define(`${result} part ${n}`, {
        type: { dtype, shape: type.shape, ...(quant && { quant }) },
      })
      const attrs = { arithmetic: 'onnx' }
      this.push({
        ...node,
        op: 'quantize',
        name: `${node.name} part ${n}`,
        inputs: [id],
        outputs: [part],
        attrs,
      })
      return part
    })
    this.push({ ...node, inputs: parts, outputs: [result] })
    this.absorb(target)
    return true
  }

  /** Elements that are moved keep their quantization, whether there is a quantizer behind or not. */
  private move(node: Node): boolean {
    const out = resultOf(node)
    const inputs = node.inputs.flatMap((id) => this.quantized.get(id) ?? [])
    const [x] = inputs
    if (x === undefined || typeOf(this.graph, out).dtype !== 'f32') return false
    const type = this.type(x)
    const attrs = movedAttrs(node, type)
    const isAlike = inputs.every((id) => sameQuant(this.type(id).quant, type.quant))
    if (attrs === undefined || inputs.length < node.inputs.length || !isAlike) return false
    const { shape } = typeOf(this.graph, out)
    const moved = this.define(`${out} quantized`, { type: { ...type, shape } })
    this.push({ ...node, inputs, outputs: [moved], attrs })
    const name = `${node.name} dequantized`
    this.push({ ...node, op: 'dequantize', name, inputs: [moved], outputs: [out], attrs: {} })
    this.quantized.set(out, moved)
    return true
  }
}

/** A clamp that a layer can do itself. */
function activationOf(node: Node): 'relu' | 'relu6' | undefined {
  if (node.op === 'relu' || node.op === 'relu6') return node.op
  if (node.op !== 'clip') return undefined
  const { min, max } = withDefaults(OPS.clip.attrs, node.attrs) as {
    readonly min: number
    readonly max: number
  }
  if (min !== 0) return undefined
  return max === 6 ? 'relu6' : max === Infinity ? 'relu' : undefined
}

/** Attributes of an op that moves elements, on elements of this type; undefined where it does more. */
function movedAttrs(node: Node, { quant }: TensorType): Node['attrs'] | undefined {
  if (node.op === 'pad' && node.attrs.value === 0) return { ...node.attrs, value: quant?.zeroPoint[0] ?? 0 }
  const isMove = MOVES.has(node.op) && (node.attrs.activation ?? 'none') === 'none'
  return isMove ? node.attrs : undefined
}
