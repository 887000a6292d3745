/**
 * Arrays given by the user, turned into what a model is run on.
 *
 * The first axis of an array is the samples. The model's own leading 1 may be left out: an input `i8[1,28,28,1]` takes
 * arrays of [N,28,28,1] as well as of [N,1,28,28,1]. A model made for a batch of B > 1 takes [N,B,...], or [N*B,...],
 * whose samples it is given B at a time. An array of the input's own element type is used as it is; any other holds
 * real values (see real-values.ts).
 */
import { attempt, type Diagnostic, fail, must, nearest, type Result } from '../../ir/diagnostic.ts'
import type { TensorData } from '../../ir/dtype.ts'
import { elementCount } from '../../ir/tensor.ts'
import type { NpyArray, NpyData } from './npy.ts'
import { type Port, typeText } from './port.ts'
import { isScaling, realValues, requireFinite, type Scaling, toInputType } from './real-values.ts'

export type DataLayout = 'nhwc' | 'nchw'

export interface FeedOptions extends Scaling {
  /** What the array is, where the model's input differs from it. */
  readonly dataLayout?: DataLayout
  readonly warn?: (diagnostic: Diagnostic) => void
}

/** One array given for an input. Without a name it belongs to the model's only input. */
export interface GivenArray {
  readonly name?: string
  readonly file: string
  readonly array: NpyArray
}

export interface Feed {
  /** How often the model has to be run. */
  readonly runs: number
  /** Samples of one run: 1, or the model's batch where samples are given to it B at a time. */
  readonly samplesPerRun: number
  /** The inputs of one run in the model's order; each holds as many elements as the input's type says. */
  readonly inputs: (run: number) => readonly TensorData[]
}

interface Fitted {
  readonly port: Port
  readonly file: string
  readonly data: TensorData
  readonly runs: number
  readonly samplesPerRun: number
}

/** Fits the given arrays to the model's inputs; diagnostics `input/...`. */
export function feed(
  ports: readonly Port[],
  given: readonly GivenArray[],
  options: FeedOptions = {},
): Result<Feed> {
  return attempt(() => {
    const fitted = assign(ports, given).map(([port, array]) => fitInput(port, array, options))
    const first = must(fitted[0], 'a model has an input')
    const other = fitted.find((f) => f.runs !== first.runs || f.samplesPerRun !== first.samplesPerRun)
    if (other !== undefined) {
      fail({
        code: 'input/sample-count',
        message: `input '${first.port.name}' is given ${first.runs * first.samplesPerRun} samples, input '${other.port.name}' ${other.runs * other.samplesPerRun}`,
        span: { file: other.file },
        hint: 'give every input the same number of samples along the first axis',
      })
    }
    return {
      runs: first.runs,
      samplesPerRun: first.samplesPerRun,
      inputs: (run) =>
        fitted.map(({ port, data }) => {
          const size = elementCount(port.type.shape)
          return data.subarray(run * size, (run + 1) * size)
        }),
    }
  })
}

/** Which array belongs to which input: by name, or where names say nothing, by order. */
function assign(ports: readonly Port[], given: readonly GivenArray[]): [Port, GivenArray][] {
  const names = ports.map((port) => port.name)
  // numpy.savez names arrays arr_0, arr_1, ... when it is given none.
  const positional = given.every(
    ({ name }, i) => name === undefined || (name === `arr_${i}` && !names.includes(name)),
  )
  if (positional && given.length === ports.length) {
    return ports.map((port, i) => [port, must(given[i], 'array')])
  }
  const unnamed = given.find(({ name }) => name === undefined)
  if (unnamed !== undefined) {
    fail({
      code: 'input/unnamed',
      message: `the model has ${ports.length} inputs (${quoted(names)}), and ${given.length} array${given.length === 1 ? ' is' : 's are'} given, not all by name`,
      span: { file: unnamed.file },
      hint: 'give a .npz whose keys are the names, or repeat --input NAME=X.npy',
    })
  }
  for (const { name, file } of given) {
    if (name === undefined || names.includes(name)) continue
    const near = nearest(name, names)
    fail({
      code: 'input/unknown',
      message: `the model has no input '${name}'`,
      span: { file },
      notes: [`its inputs are ${quoted(names)}`],
      hint: near === undefined ? "use one of the model's input names" : `did you mean '${near}'?`,
    })
  }
  return ports.map((port) => {
    const mine = given.filter(({ name }) => name === port.name)
    const [array] = mine
    if (array === undefined || mine.length > 1) {
      return fail({
        code: array === undefined ? 'input/missing' : 'input/twice',
        message: `input '${port.name}' is given ${array === undefined ? 'no array' : `${mine.length} arrays`}`,
        ...(array === undefined ? {} : { span: { file: array.file } }),
        hint: `give it one: --input '${port.name}=X.npy', or that key in a .npz`,
      })
    }
    return [port, array]
  })
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}

function fitInput(port: Port, given: GivenArray, options: FeedOptions): Fitted {
  const { array, file } = given
  const arrangement = arrange(port, given, options.dataLayout)
  const { runs, samplesPerRun, permutation } = arrangement
  const reorder = (data: NpyData) => (permutation ? permute(data, array.shape, permutation) : data)
  const warn = options.warn ?? (() => {})
  if (array.dtype === port.type.dtype && array.dtype !== 'f32') {
    if (isScaling(options)) {
      warn({
        code: 'input/scale-unused',
        severity: 'warning',
        message: `the array has the type of input '${port.name}', ${array.dtype}, and is used as it is: --scale, --mean and --std do nothing`,
        span: { file },
        hint: 'leave them out, or give the real values as a float array',
      })
    }
    return { port, file, data: reorder(array.data) as TensorData, runs, samplesPerRun }
  }
  if (array.dtype === 'f32' && port.type.dtype === 'f32' && !isScaling(options)) {
    requireFinite(array, file)
    return { port, file, data: reorder(array.data) as TensorData, runs, samplesPerRun }
  }
  const real = realValues(array, options, channelAxis(given, options), file)
  const data = toInputType(reorder(real) as Float32Array, port, file, warn)
  return { port, file, data, runs, samplesPerRun }
}

interface Arrangement {
  readonly runs: number
  readonly samplesPerRun: number
  /** How the array's axes have to be reordered first. */
  readonly permutation?: readonly number[]
}

/** How the array's shape covers the input's: as it is, or in the other image layout. */
function arrange(port: Port, given: GivenArray, layout: DataLayout | undefined): Arrangement {
  const { shape } = given.array
  const direct = cover(port.type.shape, shape)
  const permutation = layout === undefined ? undefined : otherLayout(layout, shape.length)
  const permuted =
    permutation &&
    cover(
      port.type.shape,
      permutation.map((axis) => must(shape[axis], 'axis')),
    )
  if (direct !== undefined && permuted !== undefined) {
    fail({
      code: 'input/layout-ambiguous',
      message: `${typeText(given.array.dtype, shape)} fits input '${port.name}' in both layouts`,
      span: { file: given.file },
      hint: "leave --data-layout out and give the array in the model's own layout",
    })
  }
  const found =
    direct ??
    (permuted && { ...permuted, permutation: must(permutation, 'permutation') }) ??
    coverGray(port.type.shape, shape)
  if (found === undefined) return wrongShape(port, given)
  if (found.runs === 0) {
    fail({
      code: 'input/no-samples',
      message: `the array ${typeText(given.array.dtype, shape)} for input '${port.name}' holds no sample`,
      span: { file: given.file },
      hint: 'give at least one sample along the first axis',
    })
  }
  return found
}

/** How an array shape covers a model shape, if it does. */
function cover(model: readonly number[], array: readonly number[]): Arrangement | undefined {
  const [samples, ...rest] = array
  if (samples === undefined) return undefined
  if (sameShape(rest, model)) return { runs: samples, samplesPerRun: 1 }
  const [batch, ...item] = model
  if (batch === undefined || batch === 0 || samples % batch !== 0 || !sameShape(rest, item)) return undefined
  return { runs: samples / batch, samplesPerRun: batch }
}

/** A gray image's one channel may be left out, or stand first or last: it orders no elements. */
function coverGray(model: readonly number[], array: readonly number[]): Arrangement | undefined {
  if (model.length !== 4) return undefined
  const gray = (shape: readonly number[]) =>
    shape.length === 3
      ? [shape]
      : [1, 3].flatMap((axis) => (shape[axis] === 1 ? [shape.toSpliced(axis, 1)] : []))
  const images = gray(array).filter((shape) => shape.length === 3)
  const candidates = gray(model).flatMap((wanted) => images.map((image) => cover(wanted, image)))
  return candidates.find((found) => found !== undefined)
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i])
}

/** The permutation from the array's layout to the other one; the last three axes are the image. */
function otherLayout(layout: DataLayout, rank: number): readonly number[] | undefined {
  if (rank < 4) return undefined
  const axes = Array.from({ length: rank }, (_, axis) => axis)
  const [a, b, c] = axes.splice(-3) as [number, number, number]
  return layout === 'nhwc' ? [...axes, c, a, b] : [...axes, b, c, a]
}

/** The array's axis that --mean and --std run along. */
function channelAxis({ array, file }: GivenArray, options: FeedOptions): number {
  const counts = [options.mean?.length ?? 1, options.std?.length ?? 1].filter((count) => count > 1)
  const last = array.shape.length - 1
  const [count] = counts
  if (count === undefined) return last
  const first = last - 2
  let candidates = [last, first]
  if (options.dataLayout !== undefined) candidates = options.dataLayout === 'nhwc' ? [last] : [first]
  const axis = candidates.find((a) => counts.every((n) => n === array.shape[a]))
  if (axis !== undefined) return axis
  return fail({
    code: 'input/channel-count',
    message: `--mean and --std hold ${counts.join(' and ')} values, but the array ${typeText(array.dtype, array.shape)} has ${candidates.map((a) => array.shape[a] ?? 'no').join(' or ')} channels`,
    span: { file },
    hint: 'give one value, or one for each channel; --data-layout says which axis the channels are',
  })
}

function permute(data: NpyData, shape: readonly number[], permutation: readonly number[]): NpyData {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)))
  const sizes = permutation.map((axis) => must(shape[axis], 'axis'))
  const steps = permutation.map((axis) => must(strides[axis], 'axis'))
  const out = data.slice()
  let to = 0
  const walk = (axis: number, from: number): void => {
    const size = must(sizes[axis], 'axis')
    const step = must(steps[axis], 'axis')
    for (let i = 0; i < size; i++) {
      if (axis + 1 < sizes.length) walk(axis + 1, from + i * step)
      else out[to++] = data[from + i * step] as never
    }
  }
  walk(0, 0)
  return out
}

function wrongShape(port: Port, { array, file }: GivenArray): never {
  const model = port.type.shape
  const item = model[0] === 1 ? model.slice(1) : model
  const other = (['nhwc', 'nchw'] as const).find((layout) => {
    const permutation = otherLayout(layout, array.shape.length)
    return (
      permutation &&
      cover(
        model,
        permutation.map((axis) => must(array.shape[axis], 'axis')),
      )
    )
  })
  const sampleElements = elementCount(item)
  let hint = `an array of shape [${['N', ...item].join(',')}] would fit, N being the number of samples`
  if (other !== undefined) hint = `the array seems to be ${other}: add --data-layout ${other}`
  else if (sameShape(array.shape, item))
    hint = 'the first axis must be the samples: save array[numpy.newaxis]'
  else if (array.data.length > 0 && array.data.length % sampleElements === 0) {
    hint = `it holds ${array.data.length / sampleElements} samples' worth of values: save array.reshape(${[-1, ...item].join(', ')})`
  }
  return fail({
    code: 'input/shape',
    message: `the array is ${typeText(array.dtype, array.shape)}, input '${port.name}' takes ${typeText(port.type.dtype, model)}`,
    span: { file },
    notes: [
      `shapes that fit: [${['N', ...item].join(',')}]${item === model ? '' : ` or [${['N', ...model].join(',')}]`}`,
    ],
    hint,
  })
}
