/** Elementwise ops by the interpreter's own arithmetic, one element at a time. */
import {
  type AddRequant,
  leakyReluRequant,
  reluRequant,
  rescaleRequant,
  scaleOf,
  type TensorRequant,
  zeroPointOf,
} from '../../../ir/arith/requant.ts'
import { integerRange } from '../../../ir/arith/saturate.ts'
import { SIGMOID_TABLE } from '../../../ir/arith/sigmoid-table.ts'
import { type SigmoidScaling, sigmoidScaling } from '../../../ir/arith/tables.ts'
import type { Node } from '../../../ir/graph.ts'
import type { Expression, FunctionBuilder, Local, ModuleBuilder } from '../codegen/module.ts'
import { requantized, roundHalfAway, scaleByConstant, toOutput } from '../kernels/fixed-point.ts'
import { type MapSpec, mapKernel } from '../kernels/map.ts'
import { isComputed } from '../kernels/scalar.ts'
import { interpolatedLogistic, interpolatedTanh } from '../kernels/sigmoid.ts'
import { isStoredAsInt8, type Place, type Placement } from '../storage.ts'
import type { Label, Lowering } from './lowering.ts'
import { rowsOf, stepEachImage } from './rows.ts'
import { unsupported } from './unsupported.ts'

type Compute = MapSpec['compute']

type Binary =
  | { readonly kind: 'sum'; readonly requant: AddRequant }
  | { readonly kind: 'product'; readonly requant: TensorRequant }

/** add, sub, mul of tensors of one shape. */
export function scalarBinary(
  node: Label,
  lowering: Lowering,
  a: Placement,
  b: Placement,
  y: Placement,
  binary: Binary,
): void {
  const zeroPoints = [zeroPointOf(a.type), zeroPointOf(b.type)]
  const key = `${binary.kind} ${JSON.stringify({ ...binary.requant, zeroPoints })}`
  const compute = binary.kind === 'sum' ? sumOf(binary.requant) : productOf(binary.requant, a, b)
  map(node, lowering, [a, b], y, key, compute)
}

function sumOf(requant: AddRequant): Compute {
  return (b, f, [x, y]) => {
    const { i32 } = b.wasm
    const scaled = (element: Local | undefined, zeroPoint: number, scaling: AddRequant['a']) =>
      scaleByConstant(b, i32.shl(difference(b, element, zeroPoint), i32.const(requant.leftShift)), scaling)
    const first = scaled(x, requant.zeroPointA, requant.a)
    const second = scaled(y, requant.zeroPointB, requant.b)
    const sum = requant.sign > 0 ? i32.add(first, second) : i32.sub(first, second)
    return requantized(b, f, sum, requant.output)
  }
}

function productOf(requant: TensorRequant, { type: xType }: Placement, { type: yType }: Placement): Compute {
  return (b, f, [x, y]) =>
    requantized(
      b,
      f,
      b.wasm.i32.mul(difference(b, x, zeroPointOf(xType)), difference(b, y, zeroPointOf(yType))),
      requant,
    )
}

/** Ops on single i16 elements. */
export function scalarUnary(node: Node, lowering: Lowering, x: Placement, y: Placement): void {
  const zeroPoint = zeroPointOf(x.type)
  const rescaled = (requant: TensorRequant) => {
    const compute: Compute = (b, f, [q]) => requantized(b, f, difference(b, q, zeroPoint), requant)
    map(node, lowering, [x], y, `rescale ${JSON.stringify({ zeroPoint, requant })}`, compute)
  }
  switch (node.op) {
    case 'relu':
    case 'relu6':
      rescaled(reluRequant(x.type, y.type, node.op))
      return
    case 'quantize':
      rescaled(rescaleRequant(x.type, y.type))
      return
    case 'leaky_relu':
      leaky(node, lowering, x, y)
      return
    case 'logistic':
      sigmoid(node, lowering, x, y, sigmoidScaling(scaleOf(x.type), 0), interpolatedLogistic)
      return
    case 'tanh':
      sigmoid(node, lowering, x, y, sigmoidScaling(scaleOf(x.type), 1), interpolatedTanh)
      return
    default:
      unsupported(node, `there is no code for it on ${x.type.dtype} elements`)
  }
}

function leaky(node: Node, lowering: Lowering, x: Placement, y: Placement): void {
  const zeroPoint = zeroPointOf(x.type)
  const requant = leakyReluRequant(x.type, y.type, Number(node.attrs.alpha))
  const compute: Compute = (b, f, [q]) => {
    const value = f.i32()
    return b.sequence(
      value.set(difference(b, q, zeroPoint)),
      b.wasm.select(
        b.wasm.i32.ge_s(value.get(), b.wasm.i32.const(0)),
        requantized(b, f, value.get(), requant.identity),
        requantized(b, f, value.get(), requant.slope),
      ),
    )
  }
  map(node, lowering, [x], y, `leaky ${JSON.stringify({ zeroPoint, requant })}`, compute)
}

type Sigmoid = (
  b: ModuleBuilder,
  f: FunctionBuilder,
  x: Expression,
  scaling: SigmoidScaling,
  table: Local,
) => Expression

function sigmoid(
  node: Node,
  lowering: Lowering,
  x: Placement,
  y: Placement,
  scaling: SigmoidScaling,
  emit: Sigmoid,
): void {
  const { buffer, byteOffset, byteLength } = SIGMOID_TABLE
  const table = lowering.weights(new Uint8Array(buffer, byteOffset, byteLength))
  const key = `${node.op} ${JSON.stringify(scaling)}`
  map(node, lowering, [x], y, key, (b, f, [q], at) => emit(b, f, valueOf(q), scaling, at), table)
}

/** Between reals and quantized elements, for types and scales that have no vectorized kernel. */
export function scalarConversion(
  node: Label,
  lowering: Lowering,
  x: Placement,
  y: Placement,
  ties: 'away' | 'even' = 'away',
): void {
  if (y.type.dtype === 'b1') {
    map(node, lowering, [x], y, 'sign', (b, _, [q]) => {
      const { i32, f32 } = b.wasm
      return b.wasm.select(f32.ge(valueOf(q), f32.const(0)), i32.const(1), i32.const(-1))
    })
    return
  }
  if (x.type.dtype === 'f32') {
    const scale = ties === 'even' ? Math.fround(scaleOf(y.type)) : scaleOf(y.type)
    const [min, max] = integerRange(y.type.dtype)
    const output = { outputZeroPoint: zeroPointOf(y.type), min, max }
    map(node, lowering, [x], y, `quantize ${ties} ${scale} ${JSON.stringify(output)}`, (b, f, [q]) => {
      const { f32, f64, i32 } = b.wasm
      // The quotient is a float32. What is no number rounds to 0.
      const quotient = f32.demote(f64.div(f64.promote(valueOf(q)), f64.const(scale)))
      const rounded =
        ties === 'even'
          ? i32.trunc_s_sat.f32(f32.nearest(quotient))
          : roundHalfAway(b, f, f64.promote(quotient))
      return toOutput(b, f, rounded, output)
    })
    return
  }
  const scale = scaleOf(x.type)
  const zeroPoint = zeroPointOf(x.type)
  map(node, lowering, [x], y, `dequantize ${scale} ${zeroPoint}`, (b, _, [q]) => {
    const { f32, f64 } = b.wasm
    return f32.demote(f64.mul(f64.const(scale), f64.convert_s.i32(difference(b, q, zeroPoint))))
  })
}

function map(
  node: Label,
  lowering: Lowering,
  inputs: readonly Placement[],
  y: Placement,
  key: string,
  compute: Compute,
  table?: Place,
): void {
  const tensor = ({ type: { dtype }, rowPitch: pitch }: Placement) => {
    if (isStoredAsInt8(dtype)) return { dtype: 'i8' as const, pitch }
    return isComputed(dtype)
      ? { dtype, pitch }
      : unsupported(node, `there is no code for it on ${dtype} elements`)
  }
  const kernel = mapKernel({ ...rowsOf(y), key, inputs: inputs.map(tensor), output: tensor(y), compute })
  stepEachImage(lowering, node, kernel, inputs, [table ?? y.place], y)
}

function valueOf(element: Local | undefined): Expression {
  if (element === undefined) throw new Error('internal error: elements')
  return element.get()
}

function difference(b: ModuleBuilder, element: Local | undefined, zeroPoint: number): Expression {
  return b.wasm.i32.sub(valueOf(element), b.wasm.i32.const(zeroPoint))
}
