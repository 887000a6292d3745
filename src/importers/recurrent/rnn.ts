import type { ValueId } from '../../../ir/graph.ts'
import { type Activation, type Gate, type RealGraph, type RecurrentLayer, Unrolling } from './unrolling.ts'

export interface RnnLayer extends RecurrentLayer {
  readonly gate: Gate
  readonly activation: Activation
  /** Zeros if absent. */
  readonly initial: ValueId | undefined
}

/** The simplest recurrent layer, h' = activation(W x + b + R h): its states after each step, by time. */
export function unrollRnn(graph: RealGraph, layer: RnnLayer): readonly ValueId[] {
  const { gate, activation } = layer
  const to = new Unrolling(graph, layer)
  const inputs = to.fromInputs([gate])
  const weights = to.recurrentWeights([gate])
  return to.steps(inputs, layer.initial ?? to.zeroState, (input, hidden, at) => {
    const recurrent = to.product(hidden, weights, `${at} recurrent`)
    return to.activated(to.emit('add', [input, recurrent], `${at} sums`), activation, `${at} hidden`)
  })
}
