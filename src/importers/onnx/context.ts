/** What a rule sees of its node: attributes with their defaults, operands, and ways to add to the graph. */
import { fail } from '../../../ir/diagnostic.ts'
import type { Attrs, ValueId } from '../../../ir/graph.ts'
import type { OpName } from '../../../ir/ops/names.ts'
import { elementCount, type TensorType } from '../../../ir/tensor.ts'
import {
  type Computed,
  channelsLast,
  type GraphBuilder,
  type Operand,
  type Origin,
  plainOrder,
} from './builder.ts'
import { type Constant, type ReadBeside, readTensor } from './constants.ts'
import type { AttributeProto, NodeProto } from './schema.ts'

/** From a node to what its outputs are, in order; outputs that nobody may use are left out. */
export type OperatorRule = (node: NodeContext) => readonly Operand[]

const FAULTY = 'run ONNX’s checker and shape inference on the model: they name the first fault'
const OTHERWISE = 'express it by other operators, or export the model with other options'

/** More than computed weights need; a damaged file could ask for any number. */
const MAX_ELEMENTS = 2 ** 26

/** AttributeProto.AttributeType. */
const ATTRIBUTE_KINDS = { FLOAT: 1, INT: 2, STRING: 3, TENSOR: 4, FLOATS: 6, INTS: 7, STRINGS: 8 } as const

export interface NodeFacts {
  readonly proto: NodeProto
  readonly origin: Origin
  /** Version of the operator set of its domain. */
  readonly opset: number
  /** Undefined for an optional input that is left out. */
  readonly inputs: readonly (Operand | undefined)[]
  readonly readBeside: ReadBeside
}

export class NodeContext {
  readonly builder: GraphBuilder
  readonly opset: number
  readonly inputs: readonly (Operand | undefined)[]
  readonly origin: Origin
  private readonly facts: NodeFacts
  private readonly asked = new Set<string>()

  constructor(builder: GraphBuilder, facts: NodeFacts) {
    this.builder = builder
    this.facts = facts
    this.opset = facts.opset
    this.inputs = facts.inputs
    this.origin = facts.origin
  }

  get opType(): string {
    return this.facts.proto.opType ?? ''
  }

  /** Names of the outputs; empty where one is left out. */
  get outputs(): readonly string[] {
    return this.facts.proto.output ?? []
  }

  /** Files of the first versions leave the kind out. */
  private attribute(name: string, kind?: keyof typeof ATTRIBUTE_KINDS): AttributeProto | undefined {
    this.asked.add(name)
    const attribute = this.facts.proto.attribute?.find((each) => each.name === name)
    if (kind && attribute?.type && attribute.type !== ATTRIBUTE_KINDS[kind]) {
      const expected = `expected ${ATTRIBUTE_KINDS[kind]} (${kind})`
      this.reject('bad-attribute', `attribute ${name} is of kind ${attribute.type}, ${expected}`)
    }
    return attribute
  }

  /** Names attributes that change nothing here; one that no rule has asked for is refused. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.asked.add(name)
  }

  /** An attribute that the rule does not know, or one that it cannot know. */
  refuseUnknownAttributes(): void {
    for (const { name = '', g, refAttrName } of this.facts.proto.attribute ?? []) {
      if (g || refAttrName) {
        this.reject('unsupported-attribute', `attribute ${name} holds a graph or refers to a function's`)
      }
      if (!this.asked.has(name)) {
        this.reject('unsupported-attribute', `attribute ${name} is not supported`)
      }
    }
  }

  has(name: string): boolean {
    return this.attribute(name) !== undefined
  }

  int(name: string, otherwise: number): number {
    return this.attribute(name, 'INT')?.i ?? otherwise
  }

  float(name: string, otherwise: number): number {
    return this.attribute(name, 'FLOAT')?.f ?? otherwise
  }

  /** Undefined if absent; an empty list if present without elements. */
  ints(name: string): readonly number[] | undefined {
    const attribute = this.attribute(name, 'INTS')
    return attribute && (attribute.ints ?? [])
  }

  floats(name: string): readonly number[] | undefined {
    const attribute = this.attribute(name, 'FLOATS')
    return attribute && (attribute.floats ?? [])
  }

  string(name: string, otherwise: string): string {
    const bytes = this.attribute(name, 'STRING')?.s
    return bytes ? new TextDecoder().decode(bytes) : otherwise
  }

  strings(name: string): readonly string[] | undefined {
    const attribute = this.attribute(name, 'STRINGS')
    return attribute && (attribute.strings ?? []).map((bytes) => new TextDecoder().decode(bytes))
  }

  tensor(name: string): Constant | undefined {
    const tensor = this.attribute(name, 'TENSOR')?.t
    if (!tensor) return undefined
    return readTensor(tensor, `${this.origin.path} / ${name}`, this.origin.file, this.facts.readBeside)
  }

  /** Stops the import at this node. */
  reject(code: string, message: string, hint?: string): never {
    const { file, path } = this.origin
    return fail({
      code: `onnx/${code}`,
      message: `${this.opType}: ${message}`,
      span: { file, path },
      hint: hint ?? (code.startsWith('bad') ? FAULTY : OTHERWISE),
    })
  }

  operand(n: number): Operand {
    return this.inputs[n] ?? this.reject('bad-node', `its input ${n} is missing`)
  }

  /** An input that must be known now. */
  constant(n: number, what: string): Constant {
    const operand = this.operand(n)
    if (operand.kind === 'constant') return operand
    const hint = 'export the model with constants folded, or simplify it'
    return this.reject('not-constant', `its ${what} is computed, not constant`, hint)
  }

  optionalConstant(n: number, what: string): Constant | undefined {
    return this.inputs[n] === undefined ? undefined : this.constant(n, what)
  }

  /** An input as a value of the graph that is computed; a constant becomes one that is not. */
  computed(n: number): Computed {
    return this.asComputed(this.operand(n), this.inputName(n))
  }

  /** A constant as a value of the graph. */
  asComputed(operand: Operand, wish: string): Computed {
    if (operand.kind === 'computed') return operand
    const id = this.builder.real(operand, wish)
    return { kind: 'computed', id, shape: operand.shape, order: plainOrder(operand.shape.length) }
  }

  inputName(n: number): string {
    return this.facts.proto.input?.[n] || `${this.origin.name} input ${n}`
  }

  /** The value of an operand with axes in this order. */
  arranged(operand: Operand, order: readonly number[], wish: string): ValueId {
    return operand.kind === 'constant'
      ? this.builder.real(operand, wish, order)
      : this.builder.arrange(operand, order, this.origin)
  }

  emit(
    op: OpName,
    inputs: readonly ValueId[],
    attrs: Attrs,
    wish = this.outputs[0] ?? this.origin.name,
    result?: Omit<TensorType, 'shape'>,
  ): ValueId {
    return this.builder.emit(op, inputs, attrs, this.origin, wish, result)
  }

  /** A scalar, or one number for each channel, as a float32 constant of the graph. */
  numbers(values: Iterable<number>, wish: string): ValueId {
    const data = Float32Array.from(values)
    return this.builder.data({ dtype: 'f32', shape: [data.length] }, data, wish)
  }

  /** The node's result, of which the graph's axes are the file's in `order`. */
  result(id: ValueId, order: readonly number[]): readonly [Computed] {
    const sizes = this.builder.type(id).shape
    const shape = order.map((_, axis) => sizes[order.indexOf(axis)] ?? 1)
    return [{ kind: 'computed', id, shape, order }]
  }

  /** An image [N, H, W, C], made of [N, C, H, W] or, with one row, of [N, C, W]. */
  image(n: number): ValueId {
    const operand = this.computed(n)
    const rank = operand.shape.length
    const id = this.builder.arrange(operand, channelsLast(rank), this.origin)
    if (rank === 4) return id
    if (rank !== 3) {
      const shape = `[${operand.shape.join(', ')}]`
      this.reject('unsupported-rank', `an input of shape ${shape} is neither [N, C, H, W] nor [N, C, W]`)
    }
    const [batch = 1, width = 1, channels = 1] = this.builder.type(id).shape
    const shape = [batch, 1, width, channels]
    return this.emit('reshape', [id], { shape }, `${id} as an image`, this.builder.resultOf(id))
  }

  /** The node's result from an image, with as many axes as the input that it came from. */
  imageResult(id: ValueId, rank: number): readonly [Computed] {
    if (rank === 4) return this.result(id, channelsLast(4))
    const [batch = 1, , width = 1, channels = 1] = this.builder.type(id).shape
    const shape = [batch, width, channels]
    const flat = this.emit('reshape', [id], { shape }, `${id} as a row`, this.builder.resultOf(id))
    return this.result(flat, channelsLast(3))
  }

  /** A shape that a constant can have which is computed here. */
  sized(shape: readonly number[]): readonly number[] {
    const isShape = shape.every((size) => Number.isInteger(size) && size >= 0)
    if (isShape && elementCount(shape) <= MAX_ELEMENTS) return shape
    return this.reject('bad-shape', `it would give a constant of shape [${shape}]`)
  }

  /** An axis counted from the front. */
  axis(axis: number, rank: number): number {
    const fromFront = axis < 0 ? axis + rank : axis
    if (fromFront < 0 || fromFront >= Math.max(1, rank)) {
      this.reject('bad-attribute', `axis ${axis} does not exist: the tensor has ${rank}`)
    }
    return fromFront
  }
}
