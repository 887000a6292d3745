/** Rules of convolutions and fully connected layers of -1 and +1: their products are counted as bits. */
import { type ChannelRequant, convRequant, fullyConnectedRequant } from '../../../ir/arith/requant.ts'
import type { Arithmetic } from '../../../ir/arith/rounding.ts'
import type { Activation } from '../../../ir/arith/saturate.ts'
import { must } from '../../../ir/diagnostic.ts'
import type { TensorData } from '../../../ir/dtype.ts'
import type { Node } from '../../../ir/graph.ts'
import { nhwc, withDefaults } from '../../../ir/ops/define.ts'
import { OPS } from '../../../ir/ops/registry.ts'
import { elementCount } from '../../../ir/tensor.ts'
import { range } from '../codegen/range.ts'
import { bitWords, WORD_BYTES, windowWords, wordBits } from '../kernels/bit-products.ts'
import { convolutionKernel } from '../kernels/convolution.ts'
import { parameterBytes } from '../kernels/epilogue.ts'
import { bitBytes } from '../kernels/pack-bits.ts'
import { at, isContiguous } from '../storage.ts'
import { channelsOf, eachImage, macsOf, result, windowAttrs } from './layers.ts'
import type { Lowering } from './lowering.ts'
import type { Geometry, Product } from './products.ts'
import { type LayerSums, layerParameters, writeParameters } from './weights.ts'

/** Vectors of four channels in a block: the counts of eight channels fit into registers. */
const BLOCK_VECTORS = 2

export function binaryConv2d(node: Node, lowering: Lowering): void {
  const [xId, wId, biasId] = node.inputs
  const x = lowering.bits(must(xId, 'x'), node)
  const { y, sumsType, staircase } = result(node, lowering, 'bits')
  const wType = lowering.type(must(wId, 'w'))
  const [, kernelHeight, kernelWidth, groupChannels] = nhwc(wType, 'w')
  const [, height, width, channels] = nhwc(x.type, 'x')
  const [, outputHeight, outputWidth, outputs] = nhwc(y.type, 'y')
  const attrs = windowAttrs(node)
  const groups = channels / groupChannels
  const groupOutputs = outputs / groups
  const weights = must(lowering.constant(wId), 'constant weights')
  const bias = lowering.constant(biasId)
  const biasType = biasId === undefined ? undefined : lowering.type(biasId)
  const requant = convRequant(x.type, wType, sumsType, attrs.activation, biasType, attrs.arithmetic)
  const isDense = attrs.dilationX === 1 && groups === 1
  const runs = isDense ? 1 : kernelWidth
  const isPointwise = kernelHeight * kernelWidth * attrs.strideX * attrs.strideY === 1 && isContiguous(y)
  const pixel = bitBytes(channels)
  const outputPixel = y.rowBytes / outputWidth
  for (let g = 0; g < groups; g++) {
    const firstOutput = g * groupOutputs
    const { kernel, weights: places } = binaryProduct(
      lowering,
      sumsOf(
        weights,
        firstOutput,
        groupOutputs,
        kernelHeight * kernelWidth * groupChannels,
        bias?.slice(firstOutput, firstOutput + groupOutputs),
        channelsOf(requant, firstOutput, groupOutputs),
        staircase?.(firstOutput),
      ),
      groupChannels,
      {
        rows: isPointwise ? 1 : outputHeight,
        columns: isPointwise ? height * width : outputWidth,
        inputColumn: attrs.strideX * pixel,
        inputRow: attrs.strideY * x.rowPitch,
        outputColumn: outputPixel,
        outputRow: y.rowPitch,
        outer: { count: kernelHeight, step: attrs.dilationY * x.rowPitch },
        inner: { count: runs, step: attrs.dilationX * pixel },
        bytes: (isDense ? kernelWidth : 1) * bitBytes(groupChannels),
      },
    )
    const window = at(x.place, g * bitBytes(groupChannels))
    const output = at(y.place, (firstOutput * outputPixel) / outputs)
    eachImage(node, lowering, x, y, kernel, window, output, places, groups)
  }
}

export function binaryFullyConnected(node: Node, lowering: Lowering): void {
  const [xId, wId, biasId] = node.inputs
  const wType = lowering.type(must(wId, 'w'))
  const [outputs = 0, depth = 0] = wType.shape
  const x = lowering.bits(must(xId, 'x'), node, depth)
  const { y, sumsType, staircase, finish } = result(node, lowering, 'bits')
  const { activation, arithmetic } = withDefaults(OPS.fully_connected.attrs, node.attrs)
  const biasType = biasId === undefined ? undefined : lowering.type(biasId)
  const columns = elementCount(x.type.shape) / depth
  const requant = fullyConnectedRequant(
    x.type,
    wType,
    sumsType,
    activation as Activation,
    biasType,
    arithmetic as Arithmetic,
  )
  const weights = must(lowering.constant(wId), 'constant weights')
  const { kernel, weights: places } = binaryProduct(
    lowering,
    sumsOf(weights, 0, outputs, depth, lowering.constant(biasId), requant, staircase?.(0)),
    depth,
    {
      rows: 1,
      columns,
      inputColumn: bitBytes(depth),
      inputRow: 0,
      outputColumn: (y.images * y.rows * y.rowBytes) / columns,
      outputRow: 0,
      outer: { count: 1, step: 0 },
      inner: { count: 1, step: 0 },
      bytes: bitBytes(depth),
    },
  )
  lowering.step(node, kernel, [x.place, y.place, ...places], macsOf(node, lowering))
  finish()
}

function sumsOf(
  weights: TensorData,
  firstOutput: number,
  channels: number,
  depth: number,
  bias: TensorData | undefined,
  requant: ChannelRequant,
  staircase: LayerSums['staircase'],
): LayerSums {
  return {
    channels,
    depth,
    weight: (channel, k) => Number(weights[(firstOutput + channel) * depth + k]),
    bias,
    requant,
    inputRange: [-1, 1],
    ...(staircase && { staircase }),
  }
}

/** The kernel, and its weights in the weights file. The window's elements are pixels of `pixelChannels` channels. */
function binaryProduct(
  lowering: Lowering,
  layer: LayerSums,
  pixelChannels: number,
  geometry: Geometry,
): Product {
  const { channels, depth, weight } = layer
  const { epilogue, exact, words } = layerParameters(layer)
  const vectors = Math.min(BLOCK_VECTORS, Math.ceil(channels / 4))
  const total = Math.ceil(channels / 4)
  const parameters = parameterBytes(epilogue.form)
  const count = windowWords(geometry)
  const bytes = new Uint8Array(total * (parameters + 4 * WORD_BYTES * count))
  const view = new DataView(bytes.buffer)
  let offset = 0
  for (let first = 0; first < total; first += vectors) {
    const own = Math.min(vectors, total - first)
    for (let v = 0; v < own; v++, offset += parameters) {
      writeParameters(view, offset, channels, 4 * (first + v), (channel) => {
        const [start = 0, ...others] = words(channel)
        const own = [start + depth, ...others]
        return epilogue.form === 'bits' ? bitWords(own) : own
      })
    }
    for (let word = 0; word < count; word++) {
      for (let channel = 4 * first; channel < 4 * (first + own); channel++, offset += WORD_BYTES) {
        if (channel < channels)
          writeWord(bytes, offset, geometry, word, pixelChannels, (k) => weight(channel, k))
      }
    }
  }
  const kernel = convolutionKernel({ ...geometry, elements: 'bits', channels, vectors, epilogue, exact })
  return { kernel, weights: [lowering.weights(bytes)] }
}

/** A channel's bits that meet a word of the window: 1 for +1. */
function writeWord(
  bytes: Uint8Array,
  offset: number,
  geometry: Geometry,
  word: number,
  pixelChannels: number,
  weight: (k: number) => number,
): void {
  const { first, count } = wordBits(geometry, word)
  const pixelBits = 8 * bitBytes(pixelChannels)
  for (const bit of range(count)) {
    const pixel = Math.floor((first + bit) / pixelBits)
    const channel = (first + bit) % pixelBits
    if (channel >= pixelChannels || weight(pixel * pixelChannels + channel) < 0) continue
    const byte = offset + Math.floor(bit / 8)
    bytes[byte] = (bytes[byte] ?? 0) | (1 << (bit % 8))
  }
}
