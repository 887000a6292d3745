/**
 * Cycles of a systolic array, as SCALE-Sim counts them (Samajdar et al., A Systematic Methodology for Characterizing
 * Scalability of DNN Accelerators using SCALE-Sim, ISPASS 2020, and its version 2). A layer is a product of an M x K and a
 * K x N matrix: M pixels of output, K weights of a filter, N filters. What is stationary is cut into folds as large as the
 * array, which run one after another without overlap; a fold at an edge takes as long as a full one. Operands enter skewed,
 * a row and a column later each, so a fold of T steps takes T + R + C - 2 cycles, and R more where stationary operands are
 * shifted in first. Memory is not in these cycles.
 */

export interface ArraySize {
  readonly rows: number
  readonly cols: number
}

export interface Product {
  /** Vectors: output pixels. */
  readonly m: number
  /** Depth of the sums: kernel height x width x input channels. */
  readonly k: number
  /** Filters: output channels. */
  readonly n: number
}

export type Dataflow = 'output stationary' | 'weight stationary' | 'input stationary'

/** Which dimensions lie along rows and columns, and which passes by, in steps. */
function mapping({ m, k, n }: Product, dataflow: Dataflow) {
  switch (dataflow) {
    case 'output stationary':
      return { along: m, across: n, steps: k, isPreloaded: false }
    case 'weight stationary':
      return { along: k, across: n, steps: m, isPreloaded: true }
    case 'input stationary':
      return { along: k, across: m, steps: n, isPreloaded: true }
  }
}

/** Compute cycles as SCALE-Sim reports them: the number of the last cycle, counted from 0. */
export function systolicCycles(product: Product, { rows, cols }: ArraySize, dataflow: Dataflow): number {
  const { along, across, steps, isPreloaded } = mapping(product, dataflow)
  const folds = Math.ceil(along / rows) * Math.ceil(across / cols)
  const fold = steps + rows + cols - 2 + (isPreloaded ? rows : 0)
  return folds * fold - 1
}
