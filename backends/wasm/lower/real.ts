/** Rules of the ops on float32 tensors: the same arithmetic as the interpreter's, in its order. */
import { NUMBERS } from '../../../ir/arith/real-arithmetic.ts'
import { type Activation, activationBounds } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { Node } from '../../../ir/graph.ts'
import { nhwc, withDefaults } from '../../../ir/ops/define.ts'
import type { OpName } from '../../../ir/ops/names.ts'
import { type ElementwiseName, REAL_FUNCTIONS, type RealFunction } from '../../../ir/ops/real/functions.ts'
import { REAL_REDUCTIONS, type RealReduction } from '../../../ir/ops/real/reductions.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { realNeighbours } from '../../../ir/ops/resize_bilinear.ts'
import { elementCount } from '../../../ir/tensor.ts'
import type { Local } from '../codegen/module.ts'
import { type MapSpec, mapKernel } from '../kernels/map.ts'
import { realArithmetic } from '../kernels/real-arithmetic.ts'
import { NEIGHBOUR_BYTES, realBilinearKernel } from '../kernels/real-bilinear.ts'
import { realReductionKernel } from '../kernels/real-reduction.ts'
import { realSoftmaxKernel } from '../kernels/real-softmax.ts'
import { realVectorKernel } from '../kernels/real-vectors.ts'
import { at, byteStrides, type Place } from '../storage.ts'
import type { Lowering } from './lowering.ts'
import { realConvolution, realFullyConnected, realPool } from './real-windows.ts'
import { broadcast, rowsOf } from './rows.ts'
import type { Rule } from './rule.ts'

/** The rule for a node that computes on float32 tensors; undefined where it does not, or only moves elements. */
export function realRule(node: Node, lowering: Lowering): Rule | undefined {
  const isReal = [...node.inputs, ...node.outputs].every((id) => lowering.type(id).dtype === 'f32')
  return isReal ? REAL_RULES[node.op] : undefined
}

/** Functions of which each rounding is that of one operation, or none. */
const ROUNDED_ONCE: readonly OpName[] = [
  'add',
  'sub',
  'mul',
  'div',
  'minimum',
  'maximum',
  'prelu',
  'relu',
  'relu6',
  'clip',
  'leaky_relu',
  'hard_sigmoid',
  'hard_swish',
  'sqrt',
  'abs',
  'neg',
  'sign',
  'floor',
  'ceil',
  'round',
]

/** A function of single elements, of operands that broadcast. */
export function elementwise(node: Node, lowering: Lowering): void {
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const isOnVectors = ROUNDED_ONCE.includes(node.op)
  const operands = node.inputs.map((id) => {
    const operand = lowering.placement(id)
    const isOne = isOnVectors && elementCount(operand.type.shape) === 1
    return isOne ? operand : broadcast(lowering, operand, y.type.shape, node)
  })
  const attrs = withDefaults(OPS[node.op].attrs, node.attrs)
  const f: RealFunction = REAL_FUNCTIONS[node.op as ElementwiseName]
  const [min, max] = activationBounds((attrs.activation ?? 'none') as Activation)
  const compute: MapSpec['compute'] = (b, fn, elements) => {
    const { f32, f64 } = b.wasm
    const r = realArithmetic(b, fn)
    const [a, other = a] = elements.map((element: Local) => {
      const double = fn.f64()
      return { double, set: double.set(f64.promote(element.get())) }
    })
    const first = must(a, 'an operand')
    const second = must(other, 'an operand')
    let result = f32.demote(f(r, attrs, first.double.get, second.double.get)())
    if (min > -Infinity) result = f32.max(result, f32.const(min))
    if (max < Infinity) result = f32.min(result, f32.const(max))
    return b.sequence(...new Set([first.set, second.set]), result)
  }
  // Infinite attributes are no JSON.
  const key = `${node.op} ${JSON.stringify(attrs, (_, value) => (typeof value === 'number' ? String(value) : value))}`
  const { elements, rows } = rowsOf(y)
  if (isOnVectors) {
    const kernel = realVectorKernel({
      key,
      elements: elements * rows * y.images,
      operands: operands.map(({ type }) => (elementCount(type.shape) === 1 ? 'one' : 'each')),
      compute(r, [a, other = a]) {
        const result = f(r, attrs, must(a, 'an operand'), must(other, 'an operand'))
        const atLeast = min > -Infinity ? r.max(result, r.constant(min)) : result
        return max < Infinity ? r.min(atLeast, r.constant(max)) : atLeast
      },
    })
    lowering.step(node, kernel, [...operands.map(({ place }) => place), y.place])
    return
  }
  const tensor = { dtype: 'f32', pitch: 0 } as const
  const kernel = mapKernel({
    key: `float ${key}`,
    rows: 1,
    elements: elements * rows * y.images,
    inputs: operands.map(() => tensor),
    output: tensor,
    compute,
  })
  // A function of constants has no table.
  lowering.step(node, kernel, [...operands.map(({ place }) => place), y.place, y.place])
}

/** mean, reduce_sum, ... */
export function reduction(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const { shape } = x.type
  const axes = node.attrs.axes as readonly number[]
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
  const dimensions = shape.map((count, axis) => ({
    count,
    stride: axes.includes(axis) ? 0 : elementCount(kept.slice(axis + 1)),
  }))
  const outputs = elementCount(kept)
  const isMean = node.op === 'mean'
  const combination: RealReduction = isMean
    ? REAL_REDUCTIONS.reduce_sum
    : REAL_REDUCTIONS[node.op as keyof typeof REAL_REDUCTIONS]
  const divisor = isMean ? elementCount(shape) / outputs : 1
  lowering.step(node, realReductionKernel({ ...combination, dimensions, outputs, divisor }), [
    x.place,
    y.place,
  ])
}

function softmax(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const depth = must(x.type.shape.at(-1), 'last axis')
  const beta = NUMBERS.single(withDefaults(OPS.softmax.attrs, node.attrs).beta as number)
  const kernel = realSoftmaxKernel({ rows: elementCount(x.type.shape) / depth, depth, beta })
  lowering.step(node, kernel, [x.place, lowering.buffer(8 * depth), y.place])
}

function resizeBilinear(node: Node, lowering: Lowering): void {
  const x = lowering.placement(must(node.inputs[0], 'x'))
  const y = lowering.allocate(must(node.outputs[0], 'an output'), node)
  const attrs = withDefaults(OPS.resize_bilinear.attrs, node.attrs)
  const [images, height, width, channels] = nhwc(x.type, 'x')
  const [, rows, columns] = nhwc(y.type, 'y')
  const [, row = 0, column = 0] = byteStrides(x)
  const table = (inputs: number, outputs: number, stride: number): Place => {
    const view = new DataView(new ArrayBuffer(NEIGHBOUR_BYTES * outputs))
    const list = realNeighbours(
      inputs,
      outputs,
      attrs.align_corners === true,
      attrs.half_pixel_centers === true,
    )
    list.forEach(({ lower, upper, weight }, n) => {
      view.setInt32(NEIGHBOUR_BYTES * n, lower * stride, true)
      view.setInt32(NEIGHBOUR_BYTES * n + 4, upper * stride, true)
      view.setFloat32(NEIGHBOUR_BYTES * n + 8, weight, true)
    })
    return lowering.weights(new Uint8Array(view.buffer))
  }
  const tables = [table(height, rows, row), table(width, columns, column)]
  for (let n = 0; n < images; n++) {
    lowering.step(node, realBilinearKernel({ rows, columns, channels }), [
      at(x.place, n * x.imagePitch),
      ...tables,
      at(y.place, n * y.imagePitch),
    ])
  }
}

const REAL_RULES: { readonly [N in OpName]?: Rule } = {
  ...Object.fromEntries(Object.keys(REAL_FUNCTIONS).map((name) => [name, elementwise])),
  conv2d: realConvolution,
  depthwise_conv2d: realConvolution,
  transpose_conv2d: realConvolution,
  fully_connected: realFullyConnected,
  avg_pool2d: realPool,
  max_pool2d: realPool,
  mean: reduction,
  softmax,
  resize_bilinear: resizeBilinear,
}
