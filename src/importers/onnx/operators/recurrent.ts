/** Recurrent layers, in one direction or in both. */
import { must } from '../../../../ir/diagnostic.ts'
import type { ValueId } from '../../../../ir/graph.ts'
import { unrollGru } from '../../recurrent/gru.ts'
import { unrollLstm } from '../../recurrent/lstm.ts'
import { unrollRnn } from '../../recurrent/rnn.ts'
import {
  type Activation,
  type Gate,
  MOST_STEPS,
  type RealGraph,
  type RecurrentLayer,
} from '../../recurrent/unrolling.ts'
import { type Computed, plainOrder } from '../builder.ts'
import type { Constant } from '../constants.ts'
import type { NodeContext, OperatorRule } from '../context.ts'

/** Of each direction, whether it is reversed. */
const DIRECTIONS: Readonly<Record<string, readonly boolean[]>> = {
  forward: [false],
  reverse: [true],
  bidirectional: [false, true],
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = { Sigmoid: 'logistic', Tanh: 'tanh', Relu: 'relu' }

/** One direction of a layer. Gates are counted in the operator's order. */
interface Direction {
  readonly layer: RecurrentLayer
  /** Its bias is the sum of that of the inputs and that of the states. */
  readonly gate: (n: number) => Gate
  readonly inputBias: (n: number) => Float32Array
  readonly recurrentBias: (n: number) => Float32Array
  /** Of an LSTM; undefined if it has none. */
  readonly peephole: (n: number) => Float32Array | undefined
  readonly initialHidden: ValueId | undefined
  /** Of an LSTM. */
  readonly initialCell: ValueId | undefined
}

/** The states of each direction after each step, by time. */
type States = readonly (readonly ValueId[])[]

/** Gates: input, output, forget, cell. */
const lstm: OperatorRule = (node) => {
  if (node.int('input_forget', 0) !== 0) {
    node.reject('unsupported-attribute', 'coupled input and forget gates are not supported')
  }
  const [gates, activation = 'tanh', shown] = activationsOf(node, ['logistic', 'tanh', 'tanh'])
  if (gates !== 'logistic' || activation !== shown) {
    node.reject('unsupported-attribute', 'its gates are not Sigmoid, or its other activations differ')
  }
  const directions = directionsOf(node, 4)
  const states = directions.map(({ layer, gate, peephole, initialHidden, initialCell }) =>
    unrollLstm(realGraph(node), {
      ...layer,
      inputGate: { ...gate(0), peephole: peephole(0) },
      outputGate: { ...gate(1), peephole: peephole(1) },
      forgetGate: { ...gate(2), peephole: peephole(2) },
      cellGate: gate(3),
      activation,
      initialHidden,
      initialCell,
    }),
  )
  const hidden = states.map((each) => each.map((state) => state.hidden))
  const cells = states.map((each) => each.map((state) => state.cell))
  return [...hiddenResults(node, directions, hidden), lastStates(node, directions, cells, 2)]
}

/** Gates: update, reset, new. */
const gru: OperatorRule = (node) => {
  const [gates, activation = 'tanh'] = activationsOf(node, ['logistic', 'tanh'])
  if (gates !== 'logistic') node.reject('unsupported-attribute', 'its gates are not Sigmoid')
  const resetsSums = node.int('linear_before_reset', 0) !== 0
  const directions = directionsOf(node, 3)
  const states = directions.map(({ layer, gate, inputBias, recurrentBias, initialHidden }) =>
    unrollGru(realGraph(node), {
      ...layer,
      updateGate: gate(0),
      resetGate: gate(1),
      newGate: resetsSums ? { ...gate(2), bias: inputBias(2) } : gate(2),
      recurrentBias: resetsSums ? recurrentBias(2) : undefined,
      activation,
      initial: initialHidden,
    }),
  )
  return hiddenResults(node, directions, states)
}

const rnn: OperatorRule = (node) => {
  const [activation = 'tanh'] = activationsOf(node, ['tanh'])
  const directions = directionsOf(node, 1)
  const states = directions.map(({ layer, gate, initialHidden }) =>
    unrollRnn(realGraph(node), { ...layer, gate: gate(0), activation, initial: initialHidden }),
  )
  return hiddenResults(node, directions, states)
}

/** The activations of one direction, which are those of the other, too. */
function activationsOf(node: NodeContext, usual: readonly Activation[]): readonly Activation[] {
  // Of functions that have parameters.
  node.ignore('activation_alpha', 'activation_beta')
  const given = node.strings('activations')?.map((name) => {
    return ACTIVATIONS[name] ?? node.reject('unsupported-attribute', `activation ${name} is not supported`)
  })
  if (!given) return usual
  const isRepeated = given.every((activation, n) => activation === given[n % usual.length])
  if (!isRepeated || given.length === 0 || given.length % usual.length !== 0) {
    node.reject('unsupported-attribute', `activations [${node.strings('activations')}] are not supported`)
  }
  return given
}

function isBatchFirst(node: NodeContext): boolean {
  return node.int('layout', 0) !== 0
}

function directionsOf(node: NodeContext, gates: number): readonly Direction[] {
  const name = node.string('direction', 'forward')
  const reversed =
    DIRECTIONS[name] ?? node.reject('bad-attribute', `direction ${JSON.stringify(name)} does not exist`)
  const { shape } = node.operand(0)
  if (shape.length !== 3) node.reject('bad-shape', `its input [${shape}] has not three dimensions`)
  const timeAxis = isBatchFirst(node) ? 1 : 0
  const [steps = 0, batch = 0, inputs = 0] = [shape[timeAxis], shape[1 - timeAxis], shape[2]]
  if (steps > MOST_STEPS) {
    const message = `a sequence of ${steps} steps is not supported, only up to ${MOST_STEPS}`
    node.reject('unsupported-attribute', message, 'export the model for shorter sequences')
  }
  refuseShortSequences(node, steps)

  const count = reversed.length
  const units = node.operand(2).shape[2] ?? 0
  if (node.int('hidden_size', units) !== units) node.reject('bad-attribute', `hidden_size is not ${units}`)
  const constant = (input: number, what: string, expected: readonly number[]) => {
    expectShape(node, input, what, expected)
    return node.constant(input, what)
  }
  const weights = constant(1, 'weights', [count, gates * units, inputs])
  const recurrent = constant(2, 'recurrent weights', [count, gates * units, units])
  const biases = node.inputs[3] && constant(3, 'biases', [count, 2 * gates * units])
  const peepholes = node.inputs[7] && constant(7, 'peepholes', [count, 3 * units])
  const stateShape = isBatchFirst(node) ? [batch, count, units] : [count, batch, units]
  const x = node.arranged(node.operand(0), plainOrder(3), node.inputName(0))

  return reversed.map((isReversed, d) => {
    const inputBias = (n: number) => run(biases, units, n + 2 * gates * d)
    const recurrentBias = (n: number) => run(biases, units, n + gates + 2 * gates * d)
    const initial = (input: number, what: string) =>
      node.inputs[input] && initialState(node, input, what, stateShape, d)
    return {
      layer: { name: `${node.origin.name}${isReversed ? ' reverse' : ''}`, x, timeAxis, units, isReversed },
      gate: (n) => ({
        input: run(weights, units * inputs, n + gates * d),
        recurrent: run(recurrent, units * units, n + gates * d),
        bias: inputBias(n).map((bias, unit) => bias + (recurrentBias(n)[unit] ?? 0)),
      }),
      inputBias,
      recurrentBias,
      peephole: (n) => peepholes && run(peepholes, units, n + 3 * d),
      initialHidden: initial(5, 'initial states'),
      initialCell: initial(6, 'initial cells'),
    }
  })
}

/** The n-th run of `size` elements; zeros where there is no constant. */
function run(constant: Constant | undefined, size: number, n: number): Float32Array {
  return constant
    ? Float32Array.from(constant.data.subarray(n * size, (n + 1) * size))
    : new Float32Array(size)
}

function expectShape(node: NodeContext, input: number, what: string, expected: readonly number[]): void {
  const { shape } = node.operand(input)
  if (`${shape}` === `${expected}`) return
  node.reject('bad-shape', `its ${what} have the shape [${shape}], expected [${expected}]`)
}

/** Sequences of a batch may be shorter than its longest one, which steps that are the same for all cannot express. */
function refuseShortSequences(node: NodeContext, steps: number): void {
  const lengths = node.optionalConstant(4, 'sequence_lens')
  if (lengths?.data.some((length) => length !== steps)) {
    node.reject('unsupported-attribute', `sequences of [${lengths.data}] steps are not all of ${steps}`)
  }
}

/** One direction's state from a tensor of both, as the steps have it: with one step where that has directions. */
function initialState(
  node: NodeContext,
  input: number,
  what: string,
  shape: readonly number[],
  direction: number,
): ValueId {
  expectShape(node, input, what, shape)
  const states = node.arranged(node.operand(input), plainOrder(3), node.inputName(input))
  const axis = isBatchFirst(node) ? 1 : 0
  const attrs = {
    begin: [0, 0, 0].with(axis, direction),
    end: shape.with(axis, direction + 1),
    strides: [1, 1, 1],
  }
  return node.emit('strided_slice', [states], attrs, `${node.origin.name} ${what}`)
}

/** Y, with an axis of directions behind that of time, and Y_h. */
function hiddenResults(
  node: NodeContext,
  directions: readonly Direction[],
  states: States,
): readonly Computed[] {
  const { x, timeAxis, units } = layerOf(directions)
  const steps = states[0] ?? []
  const name = node.outputs[0] || `${node.origin.name} states`
  // The directions of a step one after another.
  const parts = steps.flatMap((_, step) => states.flatMap((ofDirection) => ofDirection[step] ?? []))
  const all = node.emit('concat', parts, { axis: timeAxis }, `${name} joined`)
  const sequence = node.builder.type(x).shape.with(2, units)
  const shape = sequence.toSpliced(timeAxis + 1, 0, directions.length)
  const y = node.emit('reshape', [all], { shape }, name)
  return [...node.result(y, plainOrder(4)), lastStates(node, directions, states, 1)]
}

/** The states behind the step that each direction goes last: Y_h or Y_c, the node's output of that number. */
function lastStates(
  node: NodeContext,
  directions: readonly Direction[],
  states: States,
  output: number,
): Computed {
  const { timeAxis } = layerOf(directions)
  const last = states.flatMap((steps, d) => (directions[d]?.layer.isReversed ? steps[0] : steps.at(-1)) ?? [])
  const name = node.outputs[output] || `${node.origin.name} last ${output}`
  return node.result(node.emit('concat', last, { axis: timeAxis }, name), plainOrder(3))[0]
}

function layerOf([first]: readonly Direction[]): RecurrentLayer {
  return must(first, 'a direction').layer
}

function realGraph(node: NodeContext): RealGraph {
  return {
    shape: (id) => node.builder.type(id).shape,
    constant: (shape, data, wish) => node.builder.data({ dtype: 'f32', shape }, data, wish),
    emit: (op, inputs, attrs, wish) => node.emit(op, inputs, attrs, wish),
  }
}

export const RECURRENT = { LSTM: lstm, GRU: gru, RNN: rnn }
