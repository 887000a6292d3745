/** Finds the integers behind weights that were trained as integers times a scale, but are stored as real numbers. */
import { DTYPE_RANGE, type DType } from '../dtype.ts'
import { elementCount } from '../tensor.ts'

export interface IntegerWeights {
  /** The narrowest that holds all integers. */
  readonly dtype: DType
  readonly data: Int8Array
  /** One for each channel; float32(scale * integer) is the real weight, exactly. */
  readonly scale: Float64Array
}

const MAX_MAGNITUDE = 127
/** The largest weight is a float32 product: dividing it gives the scale or one of its neighbours. */
const NEIGHBOURS = 2

/** Undefined if the weights of some channel are not multiples, up to 127, of any scale. `axis` is that of the channels. */
export function integerWeights(
  weights: Float32Array,
  shape: readonly number[],
  axis: number,
): IntegerWeights | undefined {
  const channels = shape[axis] ?? 1
  const inner = elementCount(shape.slice(axis + 1))
  const members: number[][] = Array.from({ length: channels }, () => [])
  for (let i = 0; i < weights.length; i++) members[Math.floor(i / inner) % channels]?.push(i)
  const data = new Int8Array(weights.length)
  const scale = new Float64Array(channels)
  for (const [channel, indices] of members.entries()) {
    const found = scaleOf(weights, indices)
    if (found === undefined) return undefined
    scale[channel] = found
    for (const i of indices) data[i] = Math.round((weights[i] as number) / found)
  }
  return { dtype: narrowest(data), data, scale }
}

/** The largest scale whose multiples are all the weights at `indices`. */
function scaleOf(weights: Float32Array, indices: readonly number[]): number | undefined {
  let largest = 0
  for (const i of indices) largest = Math.max(largest, Math.abs(weights[i] as number))
  if (!Number.isFinite(largest)) return undefined
  if (largest === 0) return 1
  for (let magnitude = 1; magnitude <= MAX_MAGNITUDE; magnitude++) {
    const scale = neighbours(largest / magnitude).find((s) => isScale(s, weights, indices))
    if (scale !== undefined) return scale
  }
  return undefined
}

function isScale(scale: number, weights: Float32Array, indices: readonly number[]): boolean {
  return indices.every((i) => {
    const weight = weights[i] as number
    const integer = Math.round(weight / scale)
    return Math.abs(integer) <= MAX_MAGNITUDE && Math.fround(integer * scale) === weight
  })
}

/** The float32 nearest to a number, and a few on both sides. */
function neighbours(x: number): readonly number[] {
  const bits = new Int32Array(Float32Array.of(x).buffer)
  const center = bits[0] as number
  const around = Array.from({ length: NEIGHBOURS }, (_, n) => [center + n + 1, center - n - 1]).flat()
  return [center, ...around].flatMap((pattern) => {
    const scale = new Float32Array(Int32Array.of(pattern).buffer)[0] as number
    return scale > 0 && Number.isFinite(scale) ? [scale] : []
  })
}

function narrowest(data: Int8Array): DType {
  if (data.every((q) => q === 1 || q === -1)) return 'b1'
  const holds = (dtype: DType) => {
    const [min, max] = DTYPE_RANGE[dtype] ?? [0, 0]
    return data.every((q) => q >= min && q <= max)
  }
  return holds('i2') ? 'i2' : holds('i4') ? 'i4' : 'i8'
}
