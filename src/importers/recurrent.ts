/**
 * Recurrent layers as ops that the graph has. Lengths are fixed here, so every step of a sequence becomes nodes of its
 * own, and nothing else needs to know of loops or of state.
 */
import { must } from '../../ir/diagnostic.ts'
import type { Attrs, ValueId } from '../../ir/graph.ts'
import type { OpName } from '../../ir/ops/names.ts'
import { elementCount } from '../../ir/tensor.ts'

/** What adds to the graph that an importer builds. All values are f32, and get names like `wish`. */
export interface RealGraph {
  readonly shape: (id: ValueId) => readonly number[]
  readonly constant: (shape: readonly number[], data: Float32Array, wish: string) => ValueId
  /** Adds a node of one result, and returns that. */
  readonly emit: (op: OpName, inputs: readonly ValueId[], attrs: Attrs, wish: string) => ValueId
}

/** Weights of one gate, matrices row-major. */
export interface Gate {
  /** [units, inputs]. */
  readonly input: Float32Array
  /** [units, units]. */
  readonly recurrent: Float32Array
  /** [units]. */
  readonly bias: Float32Array
  /** [units]: factors on the cells, which the gate sees then. */
  readonly peephole?: Float32Array
}

export interface LstmLayer {
  /** What the names of its values begin with. */
  readonly name: string
  /** [batch, time, inputs] or [time, batch, inputs]. */
  readonly x: ValueId
  readonly timeAxis: 0 | 1
  readonly units: number
  /** Without one, a cell takes as much of its new value as it forgets of the old one. */
  readonly inputGate?: Gate
  readonly forgetGate: Gate
  /** It gives the new values of the cells, and has no peephole. */
  readonly cellGate: Gate
  readonly outputGate: Gate
  /** Function of the new values, and of the cells on their way to the output. */
  readonly activation: LstmActivation
  /** Cells are limited to this magnitude. */
  readonly cellClip?: number
  /** Shapes as that of `x` with one step and `units` elements; zeros if absent. */
  readonly initial?: LstmState
}

export type LstmActivation = 'tanh' | 'relu' | 'relu6' | 'none'

export interface LstmState {
  readonly hidden: ValueId
  readonly cell: ValueId
}

/** More steps make a network large: each takes 15 to 20 nodes. */
export const MOST_STEPS = 256

/**
 * A long short-term memory: the states after each step, of the initial one's shape. With the gates
 * i, f, o = logistic(W x + b + R h + p * c) and the new value g = activation(W x + b + R h), a step is
 * c' = f * c + i * g and h' = o * activation(c'); the output gate sees c' instead of c.
 * Source: Gers, Schraudolph, Schmidhuber, "Learning Precise Timing with LSTM Recurrent Networks", JMLR 3 (2002).
 */
export function unrollLstm(graph: RealGraph, layer: LstmLayer): readonly LstmState[] {
  const { name, x, timeAxis, units, inputGate, forgetGate, cellGate, outputGate, cellClip } = layer
  const gates = [...(inputGate ? [inputGate] : []), forgetGate, cellGate, outputGate]
  const sequence = graph.shape(x)
  const stateShape = sequence.with(timeAxis, 1).with(2, units)

  const emit = (op: OpName, inputs: readonly ValueId[], what: string, attrs: Attrs = {}) =>
    graph.emit(op, inputs, attrs, `${name} ${what}`)
  const slice = (of: ValueId, axis: number, begin: number, size: number, what: string) => {
    const sizes = graph.shape(of)
    const attrs = {
      begin: sizes.map(() => 0).with(axis, begin),
      end: sizes.with(axis, begin + size),
      strides: sizes.map(() => 1),
    }
    return emit('strided_slice', [of], what, attrs)
  }
  const activated = (of: ValueId, what: string) =>
    layer.activation === 'none' ? of : emit(layer.activation, [of], what)

  const constant = (shape: readonly number[], data: Float32Array, what: string) =>
    graph.constant(shape, data, `${name} ${what}`)
  const ofAllGates = (what: 'input' | 'recurrent' | 'bias', ...columns: readonly number[]) => {
    const data = joined(gates.map((gate) => gate[what]))
    return constant([gates.length * units, ...columns], data, what)
  }
  const zeroState = (): LstmState => {
    const zeros = constant(stateShape, new Float32Array(elementCount(stateShape)), 'zeros')
    return { hidden: zeros, cell: zeros }
  }
  const inputWeights = ofAllGates('input', must(sequence[2], 'inputs'))
  const recurrentWeights = ofAllGates('recurrent', units)
  const bias = ofAllGates('bias')
  const one = inputGate ? undefined : constant([1], Float32Array.of(1), 'one')
  const peepholes = new Map<Gate, ValueId>()
  for (const gate of gates) {
    if (gate.peephole) peepholes.set(gate, constant([units], gate.peephole, 'peephole'))
  }

  // What waits for no earlier step is one product for all of them.
  const fromInputs = emit('fully_connected', [x, inputWeights, bias], 'inputs', { keep_dims: true })
  let { hidden, cell } = layer.initial ?? zeroState()
  const states: LstmState[] = []
  for (let step = 0; step < must(sequence[timeAxis], 'time'); step++) {
    const input = slice(fromInputs, timeAxis, step, 1, `step ${step} input`)
    const recurrent = emit('fully_connected', [hidden, recurrentWeights], `step ${step} recurrent`, {
      keep_dims: true,
    })
    const sums = emit('add', [input, recurrent], `step ${step} sums`)
    const sumOf = (gate: Gate, what: string) =>
      slice(sums, 2, gates.indexOf(gate) * units, units, `step ${step} ${what} sum`)
    const opened = (gate: Gate, seen: ValueId, what: string) => {
      const sum = sumOf(gate, what)
      const factors = peepholes.get(gate)
      const peephole = factors && emit('mul', [seen, factors], `step ${step} ${what} peephole`)
      const total = peephole ? emit('add', [sum, peephole], `step ${step} ${what} total`) : sum
      return emit('logistic', [total], `step ${step} ${what}`)
    }

    const forget = opened(forgetGate, cell, 'forget')
    const take = inputGate
      ? opened(inputGate, cell, 'take')
      : emit('sub', [must(one, 'one'), forget], `step ${step} take`)
    const fresh = activated(sumOf(cellGate, 'new'), `step ${step} new`)
    const kept = emit('mul', [forget, cell], `step ${step} kept`)
    const taken = emit('mul', [take, fresh], `step ${step} taken`)
    const updated = emit('add', [kept, taken], `step ${step} cell`)
    cell =
      cellClip === undefined
        ? updated
        : emit('clip', [updated], `step ${step} clipped`, { min: -cellClip, max: cellClip })
    const output = opened(outputGate, cell, 'output')
    hidden = emit('mul', [output, activated(cell, `step ${step} activated`)], `step ${step} hidden`)
    states.push({ hidden, cell })
  }
  return states
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const array of arrays) {
    whole.set(array, at)
    at += array.length
  }
  return whole
}
