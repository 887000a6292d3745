/** Ops that move elements, or only say how they are counted. */
import { type Computed, channelsLast, plainOrder } from '../builder.ts'
import { constant } from '../constants.ts'
import type { NodeContext, OperatorRule } from '../context.ts'
import { permutation, reshaped } from '../reshaping.ts'
import { combined } from './elementwise.ts'

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1)

/** 0 keeps a size, -1 takes what is left. */
const reshape: OperatorRule = (node) => {
  const x = node.computed(0)
  const wanted = [...node.constant(1, 'shape').data]
  const allowZero = node.int('allowzero', 0) !== 0
  const known = wanted.map((size, axis) => (size === 0 && !allowZero ? (x.shape[axis] ?? 0) : size))
  const elements = product(x.shape)
  const rest = elements / product(known.filter((size) => size !== -1))
  const shape = known.map((size) => (size === -1 ? rest : size))
  if (shape.includes(0)) node.reject('unsupported-attribute', 'a tensor without elements is not supported')
  if (product(shape) !== elements || !shape.every((size) => Number.isInteger(size) && size > 0)) {
    node.reject('bad-shape', `[${x.shape}] does not fit the shape [${wanted}]`)
  }
  return [reshaped(node, x, shape)]
}

const flatten: OperatorRule = (node) => {
  const x = node.computed(0)
  const axis = node.int('axis', 1)
  const from = axis === x.shape.length ? axis : node.axis(axis, x.shape.length)
  return [reshaped(node, x, [product(x.shape.slice(0, from)), product(x.shape.slice(from))])]
}

/** Axes as an attribute, or from version 13 on as an input. */
function axesOf(node: NodeContext): readonly number[] | undefined {
  return node.opset < 13 ? node.ints('axes') : node.inputs[1] && [...node.constant(1, 'axes').data]
}

const squeeze: OperatorRule = (node) => {
  const x = node.computed(0)
  const rank = x.shape.length
  const given = axesOf(node)?.map((axis) => node.axis(axis, rank))
  const axes = given ?? plainOrder(rank).filter((axis) => x.shape[axis] === 1)
  if (axes.some((axis) => x.shape[axis] !== 1))
    node.reject('bad-shape', `axes [${axes}] of [${x.shape}] are not of size 1`)
  const kept = x.shape.filter((_, axis) => !axes.includes(axis))
  return [reshaped(node, x, kept)]
}

const unsqueeze: OperatorRule = (node) => {
  const x = node.computed(0)
  const given = axesOf(node) ?? node.reject('bad-node', 'it has no axes')
  const rank = x.shape.length + given.length
  const axes = given.map((axis) => node.axis(axis, rank))
  if (new Set(axes).size < axes.length) node.reject('bad-attribute', `axes [${given}] name one twice`)
  const sizes = [...x.shape]
  const spread = plainOrder(rank).map((axis) => (axes.includes(axis) ? 1 : (sizes.shift() ?? 1)))
  return [reshaped(node, x, spread)]
}

/** No element moves: only the knowledge which axis is which. */
const transpose: OperatorRule = (node) => {
  const x = node.computed(0)
  const rank = x.shape.length
  const perm = permutation(node, rank)
  const plain = x.flattened ? node.builder.arrange(x, plainOrder(rank), node.origin) : x.id
  const order = x.flattened ? plainOrder(rank) : x.order
  const shape = perm.map((axis) => x.shape[axis] ?? 1)
  return [{ kind: 'computed', id: plain, shape, order: order.map((axis) => perm.indexOf(axis)) }]
}

const concat: OperatorRule = (node) => {
  const operands = node.inputs.map((_, n) => node.operand(n))
  const leader = operands.find((operand): operand is Computed => operand.kind === 'computed')
  const sizes = node.operand(0).shape
  const rank = sizes.length
  const axis = node.axis(node.int('axis', 1), rank)
  const order = leader && !leader.flattened && leader.order.length === rank ? leader.order : plainOrder(rank)
  const odd = operands.find(({ shape }) => shape.length !== rank)
  if (odd) node.reject('bad-shape', `shapes [${sizes}] and [${odd.shape}] have different numbers of axes`)
  const ids = operands.map((operand, n) => node.arranged(operand, order, node.inputName(n)))
  const quantization = leader && node.builder.resultOf(leader.id)
  return node.result(node.emit('concat', ids, { axis: order.indexOf(axis) }, undefined, quantization), order)
}

interface Range {
  readonly axis: number
  readonly begin: number
  readonly end: number
  readonly stride: number
}

/** Parts of a value along some axes of the file. */
function sliced(node: NodeContext, x: Computed, ranges: readonly Range[], wish?: string): Computed {
  const rank = x.shape.length
  const order = x.flattened ? plainOrder(rank) : x.order
  const id = node.builder.arrange(x, order, node.origin)
  if (ranges.some(({ begin, end, stride }) => (end - begin) / stride <= 0)) {
    node.reject('unsupported-attribute', 'a result without elements is not supported')
  }
  const of = (pick: (range: Range) => number, whole: (size: number) => number) =>
    order.map((axis) => {
      const range = ranges.find((each) => each.axis === axis)
      return range ? pick(range) : whole(x.shape[axis] ?? 1)
    })
  const attrs = {
    begin: of(
      (range) => range.begin,
      () => 0,
    ),
    end: of(
      (range) => range.end,
      (size) => size,
    ),
    strides: of(
      (range) => range.stride,
      () => 1,
    ),
  }
  return node.result(node.emit('strided_slice', [id], attrs, wish, node.builder.resultOf(id)), order)[0]
}

const slice: OperatorRule = (node) => {
  const x = node.computed(0)
  const rank = x.shape.length
  const isOld = node.opset < 10
  const list = (name: string, n: number) =>
    isOld ? node.ints(name) : node.inputs[n] && [...node.constant(n, name).data]
  const starts = list('starts', 1) ?? []
  const ends = list('ends', 2) ?? []
  const axes = list('axes', 3) ?? plainOrder(starts.length)
  const steps = (isOld ? undefined : list('steps', 4)) ?? starts.map(() => 1)
  const ranges = axes.map((given, n): Range => {
    const axis = node.axis(given, rank)
    const size = x.shape[axis] ?? 1
    const stride = steps[n] ?? 1
    const clamp = (position: number, low: number, high: number) =>
      Math.max(low, Math.min(high, position < 0 ? position + size : position))
    const begin = stride > 0 ? clamp(starts[n] ?? 0, 0, size) : clamp(starts[n] ?? 0, 0, size - 1)
    const end = stride > 0 ? clamp(ends[n] ?? size, 0, size) : clamp(ends[n] ?? 0, -1, size)
    return { axis, begin, end, stride }
  })
  return [sliced(node, x, ranges)]
}

const split: OperatorRule = (node) => {
  const x = node.computed(0)
  const axis = node.axis(node.int('axis', 0), x.shape.length)
  const size = x.shape[axis] ?? 1
  const given = node.opset < 13 ? node.ints('split') : node.inputs[1] && [...node.constant(1, 'split').data]
  const count = node.int('num_outputs', node.outputs.length)
  const part = Math.ceil(size / count)
  const sizes = given ?? node.outputs.map((_, n) => Math.min(part, size - n * part))
  if (sizes.includes(0)) node.reject('unsupported-attribute', 'a result without elements is not supported')
  if (sizes.some((part) => part < 1) || sizes.reduce((sum, part) => sum + part, 0) !== size) {
    node.reject('bad-shape', `parts of [${sizes}] do not make up the ${size} elements of axis ${axis}`)
  }
  let begin = 0
  return node.outputs.map((name, n) => {
    const end = begin + (sizes[n] ?? 0)
    const piece = sliced(node, x, [{ axis, begin, end, stride: 1 }], name)
    begin = end
    return piece
  })
}

/** Positions of an axis that lie side by side are a slice, others are joined. */
const gather: OperatorRule = (node) => {
  const x = node.computed(0)
  const indices = node.constant(1, 'indices')
  const axis = node.axis(node.int('axis', 0), x.shape.length)
  const size = x.shape[axis] ?? 1
  const positions = [...indices.data].map((position) => (position < 0 ? position + size : position))
  if (!positions.every((position) => position >= 0 && position < size)) {
    node.reject('bad-attribute', `indices [${indices.data}] do not lie within the ${size} elements`)
  }
  const slice = (begin: number, count: number) =>
    sliced(node, x, [{ axis, begin, end: begin + count, stride: 1 }])
  const [begin = 0] = positions
  const areNeighbours = positions.every((position, n) => position === begin + n)
  const pieces = areNeighbours
    ? [slice(begin, positions.length)]
    : positions.map((position) => slice(position, 1))
  const piece = joined(node, pieces, axis)
  if (indices.shape.length === 1) return [piece]
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]
  return [reshaped(node, piece, shape)]
}

/** Values of one order, one after another along an axis of the file. */
function joined(node: NodeContext, pieces: readonly Computed[], axis: number): Computed {
  const [first = node.computed(0), ...others] = pieces
  if (others.length === 0) return first
  const ids = pieces.map((piece) => node.builder.arrange(piece, first.order, node.origin))
  const attrs = { axis: first.order.indexOf(axis) }
  return node.result(
    node.emit('concat', ids, attrs, undefined, node.builder.resultOf(first.id)),
    first.order,
  )[0]
}

/** The value with axes as the file has them, if they were joined. */
function unflattened(node: NodeContext, x: Computed): Computed {
  const order = plainOrder(x.shape.length)
  return x.flattened ? node.result(node.builder.arrange(x, order, node.origin), order)[0] : x
}

/** More copies of a value make a network large. */
const MOST_COPIES = 256

const tile: OperatorRule = (node) => {
  const repeats = node.constant(1, 'repeats').data
  const x = unflattened(node, node.computed(0))
  if (repeats.length !== x.shape.length) {
    node.reject('bad-shape', `repeats [${repeats}] are not one for each of ${x.shape.length} axes`)
  }
  if (!repeats.every((count) => count >= 1 && count <= MOST_COPIES)) {
    node.reject('unsupported-attribute', `repeats [${repeats}] are not between 1 and ${MOST_COPIES}`)
  }
  return [repeats.reduce((part, count, axis) => joined(node, Array<Computed>(count).fill(part), axis), x)]
}

/** Products with ones, which broadcast. */
const expand: OperatorRule = (node) => {
  const shape = node.sized([...node.constant(1, 'shape').data])
  return [combined(node, 'mul', node.computed(0), constant('f32', shape, Array(product(shape)).fill(1)))]
}

/** A border of the elements along an axis: mirrored about the outermost one, or that one again and again. */
function bordered(node: NodeContext, x: Computed, mode: string, axis: number, sides: readonly number[]) {
  const [before = 0, after = 0] = sides
  const size = x.shape[axis] ?? 1
  const cut = (begin: number, end: number, stride: number) => sliced(node, x, [{ axis, begin, end, stride }])
  const copies = (count: number, at: number) =>
    count === 0 ? [] : Array<Computed>(count).fill(cut(at, at + 1, 1))
  if (Math.max(before, after) > (mode === 'edge' ? MOST_COPIES : size - 1)) {
    node.reject(
      'unsupported-attribute',
      `a border of ${before} and ${after} around ${size} elements is not supported`,
    )
  }
  if (mode === 'edge') return joined(node, [...copies(before, 0), x, ...copies(after, size - 1)], axis)
  const head = before === 0 ? [] : [cut(before, 0, -1)]
  const tail = after === 0 ? [] : [cut(size - 2, size - 2 - after, -1)]
  return joined(node, [...head, x, ...tail], axis)
}

const pad: OperatorRule = (node) => {
  const x = node.computed(0)
  const rank = x.shape.length
  const mode = node.string('mode', 'constant')
  if (!['constant', 'reflect', 'edge'].includes(mode)) {
    node.reject('unsupported-attribute', `padding by ${mode} is not supported`)
  }
  const isOld = node.opset < 11
  const given = isOld
    ? (node.ints('pads') ?? node.ints('paddings') ?? [])
    : [...node.constant(1, 'pads').data]
  const value = isOld ? node.float('value', 0) : (node.optionalConstant(2, 'value')?.data[0] ?? 0)
  const axes = node.optionalConstant(3, 'axes')?.data ?? plainOrder(rank)
  const named = [...axes].map((axis) => node.axis(axis, rank))
  if (given.length !== 2 * named.length || given.some((n) => n < 0)) {
    node.reject('unsupported-attribute', `pads [${given}] are not two numbers of at least 0 for each axis`)
  }
  if (mode !== 'constant') {
    const sidesOf = (n: number) => [given[n] ?? 0, given[n + named.length] ?? 0]
    const border = (inner: Computed, axis: number, n: number) => bordered(node, inner, mode, axis, sidesOf(n))
    return [named.reduce(border, unflattened(node, x))]
  }
  const order = x.flattened ? plainOrder(rank) : x.order
  const id = node.builder.arrange(x, order, node.origin)
  const paddings = order.flatMap((axis) => {
    const n = named.indexOf(axis)
    return n < 0 ? [0, 0] : [given[n] ?? 0, given[n + named.length] ?? 0]
  })
  return node.result(
    node.emit('pad', [id], { paddings, value: Math.fround(value) }, undefined, node.builder.resultOf(id)),
    order,
  )
}

/** Channels become blocks of pixels; DCR has the block first among them, CRD last. */
const depthToSpace: OperatorRule = (node) => {
  const x = node.image(0)
  const block = node.int('blocksize', 1)
  const [batch = 1, height = 1, width = 1, channels = 1] = node.builder.type(x).shape
  const depth = channels / block ** 2
  if (!Number.isInteger(depth))
    node.reject('bad-shape', `${channels} channels are no multiple of ${block} x ${block}`)
  const isColumnFirst = node.string('mode', 'DCR') === 'CRD'
  const parts = isColumnFirst ? [depth, block, block] : [block, block, depth]
  const perm = isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 1, 3, 2, 4, 5]
  const name = node.outputs[0]
  const quantization = node.builder.resultOf(x)
  const cut = node.emit(
    'reshape',
    [x],
    { shape: [batch, height, width, ...parts] },
    `${name} blocks`,
    quantization,
  )
  const moved = node.emit('transpose', [cut], { perm }, `${name} pixels`, quantization)
  const shape = [batch, height * block, width * block, depth]
  return node.result(node.emit('reshape', [moved], { shape }, undefined, quantization), channelsLast(4))
}

/** Blocks of pixels become channels, the block first among them. */
const spaceToDepth: OperatorRule = (node) => {
  const x = node.image(0)
  const block = node.int('blocksize', 1)
  const [batch = 1, height = 1, width = 1, channels = 1] = node.builder.type(x).shape
  const [rows, columns] = [height / block, width / block]
  if (!Number.isInteger(rows) || !Number.isInteger(columns))
    node.reject('bad-shape', `${height} x ${width} pixels are no multiple of ${block} x ${block}`)
  const name = node.outputs[0]
  const quantization = node.builder.resultOf(x)
  const parts = [batch, rows, block, columns, block, channels]
  const cut = node.emit('reshape', [x], { shape: parts }, `${name} blocks`, quantization)
  const perm = [0, 1, 3, 2, 4, 5]
  const moved = node.emit('transpose', [cut], { perm }, `${name} pixels`, quantization)
  const shape = [batch, rows, columns, block * block * channels]
  return node.result(node.emit('reshape', [moved], { shape }, undefined, quantization), channelsLast(4))
}

/** The shape of a computed value is known. */
const shape: OperatorRule = (node) => {
  const sizes = node.operand(0).shape
  const from = node.int('start', 0)
  const to = node.int('end', sizes.length)
  const part = sizes.slice(from, to)
  return [constant('i64', [part.length], part)]
}

const size: OperatorRule = (node) => [constant('i64', [], [product(node.operand(0).shape)])]

export const SHAPES = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Slice: slice,
  Split: split,
  Gather: gather,
  Pad: pad,
  Tile: tile,
  Expand: expand,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Shape: shape,
  Size: size,
}
