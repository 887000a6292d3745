/** Weights, biases and requantization of a layer in the order in which its kernel reads them. */
import type { ChannelRequant } from '../../../ir/arith/requant.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import { floatRequant, type SumRange } from '../float-requant.ts'
import { type FloatStaircase, floatStaircase, thresholdsOfWords } from '../float-staircase.ts'
import { type Epilogue, type ExactChannel, parameterBytes, type Staircase } from '../kernels/epilogue.ts'
import { scalingWords } from '../kernels/exact.ts'
import type { Place } from '../storage.ts'
import {
  eachBlock,
  FILE_VECTOR_BYTES,
  fileVectorBytes,
  PACKED_BITS,
  type PackedBits,
  type SparseBlocks,
  weightBlocks,
  weightBytes,
} from '../weight-blocks.ts'
import type { Lowering } from './lowering.ts'

/** What becomes of a layer's sums. */
export interface LayerSums {
  readonly channels: number
  /** Elements of a window, those that are padding included, which have zero weights. */
  readonly depth: number
  /** The weight of an output channel and an element of the window. */
  readonly weight: (channel: number, k: number) => number
  readonly bias: TensorData | undefined
  readonly requant: ChannelRequant
  /** The smallest and the largest input element. */
  readonly inputRange: readonly [min: number, max: number]
  /** Where they go through thresholds at once. */
  readonly staircase?: LayerStaircase
}

export interface LayerStaircase {
  readonly form: Staircase
  /** The output's element that reaches no threshold. */
  readonly min: number
  /** Of each channel, as `thresholdWords` gives them. */
  readonly words: (channel: number) => readonly number[]
}

/** A layer's weights as its kernel sees them; the depth is a multiple of 4. */
export interface LayerWeights extends LayerSums {
  /** Vectors of four channels in a block. */
  readonly vectors: number
  readonly sparse?: SparseBlocks
}

export interface PackedLayer {
  readonly weights: Place
  readonly epilogue: Epilogue
  readonly exact: readonly ExactChannel[]
}

/**
 * Puts a layer's weights into the weights file; arranges that biases fit each variant's stored inputs. `index` is where
 * the index of sparse weights is.
 */
export function packLayer(lowering: Lowering, layer: LayerWeights, name: string, index?: Place): PackedLayer {
  const { channels, depth, vectors, sparse } = layer
  const { epilogue, exact, words } = layerParameters(layer)
  const blocks = weightBlocks(channels, vectors, depth / 4, parameterBytes(epilogue.form), sparse)
  const bits = bitsOf(layer)
  const vectorBytes = fileVectorBytes(bits)
  const bytes = new Uint8Array(weightBytes(blocks, vectorBytes))
  const view = new DataView(bytes.buffer)
  let at = 0
  eachBlock(blocks).forEach((block, n) => {
    const first = n * vectors
    for (let v = 0; v < block.vectors; v++) {
      writeParameters(view, at, channels, 4 * (first + v), words)
      at += blocks.parameters
    }
    for (const four of block.fours) {
      for (let v = 0; v < block.vectors; v++) {
        for (let n = 0; n < FILE_VECTOR_BYTES; n++) {
          const channel = 4 * (first + v) + Math.floor(n / 4)
          if (channel >= channels) continue
          const weight = layer.weight(channel, 4 * four + (n % 4))
          // Packed as kernels/unpack-weights.ts has it.
          const byte = at + (n % vectorBytes)
          const field = (weight & (2 ** bits - 1)) << (bits * Math.floor(n / vectorBytes))
          bytes[byte] = (bytes[byte] ?? 0) | field
        }
        at += vectorBytes
      }
    }
  })
  return { weights: lowering.layerWeights({ bytes, blocks, bits, name, index }), epilogue, exact }
}

/** The fewest bits that hold every weight. */
function bitsOf({ channels, depth, weight }: LayerSums): PackedBits | 8 {
  let [least, largest] = [0, 0]
  for (let channel = 0; channel < channels; channel++) {
    for (let k = 0; k < depth; k++) {
      least = Math.min(least, weight(channel, k))
      largest = Math.max(largest, weight(channel, k))
    }
  }
  return PACKED_BITS.find((bits) => least >= -(2 ** (bits - 1)) && largest < 2 ** (bits - 1)) ?? 8
}

/** The parameters of the four channels from `first` on, as far as they exist. */
export function writeParameters(
  view: DataView,
  at: number,
  channels: number,
  first: number,
  words: (channel: number) => readonly number[],
): void {
  for (let lane = 0; lane < 4 && first + lane < channels; lane++) {
    words(first + lane).forEach((word, n) => {
      view.setInt32(at + 16 * n + 4 * lane, word, true)
    })
  }
}

/** What epilogue a layer gets, and each channel's parameters for it, as 32-bit words. */
export function layerParameters(layer: LayerSums): {
  readonly epilogue: Epilogue
  readonly exact: readonly ExactChannel[]
  readonly words: (channel: number) => readonly number[]
} {
  const { staircase, requant } = layer
  const line = staircase && straightStaircase(layer, staircase)
  if (line !== undefined) return line
  if (staircase !== undefined) {
    return {
      epilogue: { form: staircase.form, zeroPoint: staircase.min, min: -128, max: 127 },
      exact: [],
      words: (channel) => [startSum(layer, channel), ...staircase.words(channel)],
    }
  }
  const { outputZeroPoint: zeroPoint, min, max } = requant
  if (requant.rule === 'none') {
    return {
      epilogue: { form: 'sums', zeroPoint, min, max },
      exact: [],
      words: (channel) => [startSum(layer, channel)],
    }
  }
  const { form, exact, shift, words } = requantization(layer)
  return {
    epilogue: { form, zeroPoint, min, max },
    exact,
    words: (channel) => [startSum(layer, channel) + shift(channel), ...words(channel)],
  }
}

/** Fewer thresholds are compared with as fast as a product is made. */
const LEAST_STEPS = 3

/** Thresholds by products of float32, where that is possible for every channel. */
function straightStaircase(
  layer: LayerSums,
  { form, min, words }: LayerStaircase,
): ReturnType<typeof layerParameters> | undefined {
  const steps = form === 'signs' || form === 'bits' ? 1 : Number(form.slice('thresholds '.length))
  if (steps < LEAST_STEPS) return undefined
  const range = sumRange(layer)
  const lines: FloatStaircase[] = []
  for (let channel = 0; channel < layer.channels; channel++) {
    const { isTurned, thresholds } = thresholdsOfWords(words(channel))
    const [least, largest] = [must(range.min[channel], 'sum'), must(range.max[channel], 'sum')]
    const line = isTurned
      ? floatStaircase(thresholds, -largest, -least)
      : floatStaircase(thresholds, least, largest)
    if (line === undefined) return undefined
    lines.push(isTurned ? { ...line, scale: -line.scale } : line)
  }
  return {
    epilogue: { form: 'floor', zeroPoint: min, min, max: min + steps },
    exact: [],
    words: (channel) => {
      const { scale, offset } = must(lines[channel], 'a line')
      return [startSum(layer, channel), floatBits(scale), floatBits(offset)]
    },
  }
}

/** The bias less zeroPoint * sum of the weights: int32, wrapping, as sums do. */
function startSum({ depth, weight, bias, requant }: LayerSums, channel: number): number {
  let sum = 0
  for (let k = 0; k < depth; k++) sum += weight(channel, k)
  return (Number(bias?.[channel] ?? 0) - Math.imul(requant.inputZeroPoint, sum)) | 0
}

/** The smallest and largest sum of each channel over all inputs. */
function sumRange({ channels, depth, weight, bias, requant, inputRange }: LayerSums): SumRange {
  const min = new Float64Array(channels)
  const max = new Float64Array(channels)
  const lowest = inputRange[0] - requant.inputZeroPoint
  const highest = inputRange[1] - requant.inputZeroPoint
  for (let c = 0; c < channels; c++) {
    let low = Number(bias?.[c] ?? 0)
    let high = low
    for (let k = 0; k < depth; k++) {
      const w = weight(c, k)
      low += w > 0 ? w * lowest : w * highest
      high += w > 0 ? w * highest : w * lowest
    }
    min[c] = low
    max[c] = high
  }
  return { min, max }
}

interface Requantization {
  readonly form: Epilogue['form']
  readonly exact: readonly ExactChannel[]
  /** Of a channel: what its bias grows by, and its two words of parameters. */
  readonly shift: (channel: number) => number
  readonly words: (channel: number) => readonly [number, number]
}

/** By float32, some channels by the integer rule; where those are many, all of them. */
function requantization(layer: LayerSums): Requantization {
  const { rule, factor, multiplier, shift } = layer.requant
  const { solved, unsolved } = floatRequant(layer.requant, sumRange(layer))
  const exactChannel = (channel: number): ExactChannel => ({
    channel,
    rule,
    factor: must(factor[channel], 'factor'),
    multiplier: must(multiplier[channel], 'multiplier'),
    shift: must(shift[channel], 'shift'),
  })
  if (unsolved.length > MOST_EXACT_CHANNELS) {
    const words = (channel: number) => scalingWords(exactChannel(channel))
    return { form: `integer ${rule}`, exact: [], shift: () => 0, words }
  }
  return {
    form: solved.form,
    exact: unsolved.map(exactChannel),
    shift: (channel) => must(solved.shift[channel], 'shift'),
    words: (channel) => [floatBits(solved.scale[channel]), floatBits(solved.offset[channel])],
  }
}

/** Each is code of its own. */
const MOST_EXACT_CHANNELS = 16

function floatBits(value: number | undefined): number {
  return must(new Int32Array(Float32Array.of(must(value, 'parameter')).buffer)[0], 'bits')
}
