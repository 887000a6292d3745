import { must } from '../../../ir/diagnostic.ts'
import type { ValueId } from '../../../ir/graph.ts'
import { type Activation, type Gate, type RealGraph, type RecurrentLayer, Unrolling } from './unrolling.ts'

export interface LstmGate extends Gate {
  /** [units]: factors on the cells, which the gate sees then. */
  readonly peephole?: Float32Array | undefined
}

export interface LstmLayer extends RecurrentLayer {
  /** Without one, a cell takes as much of its new value as it forgets of the old one. */
  readonly inputGate?: LstmGate
  readonly forgetGate: LstmGate
  /** It gives the new values of the cells, and sees none. */
  readonly cellGate: Gate
  readonly outputGate: LstmGate
  /** Function of the new values, and of the cells on their way to the output. */
  readonly activation: Activation
  /** Cells are limited to this magnitude. */
  readonly cellClip?: number
  /** Zeros if absent. */
  readonly initialHidden?: ValueId | undefined
  readonly initialCell?: ValueId | undefined
}

export interface LstmState {
  readonly hidden: ValueId
  readonly cell: ValueId
}

/**
 * A long short-term memory: its states after each step, by time. With the gates
 * i, f, o = logistic(W x + b + R h + p * c) and the new value g = activation(W x + b + R h), a step is
 * c' = f * c + i * g and h' = o * activation(c'); the output gate sees c' instead of c.
 * Source: Gers, Schraudolph, Schmidhuber, "Learning Precise Timing with LSTM Recurrent Networks", JMLR 3 (2002).
 */
export function unrollLstm(graph: RealGraph, layer: LstmLayer): readonly LstmState[] {
  const { inputGate, forgetGate, cellGate, outputGate, activation, cellClip } = layer
  const gates: readonly LstmGate[] = [...(inputGate ? [inputGate] : []), forgetGate, cellGate, outputGate]
  const to = new Unrolling(graph, layer)
  const inputs = to.fromInputs(gates)
  const recurrentWeights = to.recurrentWeights(gates)
  const one = inputGate ? undefined : to.vector([Float32Array.of(1)], 'one')
  const peepholes = new Map<Gate, ValueId>()
  for (const gate of gates) if (gate.peephole) peepholes.set(gate, to.vector([gate.peephole], 'peephole'))

  const initial = {
    hidden: layer.initialHidden ?? to.zeroState,
    cell: layer.initialCell ?? to.zeroState,
  }
  return to.steps<LstmState>(inputs, initial, (input, { hidden, cell }, at) => {
    const recurrent = to.product(hidden, recurrentWeights, `${at} recurrent`)
    const sums = to.emit('add', [input, recurrent], `${at} sums`)
    const sumOf = (gate: Gate, what: string) => to.ofGate(sums, gates.indexOf(gate), `${at} ${what} sum`)
    const opened = (gate: Gate, seen: ValueId, what: string) => {
      const sum = sumOf(gate, what)
      const factors = peepholes.get(gate)
      const peephole = factors && to.emit('mul', [seen, factors], `${at} ${what} peephole`)
      const total = peephole ? to.emit('add', [sum, peephole], `${at} ${what} total`) : sum
      return to.emit('logistic', [total], `${at} ${what}`)
    }

    const forget = opened(forgetGate, cell, 'forget')
    const take = inputGate
      ? opened(inputGate, cell, 'take')
      : to.emit('sub', [must(one, 'one'), forget], `${at} take`)
    const fresh = to.activated(sumOf(cellGate, 'new'), activation, `${at} new`)
    const kept = to.emit('mul', [forget, cell], `${at} kept`)
    const taken = to.emit('mul', [take, fresh], `${at} taken`)
    const updated = to.emit('add', [kept, taken], `${at} cell`)
    const limited =
      cellClip === undefined
        ? updated
        : to.emit('clip', [updated], `${at} clipped`, { min: -cellClip, max: cellClip })
    const output = opened(outputGate, limited, 'output')
    const shown = to.activated(limited, activation, `${at} activated`)
    return { hidden: to.emit('mul', [output, shown], `${at} hidden`), cell: limited }
  })
}
