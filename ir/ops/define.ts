/**
 * Builds an `OpDef` from a definition whose attributes are typed: their kinds give the TypeScript types, and a default
 * stands in for an attribute that a node leaves out.
 */
import { fail, must } from '../diagnostic.ts'
import type { TensorData } from '../dtype.ts'
import type { Attr, Attrs } from '../graph.ts'
import type { TensorType } from '../tensor.ts'
import type { AttrSpec, Constraint, Kernel, OpDef, OpOperands } from './op.ts'

export type AttrSpecs = Readonly<Record<string, AttrSpec>>

interface AttrKinds {
  readonly int: number
  readonly float: number
  readonly bool: boolean
  readonly string: string
  readonly ints: readonly number[]
}

export type AttrValues<S extends AttrSpecs> = {
  readonly [N in keyof S]: S[N] extends { readonly oneOf: readonly (infer V)[] } ? V : AttrKinds[S[N]['kind']]
}

export interface TypedOperands<S extends AttrSpecs> {
  readonly inputs: readonly TensorType[]
  readonly output: TensorType
  readonly attrs: AttrValues<S>
}

export interface TypedConstraint<S extends AttrSpecs> {
  readonly sentence: string
  readonly holds: (operands: TypedOperands<S>) => boolean
}

export interface OpSpec<S extends AttrSpecs> {
  readonly summary: string
  readonly inputs: readonly string[]
  /** All inputs, unless given. */
  readonly required?: number
  readonly variadic?: boolean
  readonly attrs: S
  readonly constraints: readonly TypedConstraint<S>[]
  readonly inferShape: (inputs: readonly TensorType[], attrs: AttrValues<S>) => readonly number[]
  readonly prepare: (operands: TypedOperands<S>, constants: readonly (TensorData | undefined)[]) => Kernel
  /** The op on f32 tensors, if `constraints` are about quantized ones: its own constraints, and its kernel. */
  readonly real?: {
    readonly constraints?: readonly TypedConstraint<S>[]
    readonly prepare: (operands: TypedOperands<S>) => Kernel
  }
  /** Zero, unless given. */
  readonly macs?: (operands: TypedOperands<S>) => number
}

export function defineOp<const S extends AttrSpecs>(spec: OpSpec<S>): OpDef {
  const values = (attrs: Attrs) => withDefaults(spec.attrs, attrs) as AttrValues<S>
  const typed = ({ inputs, outputs, attrs }: OpOperands): TypedOperands<S> => ({
    inputs,
    output: must(outputs[0], 'an output'),
    attrs: values(attrs),
  })
  const { real } = spec
  const prepare: OpDef['prepare'] = (operands, constants) =>
    real !== undefined && isReal(operands)
      ? real.prepare(typed(operands))
      : spec.prepare(typed(operands), constants)
  const constraint = ({ sentence, holds }: TypedConstraint<S>, ofReals: boolean): Constraint => ({
    sentence,
    ofReals,
    holds: (operands) => (real !== undefined && isReal(operands) !== ofReals) || holds(typed(operands)),
  })
  return {
    summary: spec.summary,
    inputs: spec.inputs,
    required: spec.required ?? spec.inputs.length,
    ...(spec.variadic ? { variadic: true } : {}),
    attrs: spec.attrs,
    constraints: [
      ...spec.constraints.map((each) => constraint(each, false)),
      ...(real?.constraints ?? []).map((each) => constraint(each, true)),
    ],
    real: real !== undefined,
    inferShape: (inputs, attrs) => spec.inferShape(inputs, values(attrs)),
    prepare,
    evaluate: (inputs, output, attrs) => {
      const data = inputs.map((tensor) => tensor.data)
      return prepare({ inputs: inputs.map((tensor) => tensor.type), outputs: [output], attrs }, data)(data)
    },
    macs: (operands) => spec.macs?.(typed(operands)) ?? 0,
  }
}

/** Whether an op computes on real numbers. */
function isReal({ inputs, outputs }: OpOperands): boolean {
  return [...inputs, ...outputs].every(({ dtype }) => dtype === 'f32')
}

/** A node's attributes, completed with the defaults. */
export function withDefaults(specs: AttrSpecs, attrs: Attrs): Attrs {
  const complete: Record<string, Attr> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const value = attrs[name] ?? spec.default
    if (value !== undefined) complete[name] = value
  }
  return complete
}

/** The n-th input's type. */
export function input(types: readonly TensorType[], n: number): TensorType {
  return must(types[n], `operand ${n}`)
}

/** Stops shape inference: what does not fit, and what was expected. */
export function shapeError(message: string, hint?: string): never {
  fail({ code: 'ir/shape', message, ...(hint === undefined ? {} : { hint }) })
}

/** The dimensions of an operand that must have `rank` of them. */
export function dimensions(type: TensorType, rank: number, name: string): readonly number[] {
  if (type.shape.length !== rank) {
    shapeError(`${name} has ${type.shape.length} dimensions, expected ${rank}`)
  }
  return type.shape
}

/** The dimensions of an image operand. */
export function nhwc(type: TensorType, name: string): readonly [n: number, h: number, w: number, c: number] {
  const [n = 0, h = 0, w = 0, c = 0] = dimensions(type, 4, name)
  return [n, h, w, c]
}
