/** A long short-term memory in the plainest form: one unit at a time, in doubles. */
import type { Gate } from '../../src/importers/recurrent.ts'

export interface NaiveLstm {
  readonly units: number
  /** Without it, a cell takes what it does not keep. */
  readonly inputGate?: Gate
  readonly forgetGate: Gate
  readonly cellGate: Gate
  readonly outputGate: Gate
  readonly activation: (x: number) => number
  /** Infinity where cells are not limited. */
  readonly cellClip: number
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x))

/** A row of a matrix times a vector. */
function product(matrix: Float32Array, row: number, x: readonly number[]): number {
  return x.reduce((sum, value, n) => sum + value * (matrix[row * x.length + n] ?? 0), 0)
}

/** The hidden states after each step of one sequence, [time][inputs], that starts from zeros. */
export function naiveLstm(layer: NaiveLstm, sequence: readonly (readonly number[])[]): readonly number[][] {
  const { units, inputGate, forgetGate, cellGate, outputGate, activation, cellClip } = layer
  let hidden = Array<number>(units).fill(0)
  let cells = hidden
  return sequence.map((x) => {
    const sum = ({ input, recurrent, bias, peephole }: Gate, unit: number, cell: number) =>
      product(input, unit, x) +
      product(recurrent, unit, hidden) +
      (bias[unit] ?? 0) +
      (peephole?.[unit] ?? 0) * cell
    cells = cells.map((cell, unit) => {
      const forget = logistic(sum(forgetGate, unit, cell))
      const take = inputGate ? logistic(sum(inputGate, unit, cell)) : 1 - forget
      const next = forget * cell + take * activation(sum(cellGate, unit, cell))
      return Math.max(-cellClip, Math.min(cellClip, next))
    })
    hidden = cells.map((cell, unit) => logistic(sum(outputGate, unit, cell)) * activation(cell))
    return hidden
  })
}
