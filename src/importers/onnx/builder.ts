/**
 * Builds the graph of an ONNX file while its nodes are read in order.
 *
 * ONNX images are NCHW, ours NHWC. Every value knows which axis of the file each of its axes is, so that a rule asks
 * for the order that its op wants, and a transpose is made only where a value has another: at the borders of most
 * networks, never between two of their layers. ONNX's own Transpose moves no element, only this knowledge.
 */
import { Diagnosed, must } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import type { Attrs, Node, Value, ValueId } from '../../../ir/graph.ts'
import type { OpName } from '../../../ir/ops/names.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { freshId } from '../../../ir/rewrite.ts'
import { elementCount, type TensorType } from '../../../ir/tensor.ts'
import { type Constant, checkShape, type ElementType, type Grid } from './constants.ts'

/** A value that the network computes. */
export interface Computed {
  readonly kind: 'computed'
  readonly id: ValueId
  /** As in the file. */
  readonly shape: readonly number[]
  /** For each axis of the graph's value the axis of `shape` that it is. */
  readonly order: readonly number[]
  /** Of a value [N, F]: the image that its features were, in the order in which they lie. */
  readonly flattened?: { readonly shape: readonly number[]; readonly order: readonly number[] }
  /** Of float32 elements that stand for integers of the file: the type of these. */
  readonly integers?: ElementType
}

export type Operand = Constant | Computed

/** Axes as in the file. */
export function plainOrder(rank: number): readonly number[] {
  return Array.from({ length: rank }, (_, axis) => axis)
}

/** [N, C, ...] with the channels last. */
export function channelsLast(rank: number): readonly number[] {
  return rank < 3 ? plainOrder(rank) : [0, ...plainOrder(rank).slice(2), 1]
}

function sameOrder(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, n) => axis === b[n])
}

/** Where nodes come from, for their names and places in diagnostics. */
export interface Origin {
  readonly name: string
  /** The values that it gives in the file. */
  readonly results: readonly string[]
  readonly file: string
  readonly path: string
}

export class GraphBuilder {
  readonly values = new Map<ValueId, Value>()
  readonly nodes: Node[] = []
  private readonly names = new Set<string>()
  private readonly arranged = new Map<string, ValueId>()
  private readonly constants = new Map<Constant, Map<string, ValueId>>()
  /** Of constants of real numbers that the file stores as integers. */
  readonly grids = new Map<ValueId, Grid>()
  /** Whether the file quantizes by ONNX's own operator. */
  hasQuantizers = false

  type(id: ValueId): TensorType {
    return must(this.values.get(id), id).type
  }

  define(wish: string, value: Value): ValueId {
    const id = freshId(wish, this.values)
    this.values.set(id, value)
    return id
  }

  /** A constant of float32 elements in another order of axes; `shape` is that of the result. */
  real(constant: Constant, wish: string, order = plainOrder(constant.shape.length)): ValueId {
    const key = order.join()
    const known = this.constants.get(constant)?.get(key)
    if (known !== undefined) return known
    const { shape, data } = permuted(constant, order)
    const id = this.define(wish, { type: { dtype: 'f32', shape }, data: Float32Array.from(data) })
    const ofConstant = this.constants.get(constant) ?? new Map<string, ValueId>()
    this.constants.set(constant, ofConstant.set(key, id))
    if (constant.grid) this.grids.set(id, constant.grid)
    return id
  }

  data(type: TensorType, data: TensorData, wish: string): ValueId {
    return this.define(wish, { type, data })
  }

  /** Adds a node of one result; its shape is inferred. Type and quantization are `result`'s, float32 unless given. */
  emit(
    op: OpName,
    inputs: readonly ValueId[],
    attrs: Attrs,
    origin: Origin,
    wish: string,
    result: Omit<TensorType, 'shape'> = { dtype: 'f32' },
  ): ValueId {
    const types = inputs.map((id) => this.type(id))
    const { file, path } = origin
    const shape = this.inferred(op, types, attrs, origin)
    checkShape(shape, path, file)
    const id = this.define(wish, { type: { ...result, shape } })
    this.nodes.push({
      op,
      // What gives the file's values has the file's name; what leads there, also the op's.
      name: this.freshName(origin.results.includes(wish) ? origin.name : `${origin.name} ${op}`),
      inputs,
      outputs: [id],
      attrs,
      span: { file, path },
    })
    return id
  }

  private inferred(op: OpName, types: readonly TensorType[], attrs: Attrs, { file, path }: Origin) {
    try {
      return OPS[op].inferShape(types, attrs)
    } catch (error) {
      if (!(error instanceof Diagnosed)) throw error
      throw new Diagnosed(
        error.diagnostics.map((d) => ({ ...d, code: 'onnx/bad-shape', span: { file, path } })),
      )
    }
  }

  private freshName(wish: string): string {
    let name = wish
    for (let n = 2; this.names.has(name); n++) name = `${wish} ${n}`
    this.names.add(name)
    return name
  }

  /** The graph's value of an operand with its axes in this order. */
  arrange(operand: Computed, order: readonly number[], origin: Origin): ValueId {
    if (operand.flattened)
      return this.arrange(this.unflatten(operand, operand.flattened, origin), order, origin)
    if (sameOrder(operand.order, order)) return operand.id
    const perm = order.map((axis) => operand.order.indexOf(axis))
    // Not by the file's axes: another tensor of the file may be the same value with other axes.
    const key = `${operand.id} ${perm}`
    const known = this.arranged.get(key)
    if (known !== undefined) return known
    const shape = order.map((axis) => must(operand.shape[axis], 'axis'))
    const long = (axes: readonly number[]) => axes.filter((axis) => operand.shape[axis] !== 1)
    // Axes of size 1 can stand anywhere.
    const moves = !sameOrder(long(operand.order), long(order))
    const result = this.resultOf(operand.id)
    const wish = `${operand.id} ${sameOrder(order, plainOrder(order.length)) ? 'as in the file' : 'channels last'}`
    const id = moves
      ? this.emit('transpose', [operand.id], { perm }, origin, wish, result)
      : this.emit('reshape', [operand.id], { shape }, origin, wish, result)
    this.arranged.set(key, id)
    return id
  }

  /** Whether a value is an input of the graph that no node reads so far. */
  isUnreadInput(id: ValueId): boolean {
    return this.nodes.every(({ inputs, outputs }) => !inputs.includes(id) && !outputs.includes(id))
  }

  isResult(id: ValueId): boolean {
    return this.nodes.some((node) => node.outputs.includes(id))
  }

  /** Gives a value another name, `wish` or one like it, and returns it. */
  rename(id: ValueId, wish: string): ValueId {
    const name = freshId(wish, this.values)
    const value = must(this.values.get(id), id)
    this.values.delete(id)
    this.values.set(name, value)
    const renamed = (each: ValueId) => (each === id ? name : each)
    this.nodes.forEach((node, n) => {
      if (!node.inputs.includes(id) && !node.outputs.includes(id)) return
      this.nodes[n] = { ...node, inputs: node.inputs.map(renamed), outputs: node.outputs.map(renamed) }
    })
    for (const [key, arranged] of this.arranged) {
      // The old name may become another value's.
      if (key.startsWith(`${id} `)) this.arranged.delete(key)
      else this.arranged.set(key, renamed(arranged))
    }
    return name
  }

  /** Element type and quantization of a value, for ops that keep them. */
  resultOf(id: ValueId): Omit<TensorType, 'shape'> {
    const { dtype, quant } = this.type(id)
    return { dtype, ...(quant && { quant }) }
  }

  /** The features of a flattened image in the file's order. */
  private unflatten(
    operand: Computed,
    image: { readonly shape: readonly number[]; readonly order: readonly number[] },
    origin: Origin,
  ): Computed {
    const inner = image.order.map((axis) => must(image.shape[axis], 'axis'))
    const result = this.resultOf(operand.id)
    const id = this.emit(
      'reshape',
      [operand.id],
      { shape: inner },
      origin,
      `${operand.id} as an image`,
      result,
    )
    const plain = this.arrange(
      { kind: 'computed', id, shape: image.shape, order: image.order },
      plainOrder(inner.length),
      origin,
    )
    const flat = this.emit('reshape', [plain], { shape: operand.shape }, origin, `${operand.id} flat`, result)
    return { kind: 'computed', id: flat, shape: operand.shape, order: plainOrder(operand.shape.length) }
  }
}

/** A constant with its axes in another order. */
export function permuted(
  { shape, data }: Constant,
  order: readonly number[],
): { readonly shape: readonly number[]; readonly data: Float64Array } {
  const sizes = order.map((axis) => must(shape[axis], 'axis'))
  if (sameOrder(order, plainOrder(order.length))) return { shape: sizes, data }
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)))
  const steps = order.map((axis) => must(strides[axis], 'axis'))
  const result = new Float64Array(data.length)
  const index = sizes.map(() => 0)
  let from = 0
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from] as number
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis] as number
      index[axis] = (index[axis] as number) + 1
      if ((index[axis] as number) < (sizes[axis] as number)) break
      from -= (steps[axis] as number) * (sizes[axis] as number)
      index[axis] = 0
    }
  }
  return { shape: sizes, data: result }
}
