/** What the table of operators is made of. */
import type { DType } from '../../../ir/dtype.ts'
import type { Attrs, ValueId } from '../../../ir/graph.ts'
import type { OpName } from '../../../ir/ops/names.ts'
import type { TensorType } from '../../../ir/tensor.ts'
import type { RealGraph } from '../recurrent/unrolling.ts'
import type { Table, TableSchema } from './schema.ts'

/** One operator as a rule sees it; inputs are counted as TFLite does. */
export interface OperatorView<O> {
  readonly options: O
  readonly output: TensorType
  readonly inputCount: number
  /** Whether an input is there: optional ones may be left out. */
  readonly has: (index: number) => boolean
  /** Type of an input tensor; fails if it is missing. */
  readonly input: (index: number) => TensorType
  /** Elements of a constant integer input (`what` names it in diagnostics); fails if it is not constant. */
  readonly ints: (index: number, what: string) => readonly number[]
  /** Likewise of a constant float32 input. */
  readonly reals: (index: number, what: string) => Float32Array
  readonly reject: (code: string, message: string, hint?: string) => never
}

/** How a layer with int8 weights and float32 activations quantizes its input; see hybrid.ts. */
export type InputQuantization = 'symmetric' | 'asymmetric'

/** An operator that becomes more than one node adds those before the last by this. */
export interface Expansion extends RealGraph {
  /** As for real numbers; `element` is what the result is of. */
  readonly emit: (
    op: OpName,
    inputs: readonly ValueId[],
    attrs: Attrs,
    wish: string,
    element?: Omit<TensorType, 'shape'>,
  ) => ValueId
  /** An int8 constant of scale 1 and zero point 0. */
  readonly bytes: (shape: readonly number[], data: Int8Array, wish: string) => ValueId
  /** Name of the operator's result. */
  readonly name: ValueId
  /** An input as a value of the graph. */
  readonly value: (index: number) => ValueId
}

export interface OperatorRule {
  /** The op of its node, the last if there are several. */
  readonly op: OpName
  readonly options?: OptionSchema
  /** Which inputs become operands. Those from `required` on may be left out. Default: the first. */
  readonly operands?: readonly number[] | 'all'
  readonly required?: number
  /** Inputs that are the operator's memory: variable tensors, which are zero when an inference starts. */
  readonly states?: readonly number[]
  /** Element types each operand may have (the last entry for all that follow), and the result. */
  readonly types: readonly (readonly DType[])[]
  readonly result: readonly DType[]
  readonly attrs: (view: OperatorView<never>) => Attrs
  /** Adds the nodes before the last one, whose operands it returns instead of the operator's own. */
  readonly expand?: (view: OperatorView<never>, graph: Expansion) => readonly ValueId[]
  /** Of a kernel for int8 weights and float32 activations; absent where TFLite has none. */
  readonly inputQuantization?: (view: OperatorView<never>) => InputQuantization
}

type OptionSchema = TableSchema & { readonly union: number }

/** Gives the functions the type of its options. */
export function rule<S extends OptionSchema>(
  options: S,
  body: Omit<OperatorRule, 'options' | 'attrs' | 'expand' | 'inputQuantization'> & {
    readonly attrs: (view: OperatorView<Table<S>>) => Attrs
    readonly expand?: (view: OperatorView<Table<S>>, graph: Expansion) => readonly ValueId[]
    readonly inputQuantization?: (view: OperatorView<Table<S>>) => InputQuantization
  },
): OperatorRule {
  return { ...body, options }
}
