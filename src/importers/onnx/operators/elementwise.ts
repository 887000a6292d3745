/** Ops that compute each element by itself, normalization, and softmax. */
import type { Attrs, ValueId } from '../../../../ir/graph.ts'
import type { OpName } from '../../../../ir/ops/names.ts'
import { type Computed, channelsLast, type Operand, plainOrder } from '../builder.ts'
import type { Constant } from '../constants.ts'
import type { NodeContext, OperatorRule } from '../context.ts'

function unary(op: OpName, attrsOf: (node: NodeContext) => Attrs = () => ({})): OperatorRule {
  return (node) => {
    const x = node.computed(0)
    return [{ ...x, id: node.emit(op, [x.id], attrsOf(node)) }]
  }
}

const clip: OperatorRule = (node) => {
  const x = node.computed(0)
  const bound = (name: 'min' | 'max', n: number): Attrs => {
    const value =
      node.opset < 11
        ? node.has(name)
          ? node.float(name, 0)
          : undefined
        : node.optionalConstant(n, name)?.data[0]
    return value === undefined ? {} : { [name]: Math.fround(value) }
  }
  return [{ ...x, id: node.emit('clip', [x.id], { ...bound('min', 1), ...bound('max', 2) }) }]
}

/** min(max(alpha * x + beta, 0), 1). */
const hardSigmoid: OperatorRule = (node) => {
  const x = node.computed(0)
  const name = node.outputs[0]
  const scaled = node.emit(
    'mul',
    [x.id, node.numbers([node.float('alpha', 0.2)], `${name} alpha`)],
    {},
    `${name} scaled`,
  )
  const moved = node.emit(
    'add',
    [scaled, node.numbers([node.float('beta', 0.5)], `${name} beta`)],
    {},
    `${name} moved`,
  )
  return [{ ...x, id: node.emit('clip', [moved], { min: 0, max: 1 }) }]
}

/** max(x, 0) + slope * min(x, 0). */
const pRelu: OperatorRule = (node) => {
  const x = node.computed(0)
  const name = node.outputs[0]
  const above = node.emit('clip', [x.id], { min: 0 }, `${name} above`)
  const below = node.emit('clip', [x.id], { max: 0 }, `${name} below`)
  const slope = broadcastTo(node, node.operand(1), x, node.inputName(1))
  const sloped = node.emit('mul', [below, slope], {}, `${name} sloped`)
  return [{ ...x, id: node.emit('add', [above, sloped], {}) }]
}

const negative: OperatorRule = (node) => {
  const x = node.computed(0)
  return [{ ...x, id: node.emit('mul', [x.id, node.numbers([-1], `${node.outputs[0]} factor`)], {}) }]
}

/** An operand in the order of axes of `x`, which has at least as many. */
function broadcastTo(node: NodeContext, operand: Operand, x: Computed, wish: string): string {
  const rank = x.order.length
  if (operand.kind === 'computed') {
    if (operand.shape.length !== rank)
      node.reject('unsupported-rank', `shapes [${operand.shape}] and [${x.shape}] do not align`)
    return node.builder.arrange(operand, x.order, node.origin)
  }
  if (operand.data.length === 1) return node.builder.real({ ...operand, shape: [1] }, wish)
  return node.builder.real(spread(operand, rank), wish, x.order)
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
  const computed = [a, b].filter((each): each is Computed => each.kind === 'computed')
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
  return (node) => {
    const [a, b] = [node.operand(0), node.operand(1)]
    const first = a.kind === 'constant' && b.kind === 'constant' ? node.computed(0) : a
    const { ids, order } = aligned(node, [first, b], (constant, n, axes) =>
      node.builder.real(constant, node.inputName(n), axes),
    )
    return node.result(node.emit(op, ids, {}), order)
  }
}

/** scale * (x - mean) / sqrt(variance + epsilon) + bias, as one product and one sum for each channel. */
const batchNormalization: OperatorRule = (node) => {
  const x = node.computed(0)
  if (node.int('training_mode', 0) !== 0) {
    node.reject('unsupported-attribute', 'training mode is not supported')
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

/** Only between types of real numbers; integers are cast while they are constant. */
const cast: OperatorRule = (node) => {
  const to = node.int('to', 1)
  if (![1, 10, 11, 16].includes(to))
    node.reject('unsupported-type', 'a computed value can be cast to float32 only')
  return [node.operand(0)]
}

export const ELEMENTWISE = {
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
  HardSigmoid: hardSigmoid,
  PRelu: pRelu,
  Neg: negative,
  BatchNormalization: batchNormalization,
  Softmax: softmax,
  Identity: identity,
  Dropout: identity,
  Cast: cast,
}
