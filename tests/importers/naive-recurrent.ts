/** Recurrent layers in their plainest form: one unit at a time, in doubles. */
import type { LstmGate } from '../../src/importers/recurrent/lstm.ts'
import type { Gate } from '../../src/importers/recurrent/unrolling.ts'

type Vector = readonly number[]
type Sequence = readonly Vector[]

const logistic = (x: number) => 1 / (1 + Math.exp(-x))

/** A row of a matrix times a vector. */
function product(matrix: Float32Array, row: number, x: Vector): number {
  return x.reduce((sum, value, n) => sum + value * (matrix[row * x.length + n] ?? 0), 0)
}

/** What a gate sums up for one unit. */
function sumOf({ input, recurrent, bias }: Gate, unit: number, x: Vector, hidden: Vector): number {
  return product(input, unit, x) + product(recurrent, unit, hidden) + (bias[unit] ?? 0)
}

export interface NaiveLstm {
  /** Without it, a cell takes what it does not keep. */
  readonly inputGate?: LstmGate
  readonly forgetGate: LstmGate
  readonly cellGate: Gate
  readonly outputGate: LstmGate
  readonly activation: (x: number) => number
  /** Infinity where cells are not limited. */
  readonly cellClip: number
  readonly hidden: Vector
  readonly cells: Vector
}

/** The states after each step of one sequence, [time][inputs]. */
export function naiveLstm(
  layer: NaiveLstm,
  sequence: Sequence,
): readonly { readonly hidden: Vector; readonly cells: Vector }[] {
  const { inputGate, forgetGate, cellGate, outputGate, activation, cellClip } = layer
  let { hidden, cells } = layer
  return sequence.map((x) => {
    const before = hidden
    const opened = (gate: LstmGate, unit: number, cell: number) =>
      logistic(sumOf(gate, unit, x, before) + (gate.peephole?.[unit] ?? 0) * cell)
    cells = cells.map((cell, unit) => {
      const forget = opened(forgetGate, unit, cell)
      const take = inputGate ? opened(inputGate, unit, cell) : 1 - forget
      const next = forget * cell + take * activation(sumOf(cellGate, unit, x, before))
      return Math.max(-cellClip, Math.min(cellClip, next))
    })
    hidden = cells.map((cell, unit) => opened(outputGate, unit, cell) * activation(cell))
    return { hidden, cells }
  })
}

export interface NaiveGru {
  readonly updateGate: Gate
  readonly resetGate: Gate
  /** Its bias is that of the inputs. */
  readonly newGate: Gate
  readonly newRecurrentBias: Float32Array
  /** ONNX's linear_before_reset. */
  readonly resetsSums: boolean
  readonly activation: (x: number) => number
  readonly hidden: Vector
}

export function naiveGru(layer: NaiveGru, sequence: Sequence): readonly Vector[] {
  const { updateGate, resetGate, newGate, newRecurrentBias, resetsSums, activation } = layer
  let { hidden } = layer
  return sequence.map((x) => {
    const before = hidden
    const reset = before.map((_, unit) => logistic(sumOf(resetGate, unit, x, before)))
    const seen = before.map((state, unit) => (reset[unit] ?? 0) * state)
    hidden = before.map((state, unit) => {
      const update = logistic(sumOf(updateGate, unit, x, before))
      const fromInput = product(newGate.input, unit, x) + (newGate.bias[unit] ?? 0)
      const bias = newRecurrentBias[unit] ?? 0
      const recurrent = resetsSums
        ? (reset[unit] ?? 0) * (product(newGate.recurrent, unit, before) + bias)
        : product(newGate.recurrent, unit, seen) + bias
      return (1 - update) * activation(fromInput + recurrent) + update * state
    })
    return hidden
  })
}

export interface NaiveRnn {
  readonly gate: Gate
  readonly activation: (x: number) => number
  readonly hidden: Vector
}

export function naiveRnn({ gate, activation, hidden }: NaiveRnn, sequence: Sequence): readonly Vector[] {
  let state = hidden
  return sequence.map((x) => {
    const before = state
    state = before.map((_, unit) => activation(sumOf(gate, unit, x, before)))
    return state
  })
}
