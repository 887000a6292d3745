/** Rules of the ops that compute each element by itself. */
import { floatAddRequant } from '../../../ir/arith/onnx.ts'
import {
  addRequant,
  mulRequant,
  scaleOf,
  type TensorRequant,
  zeroPointOf,
} from '../../../ir/arith/requant.ts'
import type { Arithmetic } from '../../../ir/arith/rounding.ts'
import { type Activation, integerRange } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import type { Node } from '../../../ir/graph.ts'
import { withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { addConstants, type ExactSum, onnxSum, tfliteSum } from '../add-constants.ts'
import { addConstantBytes, addKernel } from '../kernels/add.ts'
import { dequantizeKernel, quantizeKernel, signKernel } from '../kernels/convert.ts'
import { floatAddKernel } from '../kernels/float-add.ts'
import { lookUpBytes, lookUpKernel } from '../kernels/look-up.ts'
import { multiplyKernel } from '../kernels/multiply.ts'
import { scalingBytes } from '../kernels/sums.ts'
import { isStoredAsInt8, type Placement } from '../storage.ts'
import type { Lowering } from './lowering.ts'
import { broadcast, rowsOf, stepEachImage } from './rows.ts'
import { scalarBinary, scalarConversion, scalarUnary } from './scalar-elementwise.ts'
import { oneScaling } from './scaling.ts'
import { realSums } from './sums.ts'

interface Operands {
  readonly a: Placement
  readonly b: Placement
  readonly y: Placement
  readonly activation: Activation
  readonly arithmetic: Arithmetic
}

function operands(node: Node, lowering: Lowering): Operands {
  const [a, b] = node.inputs
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const operand = (id: string | undefined) =>
    broadcast(lowering, lowering.placement(must(id, 'an operand')), y.type.shape, node)
  const { activation, arithmetic } = withDefaults(OPS[node.op].attrs, node.attrs)
  return {
    a: operand(a),
    b: operand(b),
    y,
    activation: activation as Activation,
    arithmetic: arithmetic as Arithmetic,
  }
}

/** add, sub. */
export function sum(node: Node, lowering: Lowering): void {
  const { a, b, y, activation, arithmetic } = operands(node, lowering)
  const sign = node.op === 'sub' ? -1 : 1
  if (arithmetic === 'onnx') {
    const requant = floatAddRequant(a.type, b.type, y.type, activation, sign)
    const fast = vectorizedSum(lowering, onnxSum(requant, a.type, b.type, y.type), a, b, y)
    const pitches = { a: a.rowPitch, b: b.rowPitch, y: y.rowPitch }
    const kernel = fast?.kernel ?? floatAddKernel({ ...rowsOf(y), ...pitches, requant })
    stepEachImage(lowering, node, kernel, [a, b], fast ? [fast.constants] : [], y)
    return
  }
  const requant = addRequant(a.type, b.type, y.type, activation, sign)
  const fast = y.type.dtype === 'i8' ? vectorizedSum(lowering, tfliteSum(requant), a, b, y) : undefined
  if (fast === undefined) scalarBinary(node, lowering, a, b, y, { kind: 'sum', requant })
  else stepEachImage(lowering, node, fast.kernel, [a, b], [fast.constants], y)
}

function vectorizedSum(lowering: Lowering, exact: ExactSum, a: Placement, b: Placement, y: Placement) {
  const outputScale = scaleOf(y.type)
  const constants = addConstants(exact, scaleOf(a.type) / outputScale, scaleOf(b.type) / outputScale)
  if (constants === undefined) return undefined
  const { min, max } = exact
  const pitches = { a: a.rowPitch, b: b.rowPitch, y: y.rowPitch }
  return {
    kernel: addKernel({ ...rowsOf(y), ...pitches, shift: constants.shift, min, max }),
    constants: lowering.weights(addConstantBytes(constants)),
  }
}

/** mul. */
export function product(node: Node, lowering: Lowering): void {
  const { a, b, y, activation, arithmetic } = operands(node, lowering)
  const requant = mulRequant(a.type, b.type, y.type, activation, arithmetic)
  const fast = y.type.dtype === 'i8' ? vectorizedProduct(lowering, requant, a, b, y) : undefined
  if (fast === undefined) scalarBinary(node, lowering, a, b, y, { kind: 'product', requant })
  else stepEachImage(lowering, node, fast.kernel, [a, b], [fast.scaling], y)
}

function vectorizedProduct(
  lowering: Lowering,
  requant: TensorRequant,
  a: Placement,
  b: Placement,
  y: Placement,
) {
  const zeroPointA = zeroPointOf(a.type)
  const zeroPointB = zeroPointOf(b.type)
  const ends = (zeroPoint: number) => [-128 - zeroPoint, 127 - zeroPoint]
  const products = ends(zeroPointA).flatMap((p) => ends(zeroPointB).map((q) => p * q))
  const range = { min: Math.min(0, ...products), max: Math.max(0, ...products) }
  const factor = (scaleOf(a.type) * scaleOf(b.type)) / scaleOf(y.type)
  const scaling = oneScaling(requant, range, factor)
  if (scaling === undefined) return undefined
  const pitches = { a: a.rowPitch, b: b.rowPitch, y: y.rowPitch }
  const { epilogue } = scaling
  return {
    kernel: multiplyKernel({ ...rowsOf(y), ...pitches, zeroPointA, zeroPointB, epilogue }),
    scaling: lowering.weights(scalingBytes(scaling.float, 0)),
  }
}

/** relu, relu6, leaky_relu, hard_swish, logistic, tanh. */
export function unary(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  if (x.type.dtype !== 'i8') {
    scalarUnary(node, lowering, x, y)
    return
  }
  const tables = lowering.weights(lookUpBytes(tableOf(node, x, y)))
  const kernel = lookUpKernel({ ...rowsOf(y), x: x.rowPitch, y: y.rowPitch })
  stepEachImage(lowering, node, kernel, [x], [tables], y)
}

/** The op's results for every int8 element, as the op itself gives them; entry q & 255 is that of q. */
function tableOf(node: Node, x: Placement, y: Placement): Int32Array {
  const all = Int8Array.from({ length: 256 }, (_, q) => q)
  const type = { ...x.type, shape: [256] }
  const results: TensorData = OPS[node.op].evaluate(
    [{ type, data: all }],
    { ...y.type, shape: [256] },
    node.attrs,
  )
  return Int32Array.from({ length: 256 }, (_, q) => Number(results[q]))
}

/** quantize: from reals, and from one quantization to another. */
export function quantize(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  if (x.type.dtype === 'i8') {
    unary(node, lowering)
    return
  }
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  if (x.type.dtype !== 'f32') {
    scalarUnary(node, lowering, x, y)
    return
  }
  const { arithmetic } = withDefaults(OPS.quantize.attrs, node.attrs)
  const ties = arithmetic === 'onnx' ? 'even' : 'away'
  const scale = arithmetic === 'onnx' ? Math.fround(scaleOf(y.type)) : scaleOf(y.type)
  const { dtype } = y.type
  if (!isStoredAsInt8(dtype) || !isFloat32(scale)) {
    scalarConversion(node, lowering, x, y, ties)
    return
  }
  const rows = { ...rowsOf(y), x: x.rowPitch, y: y.rowPitch }
  const [min, max] = integerRange(dtype)
  const spec = { ...rows, scale, zeroPoint: zeroPointOf(y.type), min, max }
  const kernel = dtype === 'b1' ? signKernel(rows) : quantizeKernel(spec, ties)
  stepEachImage(lowering, node, kernel, [x], [], y)
}

export function dequantize(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  if (x.type.dtype === 'i32') {
    realSums(node, lowering, x, y)
    return
  }
  const scale = scaleOf(x.type)
  if (!isStoredAsInt8(x.type.dtype) || !isFloat32(scale)) {
    scalarConversion(node, lowering, x, y)
    return
  }
  const kernel = dequantizeKernel({
    ...rowsOf(y),
    x: x.rowPitch,
    y: y.rowPitch,
    scale,
    zeroPoint: zeroPointOf(x.type),
  })
  stepEachImage(lowering, node, kernel, [x], [], y)
}

function isFloat32(x: number): boolean {
  return Math.fround(x) === x
}
