/** Builds int8 networks one layer after another; whatever the numbers it is given, the result is a valid graph. */
import type { Arithmetic } from '../../ir/arith/rounding.ts'
import { must } from '../../ir/diagnostic.ts'
import { allocate, type DType, type TensorData } from '../../ir/dtype.ts'
import type { Attrs, Graph, Node, Value, ValueId } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { OPS } from '../../ir/ops/registry.ts'
import { elementCount, perTensor, type Quant, type TensorType } from '../../ir/tensor.ts'

/** A value that layers can read. */
export interface Activation {
  readonly id: ValueId
  readonly type: TensorType
}

/** How an output is quantized: its scale relative to what its inputs suggest, and its zero point. */
export interface OutputQuant {
  readonly factor: number
  readonly zeroPoint: number
}

/** Of all ops that have one, or of one op after the other in turn. */
export type NetworkArithmetic = Arithmetic | 'in turn'

export class NetworkBuilder {
  readonly activations: Activation[] = []
  private readonly arithmetic: NetworkArithmetic
  private readonly values = new Map<ValueId, Value>()
  private readonly inputs: ValueId[] = []
  private readonly nodes: Node[] = []

  constructor(arithmetic: NetworkArithmetic = 'tflite') {
    this.arithmetic = arithmetic
  }

  /** That of the next node. */
  nextArithmetic(): Arithmetic {
    if (this.arithmetic !== 'in turn') return this.arithmetic
    return this.nodes.length % 2 === 0 ? 'tflite' : 'onnx'
  }

  input(type: TensorType): void {
    const id = `x${this.inputs.length}`
    this.values.set(id, { type })
    this.inputs.push(id)
    this.activations.push({ id, type })
  }

  constant(type: TensorType, data: TensorData): ValueId {
    const id = `c${this.values.size}`
    this.values.set(id, { type, data })
    return id
  }

  /** Adds a node; its shape is inferred. */
  node(
    op: OpName,
    inputs: readonly ValueId[],
    attrs: Attrs,
    quant: Quant | undefined,
    dtype: DType = 'i8',
  ): Activation {
    const types = inputs.map((id) => must(this.values.get(id), id).type)
    const isOnnx = OPS[op].attrs.arithmetic !== undefined && this.nextArithmetic() === 'onnx'
    const complete = isOnnx ? { ...attrs, arithmetic: 'onnx' } : attrs
    const shape = OPS[op].inferShape(types, complete)
    const id = `v${this.nodes.length}`
    const type: TensorType = { dtype, shape, ...(quant && { quant }) }
    this.values.set(id, { type })
    // Two nodes out of three have a name of their own, as in most files.
    const name = this.nodes.length % 3 === 0 ? id : `${op}/${this.nodes.length}`
    this.nodes.push({ op, name, inputs, outputs: [id], attrs: complete })
    this.activations.push({ id, type })
    return { id, type }
  }

  /** The n-th latest activation that fits; 0 is the latest. */
  pick(n: number, fits: (type: TensorType) => boolean = isInt8): Activation | undefined {
    const candidates = this.activations.filter(({ type }) => fits(type))
    return candidates.at(-1 - (n % Math.max(1, candidates.length)))
  }

  /** Weights with symmetric quantization, for each index of `axis` or as a whole. */
  weights(shape: readonly number[], seed: number, axis: number | undefined): ValueId {
    const count = axis === undefined ? 1 : must(shape[axis], 'axis')
    const random = randomIntegers(seed + 1)
    const scale = Float64Array.from({ length: count }, () => Math.fround(0.002 * 2 ** (random(-16, 16) / 8)))
    const quant = { scale, zeroPoint: new Int32Array(count), ...(axis !== undefined && { axis }) }
    return this.constant({ dtype: 'i8', shape, quant }, randomData('i8', elementCount(shape), seed))
  }

  /** A bias about as large as the sums of `depth` products. */
  bias(channels: number, depth: number, seed: number): ValueId {
    const random = randomIntegers(seed + 2)
    const limit = Math.ceil(8000 * Math.sqrt(depth))
    const data = Int32Array.from({ length: channels }, () => random(-limit, limit))
    return this.constant({ dtype: 'i32', shape: [channels] }, data)
  }

  /** The first weight scale: what output scales are derived from. */
  scaleOf(id: ValueId): number {
    return must(this.values.get(id)?.type.quant?.scale[0], id)
  }

  /** The latest activation is an output, and those that `more` picks. */
  graph(more: readonly number[]): Graph {
    const outputs = new Set([must(this.activations.at(-1), 'a layer').id])
    for (const n of more) outputs.add(must(this.activations[n % this.activations.length], 'a layer').id)
    return {
      name: 'random',
      inputs: this.inputs,
      outputs: [...outputs],
      values: this.values,
      nodes: this.nodes,
    }
  }
}

export function quantized(natural: number, { factor, zeroPoint }: OutputQuant): Quant {
  return perTensor(Math.fround(natural * factor), zeroPoint)
}

export function isInt8(type: TensorType): boolean {
  return type.dtype === 'i8'
}

export function isImage(type: TensorType): boolean {
  return type.dtype === 'i8' && type.shape.length === 4
}

export function scaleOf({ type }: Activation): number {
  return must(type.quant?.scale[0], 'a quantized activation')
}

/** Integers in [from, to] from a seed: xorshift32 (Marsaglia 2003). */
function randomIntegers(seed: number): (from: number, to: number) => number {
  let state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1
  return (from, to) => {
    state = (state ^ (state << 13)) >>> 0
    state = (state ^ (state >>> 17)) >>> 0
    state = (state ^ (state << 5)) >>> 0
    return from + (state % (to - from + 1))
  }
}

/** Elements over the whole range, extremes often; real numbers between -8 and 8. */
export function randomData(dtype: DType, length: number, seed: number): TensorData {
  const random = randomIntegers(seed)
  const data = allocate(dtype, length)
  for (let i = 0; i < length; i++) {
    if (dtype === 'f32') data[i] = random(-8000, 8000) / 1000
    else data[i] = random(0, 15) === 0 ? (random(0, 1) === 0 ? -128 : 127) : random(-128, 127)
  }
  return data
}

export function randomInputs(graph: Graph, seed: number): readonly TensorData[] {
  return graph.inputs.map((id, n) => {
    const { dtype, shape } = must(graph.values.get(id), id).type
    return randomData(dtype, elementCount(shape), seed + n)
  })
}
