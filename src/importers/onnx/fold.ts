/**
 * What depends on constants alone is computed while the file is read: shapes, axes and weights are made of such nodes.
 * Integers are exact up to 2^53; every real result is rounded to float32.
 */
import { broadcastIndex, broadcastShape } from '../../../ir/ops/broadcast.ts'
import { elementCount } from '../../../ir/tensor.ts'
import { permuted, plainOrder } from './builder.ts'
import { type Constant, constant, type ElementType, elementType, isFloat } from './constants.ts'
import type { NodeContext } from './context.ts'
import { permutation } from './reshaping.ts'

type Fold = (node: NodeContext, inputs: readonly Constant[]) => readonly Constant[]

/** The rule of a node whose inputs are all constant; undefined for those that are done as for any other value. */
export function foldOf(key: string): Fold | undefined {
  const fold = FOLDS[key]
  return (
    fold &&
    ((node, inputs) => {
      const required = REQUIRED[key] ?? 1
      if (inputs.length >= required) return fold(node, inputs)
      return node.reject('bad-node', `it has ${inputs.length} inputs, expected ${required}`)
    })
  )
}

/** How many inputs an operator must have, if not one. */
const REQUIRED: Readonly<Record<string, number>> = {
  Constant: 0,
  Gather: 2,
  Reshape: 2,
  Expand: 2,
  Where: 3,
  Range: 3,
  Add: 2,
  Sub: 2,
  Mul: 2,
  Div: 2,
  Pow: 2,
  Equal: 2,
  Less: 2,
  Greater: 2,
}

/** Operators that can be computed while the file is read. */
export function foldedOperators(): readonly string[] {
  return Object.keys(FOLDS)
}

function rounded(dtype: ElementType, shape: readonly number[], data: ArrayLike<number>): Constant {
  const round = isFloat(dtype) ? Math.fround : (x: number) => x
  return constant(dtype, shape, Array.from(data, round))
}

function unary(f: (x: number) => number): Fold {
  return (_, [x = EMPTY]) => [rounded(x.dtype, x.shape, Array.from(x.data, f))]
}

function binary(f: (x: number, y: number) => number, result?: ElementType): Fold {
  return (node, [a = EMPTY, b = EMPTY]) => {
    const shape = shapeOf(node, a, b)
    const [indexA, indexB] = [broadcastIndex(a.shape, shape), broadcastIndex(b.shape, shape)]
    const data = Array.from(indexA, (i, n) => f(a.data[i] as number, b.data[indexB[n] as number] as number))
    return [rounded(result ?? a.dtype, shape, data)]
  }
}

/** Two at a time, from the left. */
function variadic(f: (x: number, y: number) => number): Fold {
  const both = binary(f)
  return (node, [first = EMPTY, ...others]) => [
    others.reduce((result, next) => both(node, [result, next])[0] ?? result, first),
  ]
}

function shapeOf(node: NodeContext, a: Constant, b: Constant): readonly number[] {
  try {
    return node.sized(broadcastShape(a.shape, b.shape))
  } catch {
    return node.reject('bad-shape', `shapes [${a.shape}] and [${b.shape}] do not broadcast`)
  }
}

const EMPTY = constant('f32', [], [0])

/** Of integers truncated, as in C. */
const divide: Fold = (node, inputs) => {
  const isReal = isFloat(inputs[0]?.dtype ?? 'f32')
  return binary((x, y) => (isReal ? x / y : Math.trunc(x / y)))(node, inputs)
}

function axesOf(node: NodeContext, inputs: readonly Constant[]): readonly number[] | undefined {
  return node.ints('axes') ?? (inputs[1] && [...inputs[1].data])
}

const gather: Fold = (node, [x = EMPTY, indices = EMPTY]) => {
  const rank = x.shape.length
  const axis = node.axis(node.int('axis', 0), rank)
  const size = x.shape[axis] ?? 1
  const outer = elementCount(x.shape.slice(0, axis))
  const inner = elementCount(x.shape.slice(axis + 1))
  const data: number[] = []
  for (let o = 0; o < outer; o++) {
    for (const given of indices.data) {
      const position = given < 0 ? given + size : given
      if (!(position >= 0 && position < size))
        node.reject('bad-attribute', `index ${given} is beyond the ${size} elements`)
      for (let i = 0; i < inner; i++) data.push(x.data[(o * size + position) * inner + i] as number)
    }
  }
  return [constant(x.dtype, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], data)]
}

const reshape: Fold = (node, [x = EMPTY, wanted = EMPTY]) => {
  const known = [...wanted.data].map((size, axis) =>
    size === 0 && node.int('allowzero', 0) === 0 ? (x.shape[axis] ?? 0) : size,
  )
  const rest = x.data.length / elementCount(known.filter((size) => size !== -1))
  const shape = known.map((size) => (size === -1 ? rest : size))
  if (elementCount(node.sized(shape)) !== x.data.length)
    node.reject('bad-shape', `[${x.shape}] does not fit the shape [${wanted.data}]`)
  return [{ ...x, shape }]
}

const squeeze: Fold = (node, inputs) => {
  const [x = EMPTY] = inputs
  const axes = axesOf(node, inputs)?.map((axis) => node.axis(axis, x.shape.length))
  const long = axes?.find((axis) => x.shape[axis] !== 1)
  if (long !== undefined) node.reject('bad-shape', `axis ${long} of [${x.shape}] is not of size 1`)
  return [{ ...x, shape: x.shape.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1)) }]
}

const unsqueeze: Fold = (node, inputs) => {
  const [x = EMPTY] = inputs
  const given = axesOf(node, inputs) ?? []
  const rank = x.shape.length + given.length
  const axes = given.map((axis) => node.axis(axis, rank))
  if (new Set(axes).size < axes.length) node.reject('bad-attribute', `axes [${given}] name one twice`)
  const sizes = [...x.shape]
  return [{ ...x, shape: plainOrder(rank).map((axis) => (axes.includes(axis) ? 1 : (sizes.shift() ?? 1))) }]
}

const concat: Fold = (node, inputs) => {
  const [first = EMPTY] = inputs
  const axis = node.axis(node.int('axis', 0), first.shape.length)
  for (const { shape } of inputs) {
    const fits =
      shape.length === first.shape.length && shape.every((size, n) => n === axis || size === first.shape[n])
    if (!fits)
      node.reject('bad-shape', `shapes [${first.shape}] and [${shape}] do not join along axis ${axis}`)
  }
  const outer = elementCount(first.shape.slice(0, axis))
  const data: number[] = []
  for (let o = 0; o < outer; o++) {
    for (const { shape, data: elements } of inputs) {
      const run = elementCount(shape.slice(axis))
      for (let i = 0; i < run; i++) data.push(elements[o * run + i] as number)
    }
  }
  const joined = inputs.reduce((sum, { shape }) => sum + (shape[axis] ?? 1), 0)
  return [
    constant(
      first.dtype,
      first.shape.map((size, n) => (n === axis ? joined : size)),
      data,
    ),
  ]
}

const transpose: Fold = (node, [x = EMPTY]) => {
  const perm = permutation(node, x.shape.length)
  return [{ ...x, ...permuted(x, perm) }]
}

const slice: Fold = (node, [x = EMPTY, starts, ends, axes, steps]) => {
  const rank = x.shape.length
  const list = (name: string, input: Constant | undefined) => node.ints(name) ?? (input && [...input.data])
  const from = list('starts', starts) ?? []
  const to = list('ends', ends) ?? []
  const along = list('axes', axes) ?? plainOrder(from.length)
  const by = list('steps', steps) ?? from.map(() => 1)
  const picked = x.shape.map((size) => Array.from({ length: size }, (_, i) => i))
  along.forEach((given, n) => {
    const axis = node.axis(given, rank)
    const size = x.shape[axis] ?? 1
    const step = by[n] ?? 1
    if (step === 0) node.reject('bad-attribute', 'a step is 0')
    const place = (p: number, low: number, high: number) =>
      Math.max(low, Math.min(high, p < 0 ? p + size : p))
    const begin = place(from[n] ?? 0, 0, step > 0 ? size : size - 1)
    const end = place(to[n] ?? size, step > 0 ? 0 : -1, size)
    const positions: number[] = []
    for (let i = begin; step > 0 ? i < end : i > end; i += step) positions.push(i)
    picked[axis] = positions
  })
  const strides = x.shape.map((_, axis) => elementCount(x.shape.slice(axis + 1)))
  let indices = [0]
  picked.forEach((positions, axis) => {
    indices = indices.flatMap((index) => positions.map((position) => index + position * (strides[axis] ?? 1)))
  })
  return [
    constant(
      x.dtype,
      picked.map((positions) => positions.length),
      indices.map((i) => x.data[i] as number),
    ),
  ]
}

const cast: Fold = (node, [x = EMPTY]) => {
  node.ignore('saturate')
  const dtype = elementType(node.int('to', 1), node.origin.path, node.origin.file)
  const convert =
    dtype === 'bool' ? (v: number) => Number(v !== 0) : isFloat(dtype) ? Math.fround : Math.trunc
  return [constant(dtype, x.shape, Array.from(x.data, convert))]
}

const expand: Fold = (node, [x = EMPTY, wanted = EMPTY]) => {
  const shape = shapeOf(node, x, constant('f32', [...wanted.data], []))
  return [
    constant(
      x.dtype,
      shape,
      Array.from(broadcastIndex(x.shape, shape), (i) => x.data[i] as number),
    ),
  ]
}

const where: Fold = (node, [condition = EMPTY, a = EMPTY, b = EMPTY]) => {
  const shape = shapeOf(node, condition, constant('f32', shapeOf(node, a, b), []))
  const [c, x, y] = [condition, a, b].map((each) => broadcastIndex(each.shape, shape))
  const pick = (i: number) =>
    (condition.data[c?.[i] ?? 0] !== 0 ? a.data[x?.[i] ?? 0] : b.data[y?.[i] ?? 0]) ?? 0
  return [
    constant(
      a.dtype,
      shape,
      Array.from({ length: elementCount(shape) }, (_, i) => pick(i)),
    ),
  ]
}

const range: Fold = (node, [start = EMPTY, limit = EMPTY, delta = EMPTY]) => {
  const [from, to, step] = [start, limit, delta].map((each) => each.data[0] ?? 0) as [number, number, number]
  const count = Math.max(0, Math.ceil((to - from) / step))
  node.sized([count])
  return [
    rounded(
      start.dtype,
      [count],
      Array.from({ length: count }, (__, i) => from + i * step),
    ),
  ]
}

const constantOfShape: Fold = (node, [shape = EMPTY]) => {
  const value = node.tensor('value')
  const sizes = node.sized([...shape.data])
  const fill = Array<number>(elementCount(sizes)).fill(value?.data[0] ?? 0)
  return [constant(value?.dtype ?? 'f32', sizes, fill)]
}

/** A tensor, a number or a list, whichever attribute is given. */
const constantNode: Fold = (node) => {
  const tensor = node.tensor('value')
  if (tensor) return [tensor]
  if (node.has('value_float')) return [constant('f32', [], [node.float('value_float', 0)])]
  if (node.has('value_int')) return [constant('i64', [], [node.int('value_int', 0)])]
  const floats = node.floats('value_floats')
  if (floats && node.has('value_floats')) return [constant('f32', [floats.length], floats)]
  const ints = node.ints('value_ints')
  if (ints) return [constant('i64', [ints.length], ints)]
  return node.reject(
    'unsupported-attribute',
    'its value is of a kind that is not supported',
    'store it as a dense tensor',
  )
}

const identity: Fold = (node, [x = EMPTY]) => {
  // Of Dropout, which drops nothing at inference.
  node.ignore('ratio', 'seed', 'is_test')
  return [x]
}

const FOLDS: Readonly<Record<string, Fold>> = {
  Constant: constantNode,
  ConstantOfShape: constantOfShape,
  Identity: identity,
  Gather: gather,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Transpose: transpose,
  Slice: slice,
  Cast: cast,
  Expand: expand,
  Where: where,
  Range: range,
  Add: binary((x, y) => x + y),
  Sub: binary((x, y) => x - y),
  Mul: binary((x, y) => x * y),
  Div: divide,
  Pow: binary((x, y) => x ** y),
  Min: variadic(Math.min),
  Max: variadic(Math.max),
  Equal: binary((x, y) => Number(x === y), 'bool'),
  Less: binary((x, y) => Number(x < y), 'bool'),
  Greater: binary((x, y) => Number(x > y), 'bool'),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Reciprocal: unary((x) => 1 / x),
}
