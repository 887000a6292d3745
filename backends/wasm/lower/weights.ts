/** Weights, biases and requantization of a layer in the order in which its kernel reads them. */
import type { ChannelRequant } from '../../../ir/arith/requant.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import { floatRequant, type SumRange } from '../float-requant.ts'
import type { Epilogue, ExactChannel } from '../kernels/epilogue.ts'
import { scalingWords } from '../kernels/exact.ts'
import type { Place } from '../storage.ts'
import {
  eachBlock,
  FILE_VECTOR_BYTES,
  PARAMETER_BYTES,
  type SparseBlocks,
  weightBlocks,
  weightBytes,
} from '../weight-blocks.ts'
import type { Lowering } from './lowering.ts'

/** A layer's weights as its kernel sees them. */
export interface LayerWeights {
  readonly channels: number
  /** Input bytes of a window, a multiple of 4; those that are padding have zero weights. */
  readonly depth: number
  /** The weight of an output channel and an input byte of the window. */
  readonly weight: (channel: number, k: number) => number
  readonly bias: TensorData | undefined
  readonly requant: ChannelRequant
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
  const { channels, depth, vectors, requant, sparse } = layer
  const { form, exact, shift, words } = requantization(layer)
  const blocks = weightBlocks(channels, vectors, depth / 4, sparse)
  const bytes = new Uint8Array(weightBytes(blocks, FILE_VECTOR_BYTES))
  const view = new DataView(bytes.buffer)
  let at = 0
  eachBlock(blocks).forEach((block, n) => {
    const first = n * vectors
    for (let v = 0; v < block.vectors; v++, at += PARAMETER_BYTES) {
      for (let lane = 0; lane < 4; lane++) {
        const channel = 4 * (first + v) + lane
        if (channel >= channels) continue
        const [scale, offset] = words(channel)
        view.setInt32(at + 4 * lane, startSum(layer, channel) + shift(channel), true)
        view.setInt32(at + 16 + 4 * lane, scale, true)
        view.setInt32(at + 32 + 4 * lane, offset, true)
      }
    }
    for (const four of block.fours) {
      for (let v = 0; v < block.vectors; v++) {
        for (let lane = 0; lane < 4; lane++) {
          const channel = 4 * (first + v) + lane
          for (let k = 4 * four; k < 4 * four + 4; k++, at++) {
            if (channel < channels) view.setInt8(at, layer.weight(channel, k))
          }
        }
      }
    }
  })
  const weights = lowering.layerWeights(bytes, blocks, name, index)
  const { outputZeroPoint: zeroPoint, min, max } = requant
  return { weights, epilogue: { form, zeroPoint, min, max }, exact }
}

/** The bias less zeroPoint * sum of the weights: int32, wrapping, as sums do. */
function startSum({ depth, weight, bias, requant }: LayerWeights, channel: number): number {
  let sum = 0
  for (let k = 0; k < depth; k++) sum += weight(channel, k)
  return (Number(bias?.[channel] ?? 0) - Math.imul(requant.inputZeroPoint, sum)) | 0
}

/** The smallest and largest sum of each channel over all inputs. */
function sumRange({ channels, depth, weight, bias, requant }: LayerWeights): SumRange {
  const min = new Float64Array(channels)
  const max = new Float64Array(channels)
  const lowest = -128 - requant.inputZeroPoint
  const highest = 127 - requant.inputZeroPoint
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
function requantization(layer: LayerWeights): Requantization {
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
