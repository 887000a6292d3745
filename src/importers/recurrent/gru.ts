import type { ValueId } from '../../../ir/graph.ts'
import { type Activation, type Gate, type RealGraph, type RecurrentLayer, Unrolling } from './unrolling.ts'

export interface GruLayer extends RecurrentLayer {
  readonly updateGate: Gate
  readonly resetGate: Gate
  /** It gives the new values. */
  readonly newGate: Gate
  /**
   * [units]: a bias of the new values' recurrent sums. Where it is there, the reset gate is a factor on these sums, and
   * otherwise on the states that they are sums of.
   */
  readonly recurrentBias: Float32Array | undefined
  /** Function of the new values. */
  readonly activation: Activation
  /** Zeros if absent. */
  readonly initial: ValueId | undefined
}

/**
 * A gated recurrent unit: its states after each step, by time. With the gates z, r = logistic(W x + b + R h), a step is
 * n = activation(W x + b + R (r * h)), or activation(W x + b + r * (R h + recurrentBias)), and h' = (1 - z) * n + z * h.
 * Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014.
 */
export function unrollGru(graph: RealGraph, layer: GruLayer): readonly ValueId[] {
  const { updateGate, resetGate, newGate, recurrentBias, activation } = layer
  const to = new Unrolling(graph, layer)
  const inputs = to.fromInputs([updateGate, resetGate, newGate])
  const gateWeights = to.recurrentWeights([updateGate, resetGate])
  const newWeights = to.recurrentWeights([newGate], 'recurrent weights of new values')
  const bias = recurrentBias && to.vector([recurrentBias], 'recurrent bias')
  const one = to.vector([Float32Array.of(1)], 'one')
  return to.steps(inputs, layer.initial ?? to.zeroState, (input, hidden, at) => {
    const recurrent = to.product(hidden, gateWeights, `${at} recurrent`)
    const sumOf = (gate: number, what: string) => {
      const parts = [
        to.ofGate(input, gate, `${at} ${what} input`),
        to.ofGate(recurrent, gate, `${at} ${what} recurrent`),
      ]
      return to.emit('add', parts, `${at} ${what} sum`)
    }
    const update = to.emit('logistic', [sumOf(0, 'update')], `${at} update`)
    const reset = to.emit('logistic', [sumOf(1, 'reset')], `${at} reset`)
    const seen = bias
      ? to.emit('mul', [reset, to.product(hidden, newWeights, `${at} new recurrent`, bias)], `${at} seen`)
      : to.product(to.emit('mul', [reset, hidden], `${at} seen`), newWeights, `${at} new recurrent`)
    const sum = to.emit('add', [to.ofGate(input, 2, `${at} new input`), seen], `${at} new sum`)
    const fresh = to.activated(sum, activation, `${at} new`)
    const taken = to.emit('mul', [to.emit('sub', [one, update], `${at} take`), fresh], `${at} taken`)
    return to.emit('add', [taken, to.emit('mul', [update, hidden], `${at} kept`)], `${at} hidden`)
  })
}
