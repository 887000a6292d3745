/**
 * Random ONNX files that move elements about, and what each computes: by loops over tensors in the file's own order of
 * axes, which know nothing of layouts.
 */
import { type AttributeValue, type FileNode, INT64, onnxFile, port, tensor } from '../onnx-file.ts'

export interface Array {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

/** Gives a whole number below `limit`, the same for the same choices. */
export type Choose = (limit: number) => number

const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)

/** An array by a function of each position. */
function tabulate(shape: readonly number[], f: (position: readonly number[]) => number): Array {
  const position = shape.map(() => 0)
  const data = globalThis.Array.from({ length: count(shape) }, () => {
    const value = f(position)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = (position[axis] ?? 0) + 1
      if (position[axis] !== shape[axis]) break
      position[axis] = 0
    }
    return value
  })
  return { shape, data }
}

/** The element at a position; an axis of size 1 is the same everywhere, and missing axes are the first ones. */
function at({ shape, data }: Array, position: readonly number[]): number {
  const missing = position.length - shape.length
  const index = shape.reduce(
    (sum, size, axis) => sum * size + (size === 1 ? 0 : (position[axis + missing] ?? 0)),
    0,
  )
  return data[index] ?? Number.NaN
}

interface Made {
  readonly name: string
  readonly value: Array
}

const LARGEST = 3000

/** A file under construction: each step reads the latest result, and may read another. */
class Sketch {
  readonly nodes: FileNode[] = []
  readonly initializers: Uint8Array[] = []
  readonly results: Made[] = []
  readonly choose: Choose
  private names = 0

  constructor(choose: Choose, input: Array) {
    this.choose = choose
    this.results.push({ name: 'x', value: input })
  }

  get last(): Made {
    return this.results.at(-1) as Made
  }

  node(
    op: string,
    value: Array,
    attributes: Readonly<Record<string, AttributeValue>> = {},
    ...more: string[]
  ) {
    const name = `v${this.names++}`
    const outputs = op === 'Split' ? [`${name} head`, name] : [name]
    this.nodes.push({ op, inputs: [this.last.name, ...more], outputs, attributes })
    this.results.push({ name, value })
  }

  ints(values: readonly number[]): string {
    const name = `c${this.names++}`
    this.initializers.push(tensor(name, [values.length], values, INT64))
    return name
  }

  reals(shape: readonly number[]): Made {
    const name = `c${this.names++}`
    const data = globalThis.Array.from({ length: count(shape) }, () => this.choose(5) - 2)
    this.initializers.push(tensor(name, shape, data))
    return { name, value: { shape, data } }
  }

  /** One more node, if the latest result allows it. */
  step(): void {
    const { value } = this.last
    const axis = this.choose(value.shape.length)
    const turn = { value, shape: value.shape, rank: value.shape.length, axis, size: value.shape[axis] ?? 1 }
    STEPS[this.choose(STEPS.length)]?.(this, turn)
  }
}

/** The latest result, and an axis of it. */
interface Turn {
  readonly value: Array
  readonly shape: readonly number[]
  readonly rank: number
  readonly axis: number
  readonly size: number
}

type Step = (sketch: Sketch, turn: Turn) => void

const relu: Step = (sketch, { value, shape }) =>
  sketch.node('Relu', { shape, data: value.data.map((v) => Math.max(v, 0)) })

const transpose: Step = (sketch, { value, shape }) => {
  const left = shape.map((_, a) => a)
  const perm = shape.map(() => left.splice(sketch.choose(left.length), 1)[0] ?? 0)
  const source = (p: readonly number[]) => shape.map((_, a) => p[perm.indexOf(a)] ?? 0)
  const moved = perm.map((a) => shape[a] ?? 1)
  sketch.node(
    'Transpose',
    tabulate(moved, (p) => at(value, source(p))),
    { perm },
  )
}

/** An axis is split, or joined with the next. */
const reshape: Step = (sketch, { value, shape, rank, axis, size }) => {
  const divisor = [2, 3, 4].find((d) => size % d === 0 && size > d)
  const splits = divisor !== undefined && rank < 6 && sketch.choose(2) === 0
  if (!splits && axis + 1 === rank) return
  const next = splits
    ? shape.toSpliced(axis, 1, divisor, size / divisor)
    : shape.toSpliced(axis, 2, size * (shape[axis + 1] ?? 1))
  sketch.node('Reshape', { ...value, shape: next }, {}, sketch.ints(next))
}

/** Any other shape of two axes, which cuts through the old ones. */
const recount: Step = (sketch, { value }) => {
  const elements = value.data.length
  const sizes = [2, 3, 4, 6, 8, 12].filter((n) => elements % n === 0)
  if (sizes.length === 0) return
  const first = sizes[sketch.choose(sizes.length)] ?? 1
  const next = [first, elements / first]
  sketch.node('Reshape', { ...value, shape: next }, {}, sketch.ints(next))
}

const flatten: Step = (sketch, { value, shape, rank }) => {
  const cut = sketch.choose(rank + 1)
  const flat = [count(shape.slice(0, cut)), count(shape.slice(cut))]
  sketch.node('Flatten', { ...value, shape: flat }, { axis: cut })
}

const squeeze: Step = (sketch, { value, shape, rank }) => {
  const kept = shape.filter((each) => each !== 1)
  if (kept.length > 0 && kept.length < rank) sketch.node('Squeeze', { ...value, shape: kept })
}

const unsqueeze: Step = (sketch, { value, shape, rank, axis }) => {
  if (rank > 5) return
  sketch.node('Unsqueeze', { ...value, shape: shape.toSpliced(axis, 0, 1) }, {}, sketch.ints([axis]))
}

const concat: Step = (sketch, { value, shape, axis, size }) => {
  if (2 * value.data.length > LARGEST) return
  const y = tabulate(shape.with(axis, 2 * size), (p) => at(value, p.with(axis, (p[axis] ?? 0) % size)))
  sketch.node('Concat', y, { axis }, sketch.last.name)
}

const slice: Step = (sketch, { value, shape, axis, size }) => {
  const isForward = sketch.choose(2) === 0
  const start = isForward ? sketch.choose(size) : size - 1 - sketch.choose(size)
  const step = isForward ? 1 + sketch.choose(2) : -1
  const length = isForward ? Math.ceil((size - start) / step) : start + 1
  const y = tabulate(shape.with(axis, length), (p) => at(value, p.with(axis, start + step * (p[axis] ?? 0))))
  const lists = [[start], [isForward ? size : -size - 1], [axis], [step]]
  sketch.node('Slice', y, {}, ...lists.map((list) => sketch.ints(list)))
}

const addConstant: Step = (sketch, { value, shape, rank }) => {
  const own = shape.slice(sketch.choose(rank)).map((each) => (sketch.choose(2) === 0 ? 1 : each))
  const c = sketch.reals(own)
  const y = tabulate(shape, (p) => at(value, p) + at(c.value, p))
  sketch.node('Add', y, {}, c.name)
}

const subtractEarlier: Step = (sketch, { value, shape, rank }) => {
  const other = sketch.results[sketch.choose(sketch.results.length)] as Made
  const missing = rank - other.value.shape.length
  const fits = other.value.shape.every((each, a) => each === 1 || each === shape[a + missing])
  if (missing < 0 || !fits) return
  const y = tabulate(shape, (p) => at(value, p) - at(other.value, p))
  sketch.node('Sub', y, {}, other.name)
}

const reduceMean: Step = (sketch, { value, shape, rank, axis, size }) => {
  const means = tabulate(shape.with(axis, 1), (p) => {
    let sum = 0
    for (let i = 0; i < size; i++) sum += at(value, p.with(axis, i))
    return sum / size
  })
  const keeps = rank === 1 || sketch.choose(2) === 0
  const kept = keeps ? means.shape : shape.toSpliced(axis, 1)
  sketch.node('ReduceMean', { ...means, shape: kept }, { axes: [axis], keepdims: Number(keeps) })
}

const matMul: Step = (sketch, { value, shape, rank }) => {
  const depth = shape.at(-1) ?? 1
  if (rank < 2 || depth > 64) return
  const w = sketch.reals([depth, 3])
  const y = tabulate(shape.with(-1, 3), (p) => {
    let sum = 0
    for (let k = 0; k < depth; k++) sum += at(value, p.with(-1, k)) * at(w.value, [k, p.at(-1) ?? 0])
    return sum
  })
  sketch.node('MatMul', y, {}, w.name)
}

const conv: Step = (sketch, { value, shape, rank }) => {
  const channels = shape[1] ?? 1
  if (rank !== 4 || channels > 64) return
  const outputs = 2 + sketch.choose(3)
  const w = sketch.reals([outputs, channels, 1, 1])
  const y = tabulate(shape.with(1, outputs), (p) => {
    let sum = 0
    for (let c = 0; c < channels; c++) sum += at(value, p.with(1, c)) * at(w.value, [p[1] ?? 0, c, 0, 0])
    return sum
  })
  sketch.node('Conv', y, {}, w.name)
}

/** The second of two parts. */
const split: Step = (sketch, { value, shape, axis, size }) => {
  if (size < 2) return
  const first = 1 + sketch.choose(size - 1)
  const y = tabulate(shape.with(axis, size - first), (p) => at(value, p.with(axis, first + (p[axis] ?? 0))))
  sketch.node('Split', y, { axis }, sketch.ints([first, size - first]))
}

const depthToSpace: Step = (sketch, { value, shape, rank }) => {
  const [n = 1, c = 1, h = 1, w = 1] = shape
  if (rank !== 4 || c % 4 !== 0) return
  const y = tabulate([n, c / 4, 2 * h, 2 * w], ([b = 0, d = 0, row = 0, column = 0]) => {
    const corner = (row % 2) * 2 + (column % 2)
    return at(value, [b, corner * (c / 4) + d, Math.floor(row / 2), Math.floor(column / 2)])
  })
  sketch.node('DepthToSpace', y, { blocksize: 2 })
}

/** What moves elements stands here more than once. */
const STEPS: readonly Step[] = [
  ...[relu, transpose, transpose, transpose, reshape, reshape, reshape, recount, flatten, squeeze, unsqueeze],
  ...[concat, slice, addConstant, subtractEarlier, reduceMean, matMul, conv, conv, split, depthToSpace],
]

export interface RandomFile {
  readonly bytes: Uint8Array
  readonly input: Array
  /** The graph's outputs: the last result, and one before it. */
  readonly outputs: readonly Array[]
  readonly operators: readonly string[]
}

/** A file of at most `steps` nodes. */
export function randomFile(choose: Choose, steps: number): RandomFile {
  const shape = [1 + choose(2), 1 + choose(6), 1 + choose(4), 1 + choose(4)]
  const input = tabulate(shape, () => choose(9) - 4)
  const sketch = new Sketch(choose, input)
  for (let i = 0; i < steps; i++) sketch.step()
  if (sketch.nodes.length === 0) sketch.node('Relu', { shape, data: input.data.map((v) => Math.max(v, 0)) })
  const [, ...computed] = sketch.results
  const outputs = [...new Set([sketch.last, computed[choose(computed.length)] as Made])]
  const bytes = onnxFile({
    nodes: sketch.nodes,
    inputs: [port('x', shape)],
    outputs: outputs.map(({ name }) => port(name, [])),
    initializers: sketch.initializers,
  })
  return {
    bytes,
    input,
    outputs: outputs.map(({ value }) => value),
    operators: sketch.nodes.map(({ op }) => op),
  }
}
