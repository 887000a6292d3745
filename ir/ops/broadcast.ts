/** Ops on two operands of broadcastable shapes, element by element (NumPy's rules). */
import { activationBounds, clamp } from '../arith/saturate.ts'
import { must } from '../diagnostic.ts'
import { allocate, type TensorData } from '../dtype.ts'
import type { TensorType } from '../tensor.ts'
import { ARITHMETIC, ONNX_OF_BYTES } from './arithmetic.ts'
import { QUANTIZED_ACTIVATIONS, REALS, SAME_ELEMENT_TYPE, SYMMETRIC_INT16 } from './constraints.ts'
import { ACTIVATION } from './convolution.ts'
import { type AttrValues, defineOp, input, shapeError, type TypedOperands } from './define.ts'
import { gatherIndex, rowMajorStrides } from './gather.ts'
import type { Kernel, OpDef } from './op.ts'

const REAL_ATTRS = { activation: ACTIVATION } as const
const ATTRS = { ...REAL_ATTRS, arithmetic: ARITHMETIC } as const

/** Defines a quantized op of two operands by its function of two elements. */
export function defineBinary(
  summary: string,
  functionOf: (
    a: TensorType,
    b: TensorType,
    output: TensorType,
    attrs: AttrValues<typeof ATTRS>,
  ) => (x: number, y: number) => number,
  realFunction: (x: number, y: number) => number,
): OpDef {
  return defineOp({
    summary,
    inputs: ['a', 'b'],
    attrs: ATTRS,
    constraints: [SAME_ELEMENT_TYPE, QUANTIZED_ACTIVATIONS, SYMMETRIC_INT16, ONNX_OF_BYTES],
    inferShape: (inputs) => broadcastShape(input(inputs, 0).shape, input(inputs, 1).shape),

    prepare: ({ inputs, output, attrs }) =>
      zipBroadcast(inputs, output, functionOf(input(inputs, 0), input(inputs, 1), output, attrs)),
    real: { prepare: zipReals(realFunction) },
  })
}

type RealFunction = (x: number, y: number) => number

/** An op of two operands on f32 only. */
export function defineRealBinary(summary: string, realFunction: RealFunction): OpDef {
  return defineOp({
    summary,
    inputs: ['a', 'b'],
    attrs: REAL_ATTRS,
    constraints: [REALS],
    inferShape: (inputs) => broadcastShape(input(inputs, 0).shape, input(inputs, 1).shape),
    prepare: zipReals(realFunction),
  })
}

/** The function in float32, then the activation. */
function zipReals(f: RealFunction) {
  return ({ inputs, output, attrs }: TypedOperands<typeof REAL_ATTRS>): Kernel => {
    const [min, max] = activationBounds(attrs.activation)
    return zipBroadcast(inputs, output, (x, y) => clamp(Math.fround(f(x, y)), min, max))
  }
}

function zipBroadcast(inputs: readonly TensorType[], output: TensorType, f: RealFunction): Kernel {
  const indexA = broadcastIndex(input(inputs, 0).shape, output.shape)
  const indexB = broadcastIndex(input(inputs, 1).shape, output.shape)
  return (operands) => {
    const y = allocate(output.dtype, indexA.length)
    return zip(must(operands[0], 'a'), must(operands[1], 'b'), indexA, indexB, f, y)
  }
}

function zip(
  a: TensorData,
  b: TensorData,
  indexA: Int32Array,
  indexB: Int32Array,
  f: (x: number, y: number) => number,
  y: TensorData,
): TensorData {
  for (let i = 0; i < y.length; i++) {
    y[i] = f(a[indexA[i] as number] as number, b[indexB[i] as number] as number)
  }
  return y
}

export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const sizeA = a[axis - rank + a.length] ?? 1
    const sizeB = b[axis - rank + b.length] ?? 1
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      shapeError(
        `shapes [${a}] and [${b}] do not broadcast: ${sizeA} and ${sizeB}`,
        'aligned at the last axis, two sizes must be equal or one of them 1',
      )
    }
    return Math.max(sizeA, sizeB)
  })
}

/** For each element of the output the element of the operand. */
export function broadcastIndex(shape: readonly number[], output: readonly number[]): Int32Array {
  const strides = rowMajorStrides(shape)
  const missing = output.length - shape.length
  const steps = output.map((_, axis) => (shape[axis - missing] === 1 ? 0 : (strides[axis - missing] ?? 0)))
  return gatherIndex(output, steps, 0)
}
