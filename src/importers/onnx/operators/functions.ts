/** Functions that are made of others and of reductions: normalizations, logarithmic softmax. */
import { type Computed, plainOrder } from '../builder.ts'
import type { Constant } from '../constants.ts'
import type { NodeContext, OperatorRule } from '../context.ts'
import { combined, mapped, number } from './elementwise.ts'
import { reduced } from './reductions.ts'

/** gamma * elu(x, alpha) */
const selu: OperatorRule = (node) => {
  const alpha = Math.fround(node.float('alpha', 1.6732632423543772))
  const elu = mapped(node, 'elu', node.computed(0), { alpha }, `${node.outputs[0]} elu`)
  return [combined(node, 'mul', elu, number(node.float('gamma', 1.0507009873554805)))]
}

/** max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0): the parts of elu(x / alpha) * alpha. */
const celu: OperatorRule = (node) => {
  const alpha = number(node.float('alpha', 1))
  const elu = mapped(
    node,
    'elu',
    combined(node, 'div', node.computed(0), alpha),
    {},
    `${node.outputs[0]} elu`,
  )
  return [combined(node, 'mul', elu, alpha)]
}

/** x / (1 + |x|) */
const softsign: OperatorRule = (node) => {
  const x = node.computed(0)
  const magnitude = mapped(node, 'abs', x, {}, `${node.outputs[0]} magnitude`)
  return [combined(node, 'div', x, combined(node, 'add', magnitude, number(1)))]
}

/** x * tanh(softplus(x)) */
const mish: OperatorRule = (node) => {
  const x = node.computed(0)
  const soft = mapped(node, 'softplus', x, {}, `${node.outputs[0]} softplus`)
  return [combined(node, 'mul', x, mapped(node, 'tanh', soft, {}, `${node.outputs[0]} tanh`))]
}

/** (x - mean) / sqrt(variance + epsilon) over some axes; the mean and the last factor as well. */
function normalized(node: NodeContext, x: Computed, axes: readonly number[], epsilon: number) {
  const mean = reduced(node, 'mean', x, axes, true)
  const difference = combined(node, 'sub', x, mean)
  const variance = reduced(node, 'mean', combined(node, 'mul', difference, difference), axes, true)
  const deviation = mapped(node, 'sqrt', combined(node, 'add', variance, number(epsilon)))
  return {
    result: combined(node, 'div', difference, deviation),
    mean,
    factor: combined(node, 'div', number(1), deviation),
  }
}

const layerNormalization: OperatorRule = (node) => {
  node.ignore('stash_type')
  const x = node.computed(0)
  const rank = x.shape.length
  const axes = plainOrder(rank).slice(node.axis(node.int('axis', -1), rank))
  const { result, mean, factor } = normalized(node, x, axes, node.float('epsilon', 1e-5))
  const scaled = combined(node, 'mul', result, node.operand(1))
  return [
    node.inputs[2] === undefined ? scaled : combined(node, 'add', scaled, node.operand(2)),
    mean,
    factor,
  ]
}

/** Of each channel of each image by itself. */
const instanceNormalization: OperatorRule = (node) => {
  const x = node.computed(0)
  const rank = x.shape.length
  const { result } = normalized(node, x, plainOrder(rank).slice(2), node.float('epsilon', 1e-5))
  const perChannel = (n: number, what: string): Constant => {
    const values = node.constant(n, what)
    return { ...values, shape: [values.data.length, ...Array<number>(Math.max(0, rank - 2)).fill(1)] }
  }
  const scaled = combined(node, 'mul', result, perChannel(1, 'scale'))
  return [combined(node, 'add', scaled, perChannel(2, 'bias'))]
}

/** d - log(sum(exp(d))), d = x - max(x). Before version 13 all axes from `axis` on are one. */
const logSoftmax: OperatorRule = (node) => {
  const x = node.computed(0)
  const rank = x.shape.length
  const axis = node.axis(node.int('axis', node.opset < 13 ? 1 : -1), rank)
  const axes = node.opset < 13 ? plainOrder(rank).slice(axis) : [axis]
  const difference = combined(node, 'sub', x, reduced(node, 'reduce_max', x, axes, true))
  const sum = reduced(node, 'reduce_sum', mapped(node, 'exp', difference), axes, true)
  return [combined(node, 'sub', difference, mapped(node, 'log', sum))]
}

export const FUNCTIONS: Readonly<Record<string, OperatorRule>> = {
  Selu: selu,
  Celu: celu,
  Softsign: softsign,
  Mish: mish,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  LogSoftmax: logSoftmax,
}
