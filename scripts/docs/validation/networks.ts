/**
 * Layers of published networks by their shapes alone. Their weights are any numbers but 0, for neither cycles nor traffic
 * depend on values.
 */

import { must } from '../../../ir/diagnostic.ts'
import { DTYPE_RANGE, type DType } from '../../../ir/dtype.ts'
import type { Attrs, Graph, Node, Value, ValueId } from '../../../ir/graph.ts'
import type { OpName } from '../../../ir/ops/names.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { elementCount, perTensor, type TensorType } from '../../../ir/tensor.ts'

export interface ConvolutionShape {
  readonly name: string
  readonly outputs: number
  /** Side of the kernel. */
  readonly kernel: number
  readonly stride?: number
  /** [top, left, bottom, right]. */
  readonly pads?: readonly [number, number, number, number]
}

/** A chain of layers from one input. */
export class LayerChain {
  readonly #values = new Map<ValueId, Value>()
  readonly #nodes: Node[] = []
  #last: ValueId = 'x'

  /** @param input NHWC, batch 1; i8 or b1. */
  constructor(dtype: DType, height: number, width: number, channels: number) {
    this.#values.set('x', { type: activation(dtype, [1, height, width, channels]) })
  }

  /** An int8 convolution. */
  convolution(shape: ConvolutionShape): this {
    const weights = this.#weights(shape, 'i8', 'i8')
    return this.#node('conv2d', shape.name, [weights], windowAttrs(shape), 'i8')
  }

  /** A convolution with weights of -1 and +1, and the threshold that makes bits of its sums; without, its sums. */
  binaryConvolution(shape: ConvolutionShape, finish: 'threshold' | 'sums' = 'threshold'): this {
    const inputType = this.#type(this.#last).dtype
    // Bits are multiplied by bits; bytes by weights of a byte each.
    const weights = this.#weights(shape, inputType === 'b1' ? 'b1' : 'i8', 'b1')
    this.#node('conv2d', shape.name, [weights], windowAttrs(shape), 'i32')
    if (finish === 'sums') return this
    const thresholds = `${shape.name}.thresholds`
    const type: TensorType = { dtype: 'i32', shape: [shape.outputs, 1] }
    this.#values.set(thresholds, { type, data: new Int32Array(shape.outputs) })
    return this.#node('threshold', `${shape.name}.bits`, [thresholds], { min: -1 }, 'b1')
  }

  maxPool(name: string, size: number, stride: number): this {
    const attrs = { kernel: [size, size], stride: [stride, stride], pads: [0, 0, 0, 0], activation: 'none' }
    return this.#node('max_pool2d', name, [], attrs, this.#type(this.#last).dtype)
  }

  graph(name: string): Graph {
    return { name, inputs: ['x'], outputs: [this.#last], values: this.#values, nodes: this.#nodes }
  }

  #type(id: ValueId): TensorType {
    return must(this.#values.get(id), `value ${id}`).type
  }

  #weights({ name, outputs, kernel }: ConvolutionShape, dtype: DType, range: 'i8' | 'b1'): ValueId {
    const channels = must(this.#type(this.#last).shape[3], 'channels')
    const shape = [outputs, kernel, kernel, channels]
    const id = `${name}.weights`
    const type: TensorType = { dtype, shape, quant: perTensor(0.01, 0) }
    const data = Int8Array.from({ length: elementCount(shape) }, (_, i) => nonZero(i, range))
    this.#values.set(id, { type, data })
    return id
  }

  #node(op: OpName, name: string, constants: readonly ValueId[], attrs: Attrs, dtype: DType): this {
    const inputs = [this.#last, ...constants]
    const types = inputs.map((id) => this.#type(id))
    this.#values.set(name, { type: activation(dtype, OPS[op].inferShape(types, attrs)) })
    this.#nodes.push({ op, name, inputs, outputs: [name], attrs })
    this.#last = name
    return this
  }
}

function activation(dtype: DType, shape: readonly number[]): TensorType {
  return { dtype, shape, quant: perTensor(0.05, 0) }
}

function windowAttrs({ stride = 1, pads = [0, 0, 0, 0] }: ConvolutionShape): Attrs {
  return { stride: [stride, stride], dilation: [1, 1], pads, activation: 'none' }
}

/** Noise without 0: bits -1 and +1, or bytes. */
function nonZero(i: number, range: 'i8' | 'b1'): number {
  const noise = Math.imul(i + 1, 2654435761) >>> 8
  const [lowest, highest] = must(DTYPE_RANGE[range], 'a range')
  if (range === 'b1') return noise & 1 ? lowest : highest
  return (noise % highest) + 1
}
