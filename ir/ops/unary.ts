/** Ops that map each element by itself. With 8-bit inputs such an op is a table of 256 entries. */
import { tabulate } from '../arith/tables.ts'
import { must } from '../diagnostic.ts'
import { allocate, type TensorData } from '../dtype.ts'
import type { TensorType } from '../tensor.ts'
import { QUANTIZED_ACTIVATIONS, SAME_ELEMENT_TYPE, SYMMETRIC_INT16 } from './constraints.ts'
import { type AttrValues, defineOp, input, type TypedConstraint } from './define.ts'
import type { AttrSpec, Kernel, OpDef } from './op.ts'

/** From a quantized element to the quantized result. */
export type ElementFunction = (q: number) => number

/** Defines an op by its exact function of one quantized element. */
export function defineUnary<const S extends Readonly<Record<string, AttrSpec>>>(spec: {
  readonly summary: string
  readonly attrs: S
  readonly constraints?: readonly TypedConstraint<S>[]
  /** The same on a float32. */
  readonly realOf?: (attrs: AttrValues<S>) => ElementFunction
  readonly functionOf: (input: TensorType, output: TensorType, attrs: AttrValues<S>) => ElementFunction
}): OpDef {
  const { realOf } = spec
  return defineOp<S>({
    summary: spec.summary,
    inputs: ['x'],
    attrs: spec.attrs,
    constraints: [SAME_ELEMENT_TYPE, QUANTIZED_ACTIVATIONS, SYMMETRIC_INT16, ...(spec.constraints ?? [])],
    inferShape: (inputs) => input(inputs, 0).shape,
    prepare: ({ inputs, output, attrs }) =>
      mapElements(input(inputs, 0), output, spec.functionOf(input(inputs, 0), output, attrs)),
    ...(realOf && { real: { prepare: ({ attrs }) => mapReals(realOf(attrs)) } }),
  })
}

/** A kernel that maps float32 elements. */
export function mapReals(f: ElementFunction): Kernel {
  return ([x]) => (must(x, 'x') as Float32Array).map((each) => f(each))
}

/** A kernel that maps elements, through a table where the input has 8 bits. */
export function mapElements(inputType: TensorType, output: TensorType, f: ElementFunction): Kernel {
  if (inputType.dtype !== 'i8' && inputType.dtype !== 'u8') {
    return ([x]) => {
      const data = must(x, 'x')
      const y = allocate(output.dtype, data.length)
      for (let i = 0; i < data.length; i++) y[i] = f(data[i] as number)
      return y
    }
  }
  const table = tabulate(inputType, f)
  return ([x]) => lookUp(must(x, 'x'), table, output)
}

function lookUp(x: TensorData, table: Int32Array, output: TensorType): TensorData {
  const y = allocate(output.dtype, x.length)
  for (let i = 0; i < x.length; i++) y[i] = table[(x[i] as number) & 255] as number
  return y
}
