/**
 * Random inputs of a model, the same for a seed on every machine: xoroshiro128+ (Blackman and Vigna, "Scrambled Linear
 * Pseudorandom Number Generators", 2021), as the package pure-rand has it.
 *
 * Integers are uniform over the whole element type in the first set of inputs, and over a random part of it in each
 * further one: networks saturate where neighbours are alike, and noise never is. Floats likewise, over the range that
 * the next quantization covers and an eighth of it beyond either end; some are the values at which rounding changes and
 * those that no integer can hold. None is NaN.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { must } from '../ir/diagnostic.ts'
import { allocate, DTYPE_RANGE, type TensorData } from '../ir/dtype.ts'
import { consumers, type Graph, typeOf, type ValueId } from '../ir/graph.ts'
import { elementCount } from '../ir/tensor.ts'

type Random = (min: number, max: number) => number

/** Each call gives a new set of inputs, in the model's order. `seed` is an integer of 32 bits. */
export function randomInputs(graph: Graph, seed: number): () => readonly TensorData[] {
  const generator = xoroshiro128plus(seed)
  const random: Random = (min, max) => uniformInt(generator, min, max)
  const ports = graph.inputs.map((id) => ({ type: typeOf(graph, id), reals: realsOf(graph, id) }))
  let isFirst = true
  return () => {
    const inputs = ports.map(({ type, reals }) => {
      const data = allocate(type.dtype, elementCount(type.shape))
      if (type.dtype === 'f32') fillReals(data, random, reals, isFirst)
      else fillIntegers(data, random, must(DTYPE_RANGE[type.dtype] ?? DTYPE_RANGE.i32, 'range'), isFirst)
      return data
    })
    isFirst = false
    return inputs
  }
}

type Range = readonly [min: number, max: number]

function fillIntegers(data: TensorData, random: Random, whole: Range, isFirst: boolean): void {
  const [min, max] = isFirst ? whole : partOf(whole, random)
  const isSign = whole[0] === -1 && whole[1] === 1
  for (let i = 0; i < data.length; i++) {
    const value = isSign ? 2 * random(0, 1) - 1 : random(min, max)
    data[i] = data instanceof BigInt64Array ? BigInt(value) : value
  }
}

function partOf([min, max]: Range, random: Random): Range {
  const ends = [random(min, max), random(min, max)] as const
  return [Math.min(...ends), Math.max(...ends)]
}

/** The real values of an input that matter. */
interface Reals {
  readonly range: Range
  /** Distance of neighbouring integers. */
  readonly step: number
}

/** Where nothing says what a float input holds. */
const UNKNOWN: Reals = { range: [-8, 8], step: 1 / 16 }

function realsOf(graph: Graph, id: ValueId): Reals {
  const quantize = consumers(graph)
    .get(id)
    ?.find(({ op }) => op === 'quantize')
  if (quantize === undefined) return UNKNOWN
  const { dtype, quant } = typeOf(graph, must(quantize.outputs[0], 'result'))
  const [min, max] = must(DTYPE_RANGE[dtype], 'range')
  const scale = must(quant?.scale[0], 'scale')
  const zeroPoint = must(quant?.zeroPoint[0], 'zero point')
  return { range: [(min - zeroPoint) * scale, (max - zeroPoint) * scale], step: scale }
}

const FINENESS = 2 ** 24
const LARGEST_FLOAT = (2 - 2 ** -23) * 2 ** 127
/** One value of so many is a special one. */
const SPECIAL = 16

function fillReals(data: TensorData, random: Random, { range, step }: Reals, isFirst: boolean): void {
  const beyond = (range[1] - range[0]) / 8
  const [low, high] = isFirst ? [0, FINENESS] : partOf([0, FINENESS], random)
  const real = () => {
    const share = random(low, high) / FINENESS
    return range[0] - beyond + share * (range[1] - range[0] + 2 * beyond)
  }
  const special = [
    () => (Math.round(real() / step) + 0.5) * step,
    () => Math.round(real() / step) * step,
    () => (random(0, 1) === 0 ? 0 : -0),
    () => (random(0, 1) === 0 ? LARGEST_FLOAT : -LARGEST_FLOAT),
  ]
  for (let i = 0; i < data.length; i++) {
    const kind = special[random(0, special.length * SPECIAL - 1)]
    data[i] = kind === undefined ? real() : kind()
  }
}
