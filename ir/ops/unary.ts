/** Ops that map each element by itself. With 8-bit inputs such an op is a table of 256 entries. */
import { betweenQuantizations } from '../arith/onnx.ts'
import type { Arithmetic } from '../arith/rounding.ts'
import { tabulate } from '../arith/tables.ts'
import { must } from '../diagnostic.ts'
import { allocate, type TensorData } from '../dtype.ts'
import type { TensorType } from '../tensor.ts'
import { ARITHMETIC, type ArithmeticConstraint, ONNX_OF_BYTES, ofTflite } from './arithmetic.ts'
import {
  type OperandConstraint,
  QUANTIZED_ACTIVATIONS,
  SAME_ELEMENT_TYPE,
  SYMMETRIC_INT16,
} from './constraints.ts'
import { type AttrValues, defineOp, input, type TypedConstraint } from './define.ts'
import type { AttrSpec, Kernel, OpDef } from './op.ts'

/** From a quantized element to the quantized result. */
export type ElementFunction = (q: number) => number

/** Every such op has the attribute `arithmetic`, beside its own. */
type UnaryAttrs<S> = S & { readonly arithmetic: typeof ARITHMETIC }

/** Defines an op by its exact function of one quantized element. */
export function defineUnary<const S extends Readonly<Record<string, AttrSpec>>>(spec: {
  readonly summary: string
  readonly attrs: S
  /** Of quantized elements, with the arithmetic `tflite`. */
  readonly constraints?: readonly OperandConstraint[]
  /** The same on a float32; with the arithmetic `onnx` it stands between quantizations. */
  readonly realOf: (attrs: AttrValues<UnaryAttrs<S>>) => ElementFunction
  readonly functionOf: (
    input: TensorType,
    output: TensorType,
    attrs: AttrValues<UnaryAttrs<S>>,
  ) => ElementFunction
}): OpDef {
  const { realOf, functionOf } = spec
  const constraints: readonly ArithmeticConstraint[] = [
    SAME_ELEMENT_TYPE,
    QUANTIZED_ACTIVATIONS,
    SYMMETRIC_INT16,
    ONNX_OF_BYTES,
    ...(spec.constraints ?? []).map(ofTflite),
  ]
  return defineOp<UnaryAttrs<S>>({
    summary: spec.summary,
    inputs: ['x'],
    attrs: { ...spec.attrs, arithmetic: ARITHMETIC },
    // The values of attributes that a type parameter names have no type yet.
    constraints: constraints as readonly TypedConstraint<UnaryAttrs<S>>[],
    inferShape: (inputs) => input(inputs, 0).shape,
    prepare({ inputs, output, attrs }) {
      const x = input(inputs, 0)
      const { arithmetic } = attrs as { readonly arithmetic: Arithmetic }
      const isOnnx = arithmetic === 'onnx'
      const f = isOnnx ? betweenQuantizations(x, output, realOf(attrs)) : functionOf(x, output, attrs)
      return mapElements(x, output, f)
    },
    real: { prepare: ({ attrs }) => mapReals(realOf(attrs)) },
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
