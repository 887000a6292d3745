/** What one graph operation is: everything true of it whatever runs it. */
import type { TensorData } from '../dtype.ts'
import type { Attr, Attrs } from '../graph.ts'
import type { Tensor, TensorType } from '../tensor.ts'

export interface AttrSpec {
  readonly kind: 'int' | 'float' | 'bool' | 'string' | 'ints'
  /** Absent: the attribute must be given. */
  readonly default?: Attr
  /** For a string: the values allowed. */
  readonly oneOf?: readonly string[]
  readonly doc: string
}

export interface OpOperands {
  readonly inputs: readonly TensorType[]
  readonly outputs: readonly TensorType[]
  readonly attrs: Attrs
}

/** A sentence for the user's document and the predicate that it states. */
export interface Constraint {
  readonly sentence: string
  readonly holds: (operands: OpOperands) => boolean
  /** Of an op that takes f32 operands as well: whether this is about those, or about the others. */
  readonly ofReals: boolean
}

/** A node made ready to run: from its operands' elements to its output's, in a new array. */
export type Kernel = (inputs: readonly TensorData[]) => TensorData

export interface OpDef {
  readonly summary: string
  /** Operand names in order; those from index `required` on may be left out. `variadic`: the last may repeat. */
  readonly inputs: readonly string[]
  readonly required: number
  readonly variadic?: boolean
  readonly attrs: Readonly<Record<string, AttrSpec>>
  /** In order: a predicate may rely on the ones before it and on the shapes. */
  readonly constraints: readonly Constraint[]
  /** Takes f32 operands as well; the constraints then concern them only as far as they say so. */
  readonly real: boolean
  /** Shape of the output, from operand types and attributes; `fail`s where they do not fit together. */
  readonly inferShape: (inputs: readonly TensorType[], attrs: Attrs) => readonly number[]
  /**
   * The work that does not depend on the data, done once. `constants` holds the elements of the operands that never
   * change, and undefined for the others; a kernel reuses its scratch memory, so it does not run inside itself.
   */
  readonly prepare: (operands: OpOperands, constants: readonly (TensorData | undefined)[]) => Kernel
  /** The exact result. The output's type is given: its quantization is part of the graph, not derived. */
  readonly evaluate: (inputs: readonly Tensor[], output: TensorType, attrs: Attrs) => TensorData
  /** Multiply-accumulates of one evaluation. */
  readonly macs: (operands: OpOperands) => number
}
