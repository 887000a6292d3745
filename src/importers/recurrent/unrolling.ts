/**
 * Recurrent layers as ops that the graph has. Lengths are fixed here, so every step of a sequence becomes nodes of its
 * own, and nothing else needs to know of loops or of state.
 */
import { must } from '../../../ir/diagnostic.ts'
import type { Attrs, ValueId } from '../../../ir/graph.ts'
import type { OpName } from '../../../ir/ops/names.ts'
import { elementCount } from '../../../ir/tensor.ts'

/** What adds to the graph that an importer builds. All values are f32, and get names like `wish`. */
export interface RealGraph {
  readonly shape: (id: ValueId) => readonly number[]
  readonly constant: (shape: readonly number[], data: Float32Array, wish: string) => ValueId
  /** Adds a node of one result, and returns that. */
  readonly emit: (op: OpName, inputs: readonly ValueId[], attrs: Attrs, wish: string) => ValueId
}

/** What every kind of recurrent layer has. */
export interface RecurrentLayer {
  /** What the names of its values begin with. */
  readonly name: string
  /** [batch, time, inputs] or [time, batch, inputs]. */
  readonly x: ValueId
  readonly timeAxis: 0 | 1
  readonly units: number
  /** From the last step to the first. */
  readonly isReversed?: boolean
}

/** Weights of one gate, matrices row-major. */
export interface Gate {
  /** [units, inputs]. */
  readonly input: Float32Array
  /** [units, units]. */
  readonly recurrent: Float32Array
  /** [units]. */
  readonly bias: Float32Array
}

/** 'none' is the identity. */
export type Activation = 'logistic' | 'tanh' | 'relu' | 'relu6' | 'none'

/** More steps make a network large: each takes up to 20 nodes. */
export const MOST_STEPS = 256

/** Adds the nodes of one layer. Its states are shaped as `x` with one step and `units` elements. */
export class Unrolling {
  private readonly graph: RealGraph
  private readonly layer: RecurrentLayer
  private zeros: ValueId | undefined

  constructor(graph: RealGraph, layer: RecurrentLayer) {
    this.graph = graph
    this.layer = layer
  }

  emit(op: OpName, inputs: readonly ValueId[], what: string, attrs: Attrs = {}): ValueId {
    return this.graph.emit(op, inputs, attrs, `${this.layer.name} ${what}`)
  }

  vector(data: readonly Float32Array[], what: string): ValueId {
    const whole = joined(data)
    return this.constant([whole.length], whole, what)
  }

  /** Row-major matrices of as many columns, one below the other. */
  matrix(data: readonly Float32Array[], columns: number, what: string): ValueId {
    const whole = joined(data)
    return this.constant([whole.length / columns, columns], whole, what)
  }

  get zeroState(): ValueId {
    const { x, timeAxis, units } = this.layer
    const shape = this.graph.shape(x).with(timeAxis, 1).with(2, units)
    this.zeros ??= this.constant(shape, new Float32Array(elementCount(shape)), 'zeros')
    return this.zeros
  }

  activated(of: ValueId, activation: Activation, what: string): ValueId {
    return activation === 'none' ? of : this.emit(activation, [of], what)
  }

  /** The product of a value's last axis and a matrix, which is given transposed. */
  product(of: ValueId, matrix: ValueId, what: string, bias?: ValueId): ValueId {
    return this.emit('fully_connected', bias === undefined ? [of, matrix] : [of, matrix, bias], what, {
      keep_dims: true,
    })
  }

  /** What the gates sum up of the inputs: it waits for no step before, so that it is one product for all steps. */
  fromInputs(gates: readonly Gate[]): ValueId {
    const { x } = this.layer
    const weights = this.matrix(
      gates.map(({ input }) => input),
      must(this.graph.shape(x)[2], 'inputs'),
      'input weights',
    )
    const bias = this.vector(
      gates.map((gate) => gate.bias),
      'bias',
    )
    return this.product(x, weights, 'inputs', bias)
  }

  recurrentWeights(gates: readonly Gate[], what = 'recurrent weights'): ValueId {
    return this.matrix(
      gates.map(({ recurrent }) => recurrent),
      this.layer.units,
      what,
    )
  }

  /** The part of one gate, by its number, of what all of them sum up. */
  ofGate(sums: ValueId, gate: number, what: string): ValueId {
    return this.slice(sums, 2, gate * this.layer.units, this.layer.units, what)
  }

  /**
   * The states after each step, by time. `next` makes one of the step's part of `inputs`, which has a place for each
   * step, and the state before; `at` is what the names of the step's values begin with.
   */
  steps<State>(
    inputs: ValueId,
    initial: State,
    next: (input: ValueId, state: State, at: string) => State,
  ): readonly State[] {
    const { timeAxis, isReversed = false } = this.layer
    const count = must(this.graph.shape(inputs)[timeAxis], 'time')
    const states = Array<State>(count)
    let state = initial
    for (let n = 0; n < count; n++) {
      const step = isReversed ? count - 1 - n : n
      const at = `step ${step}`
      state = next(this.slice(inputs, timeAxis, step, 1, `${at} input`), state, at)
      states[step] = state
    }
    return states
  }

  private constant(shape: readonly number[], data: Float32Array, what: string): ValueId {
    return this.graph.constant(shape, data, `${this.layer.name} ${what}`)
  }

  private slice(of: ValueId, axis: number, begin: number, size: number, what: string): ValueId {
    const sizes = this.graph.shape(of)
    return this.emit('strided_slice', [of], what, {
      begin: sizes.map(() => 0).with(axis, begin),
      end: sizes.with(axis, begin + size),
      strides: sizes.map(() => 1),
    })
  }
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
