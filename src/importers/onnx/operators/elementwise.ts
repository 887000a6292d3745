/** Ops that compute each element by itself, normalization, and softmax. */
import type { Attrs, ValueId } from '../../../../ir/graph.ts'
import type { OpName } from '../../../../ir/ops/names.ts'
import { elementCount } from '../../../../ir/tensor.ts'
import { type Computed, channelsLast, type Operand, plainOrder } from '../builder.ts'
import { type Constant, constant } from '../constants.ts'
import type { NodeContext, OperatorRule } from '../context.ts'

function unary(op: OpName, attrsOf: (node: NodeContext) => Attrs = () => ({})): OperatorRule {
  return (node) => {
    const x = node.computed(0)
    return [{ ...x, id: node.emit(op, [x.id], attrsOf(node)) }]
  }
}

/** Bounds are attributes before version 11, and operands since, which may be computed. */
const clip: OperatorRule = (node) => {
  const x = node.computed(0)
  const listed = (name: 'min' | 'max'): Attrs => {
    const value = node.float(name, Number.NaN)
    return Number.isNaN(value) ? {} : { [name]: value }
  }
  const attributes = { ...listed('min'), ...listed('max') }
  const [min, max] = [node.inputs[1], node.inputs[2]]
  if (min?.kind === 'computed' || max?.kind === 'computed') {
    const raised = min ? combined(node, 'maximum', x, min, `${node.outputs[0]} raised`) : x
    return [max ? combined(node, 'minimum', raised, max) : raised]
  }
  const given = (name: string, bound: Constant | undefined): Attrs =>
    bound?.data[0] === undefined ? {} : { [name]: Math.fround(bound.data[0]) }
  return [
    { ...x, id: node.emit('clip', [x.id], { ...attributes, ...given('min', min), ...given('max', max) }) },
  ]
}

/** Leading axes of size 1. */
function spread(operand: Constant, rank: number): Constant {
  return {
    ...operand,
    shape: [...Array<number>(Math.max(0, rank - operand.shape.length)).fill(1), ...operand.shape],
  }
}

/** Two operands as values whose axes align, and the order of their axes; `place` makes a value of a constant. */
export function aligned(
  node: NodeContext,
  operands: readonly [Operand, Operand],
  place: (constant: Constant, n: number, order: readonly number[]) => ValueId,
): { readonly ids: readonly [ValueId, ValueId]; readonly order: readonly number[] } {
  const [a, b] = operands
  const rank = Math.max(a.shape.length, b.shape.length)
  // An element by itself aligns with any order.
  const isSingle = ({ shape }: Operand) => shape.length < rank && elementCount(shape) === 1
  const computed = [a, b].filter((each): each is Computed => each.kind === 'computed' && !isSingle(each))
  const whole = computed.filter((each) => each.shape.length === rank)
  // Constants follow the computed operand; operands of fewer axes align at the last one of the file.
  const [leader] = whole
  const isAligned = leader !== undefined && whole.length === computed.length && !leader.flattened
  const order = isAligned ? leader.order : plainOrder(rank)
  const value = (operand: Operand, n: number): ValueId => {
    if (operand.kind === 'constant') {
      return operand.data.length === 1 && operand.shape.length < rank
        ? place({ ...operand, shape: [1] }, n, [0])
        : place(spread(operand, rank), n, order)
    }
    return node.builder.arrange(
      operand,
      operand.shape.length === rank ? order : plainOrder(operand.shape.length),
      node.origin,
    )
  }
  return { ids: [value(a, 0), value(b, 1)], order }
}

function binary(op: OpName): OperatorRule {
  return (node) => [combined(node, op, node.operand(0), node.operand(1))]
}

/** An op of any number of operands, two at a time from the left. */
function variadic(op: OpName): OperatorRule {
  return (node) => {
    const [first = node.operand(0), ...others] = node.inputs.map((_, n) => node.operand(n))
    if (others.length === 0) return [first]
    return [others.reduce((left, right) => combined(node, op, left, right), first)]
  }
}

/** The mean of its operands, element by element. */
const mean: OperatorRule = (node) => {
  const [sum] = variadic('add')(node)
  const count = number(node.inputs.length)
  return [combined(node, 'div', sum ?? node.operand(0), count)]
}

/** An op on one operand. */
export function mapped(
  node: NodeContext,
  op: OpName,
  x: Computed,
  attrs: Attrs = {},
  wish?: string,
): Computed {
  return { ...x, id: node.emit(op, [x.id], attrs, wish) }
}

/** A float32 by itself. */
export const number = (value: number): Constant => constant('f32', [], [Math.fround(value)])

/** An op on two operands of broadcastable shapes. */
export function combined(node: NodeContext, op: OpName, a: Operand, b: Operand, wish?: string): Computed {
  const isConstant = a.kind === 'constant' && b.kind === 'constant'
  const first = isConstant ? node.asComputed(a, `${node.outputs[0]} left`) : a
  const { ids, order } = aligned(node, [first, b], (constant, n, axes) =>
    node.builder.real(constant, `${node.outputs[0]} ${n === 0 ? 'left' : 'right'}`, axes),
  )
  return node.result(node.emit(op, ids, {}, wish), order)[0]
}

/** scale * (x - mean) / sqrt(variance + epsilon) + bias, as one product and one sum for each channel. */
const batchNormalization: OperatorRule = (node) => {
  const x = node.computed(0)
  if (node.int('training_mode', 0) !== 0) {
    node.reject('unsupported-attribute', 'training mode is not supported')
  }
  node.ignore('momentum', 'is_test', 'consumed_inputs')
  if (node.int('spatial', 1) === 0) {
    node.reject('unsupported-attribute', 'normalization of each pixel by itself is not supported')
  }
  const rank = x.shape.length
  const channels = x.shape[1] ?? 1
  const parameter = (n: number, what: string) => {
    const { data } = node.constant(n, what)
    if (data.length === channels) return data
    return node.reject('bad-shape', `its ${what} has ${data.length} elements, expected ${channels}`)
  }
  const variance = parameter(4, 'variance')
  const mean = parameter(3, 'mean')
  const epsilon = node.float('epsilon', 1e-5)
  const factors = parameter(1, 'scale').map((s, c) => s / Math.sqrt((variance[c] ?? 0) + epsilon))
  const offsets = parameter(2, 'bias').map((b, c) => b - (mean[c] ?? 0) * (factors[c] ?? 0))
  const order = x.flattened || rank < 3 ? plainOrder(rank) : channelsLast(rank)
  const name = node.outputs[0]
  const scaled = node.emit(
    'mul',
    [node.builder.arrange(x, order, node.origin), node.numbers(factors, `${name} factors`)],
    {},
    `${name} scaled`,
  )
  return node.result(node.emit('add', [scaled, node.numbers(offsets, `${name} offsets`)], {}), order)
}

/** Before version 13 all axes from `axis` on are one. */
const softmax: OperatorRule = (node) => {
  const x = node.computed(0)
  const rank = x.shape.length
  const axis = node.axis(node.int('axis', node.opset < 13 ? 1 : -1), rank)
  const isLast = axis === rank - 1 || (node.opset < 13 && x.shape.slice(axis + 1).every((size) => size === 1))
  if (node.opset < 13 && !isLast) {
    const plain = node.builder.arrange(x, plainOrder(rank), node.origin)
    const row = x.shape.slice(axis).reduce((a, b) => a * b, 1)
    const count = x.shape.slice(0, axis).reduce((a, b) => a * b, 1)
    const rows = node.emit('reshape', [plain], { shape: [count, row] }, `${node.outputs[0]} rows`)
    const shares = node.emit('softmax', [rows], {}, `${node.outputs[0]} shares`)
    return node.result(node.emit('reshape', [shares], { shape: x.shape }), plainOrder(rank))
  }
  const order = [...plainOrder(rank).filter((each) => each !== axis), axis]
  return node.result(node.emit('softmax', [node.builder.arrange(x, order, node.origin)], {}), order)
}

/** The operand itself. */
const identity: OperatorRule = (node) => [node.operand(0)]

/** At inference it drops nothing. */
const dropout: OperatorRule = (node) => {
  node.ignore('ratio', 'seed', 'is_test')
  if (node.optionalConstant(2, 'training mode')?.data[0]) {
    node.reject(
      'unsupported-attribute',
      'it drops elements, as in training',
      'export the model for inference',
    )
  }
  return [node.operand(0)]
}

export const ELEMENTWISE: Readonly<Record<string, OperatorRule>> = {
  Add: binary('add'),
  Sub: binary('sub'),
  Mul: binary('mul'),
  Div: binary('div'),
  Relu: unary('relu'),
  LeakyRelu: unary('leaky_relu', (node) => ({ alpha: Math.fround(node.float('alpha', 0.01)) })),
  Sigmoid: unary('logistic'),
  Tanh: unary('tanh'),
  HardSwish: unary('hard_swish'),
  Clip: clip,
  Sum: variadic('add'),
  Mean: mean,
  Min: variadic('minimum'),
  Max: variadic('maximum'),
  Pow: binary('pow'),
  PRelu: binary('prelu'),
  HardSigmoid: unary('hard_sigmoid', (node) => ({
    alpha: Math.fround(node.float('alpha', 0.2)),
    beta: Math.fround(node.float('beta', 0.5)),
  })),
  Elu: unary('elu', (node) => ({ alpha: Math.fround(node.float('alpha', 1)) })),
  Softplus: unary('softplus'),
  Exp: unary('exp'),
  Log: unary('log'),
  Sqrt: unary('sqrt'),
  Abs: unary('abs'),
  Neg: unary('neg'),
  Sign: unary('sign'),
  Floor: unary('floor'),
  Ceil: unary('ceil'),
  Round: unary('round'),
  Reciprocal: (node) => [combined(node, 'div', number(1), node.operand(0))],
  BatchNormalization: batchNormalization,
  Softmax: softmax,
  Identity: identity,
  Dropout: dropout,
}
