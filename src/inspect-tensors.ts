/** What a model's tensors hold: which reals their integers stand for, and how the elements of constants are spread. */
import { DTYPE_RANGE, type DType, packedBytes, type TensorData } from '../ir/dtype.ts'
import type { Graph, Value, ValueId } from '../ir/graph.ts'
import { elementCount, type Quant, type TensorType } from '../ir/tensor.ts'

/** The keys are those of `espalier inspect --json`. */
export interface InspectedTensor {
  readonly name: string
  readonly role: 'input' | 'constant' | 'intermediate' | 'output'
  readonly dtype: string
  readonly shape: readonly number[]
  readonly elements: number
  /** Of the elements, packed. */
  readonly bytes: number
  /** Of tensors whose elements stand for reals. */
  readonly quantization?: InspectedQuantization
  /** Of constants with elements. */
  readonly values?: InspectedValues
}

/** real = scale * (element - zero_point), by one pair for the whole tensor or one for each index along `axis`. */
export interface InspectedQuantization {
  readonly axis?: number
  /** How many pairs there are. */
  readonly channels: number
  /** Smallest and largest of all channels. */
  readonly scale: ValueInterval
  readonly zero_point: ValueInterval
  /** Smallest and largest real that the type can stand for in any channel. */
  readonly range: ValueInterval
}

export interface InspectedValues {
  /** Smallest and largest element, as stored; of floats, among the finite. */
  readonly stored: ValueInterval
  /** Smallest and largest of the reals that the elements stand for; the elements themselves without quantization. */
  readonly real: ValueInterval
  /** Elements that stand for 0. */
  readonly zeros: number
  /** Infinities and NaN, where there are any. */
  readonly not_finite?: number
  readonly histogram: ValueHistogram
}

/**
 * Counts of stored elements in bins of one width: bin k has those from `from + k * w` on and below `from + (k + 1) * w`,
 * with w = (to - from) / bins; the last has `to`, too. Of integers of at most 8 bits it spans the whole type, so that what is
 * unused shows.
 */
export interface ValueHistogram {
  readonly from: number
  readonly to: number
  readonly counts: readonly number[]
}

export type ValueInterval = readonly [low: number, high: number]

const MOST_BINS = 32

/** Every tensor of the graph: inputs, then constants and results in the order in which layers come to them. */
export function inspectTensors(graph: Graph): InspectedTensor[] {
  const order = new Set<ValueId>(graph.inputs)
  for (const { inputs, outputs } of graph.nodes) for (const id of [...inputs, ...outputs]) order.add(id)
  for (const id of graph.values.keys()) order.add(id)
  const inputs = new Set(graph.inputs)
  const outputs = new Set(graph.outputs)
  const role = (id: ValueId, { data }: Value): InspectedTensor['role'] => {
    if (data !== undefined) return 'constant'
    if (inputs.has(id)) return 'input'
    return outputs.has(id) ? 'output' : 'intermediate'
  }
  return [...order].flatMap((id) => {
    const value = graph.values.get(id)
    return value === undefined ? [] : [inspectTensor(id, role(id, value), value)]
  })
}

function inspectTensor(name: string, role: InspectedTensor['role'], { type, data }: Value): InspectedTensor {
  const { dtype, shape, quant } = type
  const elements = elementCount(shape)
  return {
    ...{ name, role, dtype, shape, elements, bytes: packedBytes(dtype, elements) },
    ...(quant === undefined ? {} : { quantization: inspectQuantization(dtype, quant) }),
    ...(data === undefined || data.length === 0 ? {} : { values: inspectValues(type, data) }),
  }
}

function inspectQuantization(dtype: DType, { axis, scale, zeroPoint }: Quant): InspectedQuantization {
  const ends = DTYPE_RANGE[dtype] ?? [0, 0]
  const reals = Array.from(scale, (s, channel) => ends.map((end) => s * (end - (zeroPoint[channel] ?? 0))))
  return {
    ...(axis === undefined ? {} : { axis }),
    channels: scale.length,
    scale: span(scale),
    zero_point: span(zeroPoint),
    range: span(reals.flat()),
  }
}

function inspectValues(type: TensorType, data: TensorData): InspectedValues {
  const { quant, shape } = type
  const axis = quant?.axis
  const inner = axis === undefined ? data.length : elementCount(shape.slice(axis + 1))
  const channels = quant?.scale.length ?? 1
  const stored = new Extremes()
  const real = new Extremes()
  let zeros = 0
  for (let i = 0; i < data.length; i++) {
    const element = Number(data[i])
    if (!Number.isFinite(element)) continue
    const channel = Math.floor(i / inner) % channels
    const value = quant ? (quant.scale[channel] ?? 1) * (element - (quant.zeroPoint[channel] ?? 0)) : element
    stored.add(element)
    real.add(value)
    if (value === 0) zeros++
  }
  const histogram = histogramOf(type.dtype, data, stored.interval())
  const finite = histogram.counts.reduce((sum, count) => sum + count, 0)
  return {
    ...{ stored: stored.interval(), real: real.interval(), zeros },
    ...(finite === data.length ? {} : { not_finite: data.length - finite }),
    histogram,
  }
}

/** Types of at most 8 bits over their whole range, others from their smallest to their largest element. */
function histogramOf(dtype: DType, data: TensorData, found: ValueInterval): ValueHistogram {
  const ends = DTYPE_RANGE[dtype]
  const levels = ends === undefined ? Number.POSITIVE_INFINITY : ends[1] - ends[0] + 1
  const isNarrow = ends !== undefined && levels <= 256
  const [from, last] = isNarrow ? ends : found
  // Integers fill whole bins: the last ends where the next integer would stand.
  const to = isNarrow ? last + 1 : last
  const bins = from === to ? 1 : Math.min(levels, MOST_BINS)
  const counts = new Array<number>(bins).fill(0)
  for (const element of data) {
    const value = Number(element)
    if (!Number.isFinite(value)) continue
    const bin = from === to ? 0 : Math.min(bins - 1, Math.floor(((value - from) / (to - from)) * bins))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return { from, to, counts }
}

class Extremes {
  #low = Number.POSITIVE_INFINITY
  #high = Number.NEGATIVE_INFINITY

  add(value: number): void {
    if (value < this.#low) this.#low = value
    if (value > this.#high) this.#high = value
  }

  /** 0 to 0 where nothing was added. */
  interval(): ValueInterval {
    return this.#low > this.#high ? [0, 0] : [this.#low, this.#high]
  }
}

function span(values: ArrayLike<number>): ValueInterval {
  const extremes = new Extremes()
  for (let i = 0; i < values.length; i++) extremes.add(values[i] ?? 0)
  return extremes.interval()
}
