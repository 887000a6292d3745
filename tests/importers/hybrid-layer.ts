/**
 * A TFLite file of one layer with int8 weights and float32 activations, and what TensorFlow Lite makes of it, written down a
 * second time: kernels/internal/reference/portable_tensor_utils.cc, `Portable*QuantizeFloats`, and the kernels after it.
 */
import fc from 'fast-check'
import { OPTIONS } from '../../src/importers/tflite/schema.ts'
import { type OperatorSketch, type TensorSketch, tfliteFile } from './tflite-file.ts'

const { fround } = Math

export interface HybridSketch {
  readonly operator: 'CONV_2D' | 'DEPTHWISE_CONV_2D' | 'FULLY_CONNECTED'
  /** NHWC; of a fully connected layer the input is [batch, height, width * channels], and a row is one pixel's row. */
  readonly shape: readonly [batch: number, height: number, width: number, channels: number]
  readonly outputs: number
  readonly kernel: number
  readonly isPadded: boolean
  readonly asymmetric: boolean
  readonly isPerChannel: boolean
  readonly hasBias: boolean
  /** Of a fully connected layer: the output is [batch, height, outputs] instead of rows. */
  readonly keepDims: boolean
  readonly activation: number
  readonly weights: Int8Array
  readonly scales: readonly number[]
  readonly bias: Float32Array
}

/** How many outputs a depthwise layer makes of a channel is `outputs`. */
function outputsOf({ operator, shape, outputs }: HybridSketch): number {
  return operator === 'DEPTHWISE_CONV_2D' ? shape[3] * outputs : outputs
}

function quantizesAsymmetrically(layer: HybridSketch): boolean {
  if (layer.operator === 'DEPTHWISE_CONV_2D') return true
  if (layer.operator === 'FULLY_CONNECTED') return layer.asymmetric
  return layer.isPerChannel && outputsOf(layer) > 1
}

/** A file with the one layer. */
export function hybridFile(layer: HybridSketch): Uint8Array {
  const [batch, height, width, channels] = layer.shape
  const outputs = outputsOf(layer)
  const { operator: name, kernel } = layer
  const isProduct = name === 'FULLY_CONNECTED'
  const isDepthwise = name === 'DEPTHWISE_CONV_2D'
  const shape = isProduct ? [batch, height, width * channels] : layer.shape
  const [outHeight, outWidth] = [height, width].map((extent) => extent - (layer.isPadded ? 0 : kernel - 1))
  const weightShape = isProduct
    ? [outputs, width * channels]
    : isDepthwise
      ? [1, kernel, kernel, outputs]
      : [outputs, kernel, kernel, channels]
  const window = { padding: layer.isPadded ? 0 : 1, strideW: 1, strideH: 1, activation: layer.activation }
  const product = {
    activation: layer.activation,
    keepDims: layer.keepDims,
    asymmetricQuantizeInputs: layer.asymmetric,
  }
  const tensors: TensorSketch[] = [
    { type: 'FLOAT32', name: 'x', shape },
    {
      type: 'INT8',
      name: 'w',
      shape: weightShape,
      scale: layer.isPerChannel ? layer.scales : (layer.scales[0] ?? 1),
      zeroPoint: 0,
      axis: isDepthwise ? 3 : 0,
      data: new Uint8Array(layer.weights.buffer),
    },
    { type: 'FLOAT32', name: 'bias', shape: [outputs], data: new Uint8Array(layer.bias.buffer) },
    {
      type: 'FLOAT32',
      name: 'y',
      shape: isProduct
        ? layer.keepDims
          ? [batch, height, outputs]
          : [batch * height, outputs]
        : [batch, outHeight ?? 1, outWidth ?? 1, outputs],
    },
  ]
  const operator: OperatorSketch = {
    name,
    inputs: layer.hasBias ? [0, 1, 2] : [0, 1, -1],
    outputs: [3],
    options: isProduct
      ? [OPTIONS.fullyConnected, product]
      : [isDepthwise ? OPTIONS.depthwiseConv2d : OPTIONS.conv2d, window],
  }
  return tfliteFile({ tensors, operators: [operator], inputs: [0], outputs: [3] })
}

/** C's `round`. */
function roundHalfAway(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5)
}

/** The differences from the zero point, and the scale; undefined where the zero point is too near a half to be sure of. */
function quantized(x: Float32Array, asymmetric: boolean): { q: number[]; scale: number } | undefined {
  const low = Math.min(0, ...x)
  const high = Math.max(0, ...x)
  if (low === high) return { q: Array.from(x, () => 0), scale: 1 }
  if (!asymmetric) {
    const range = Math.max(-low, high)
    const inverse = fround(127 / range)
    return { q: Array.from(x, (v) => roundHalfAway(fround(v * inverse))), scale: fround(range / 127) }
  }
  const exact = (high - low) / 255
  const zero = -128 - low / exact
  if (Math.abs((Math.abs(zero) % 1) - 0.5) < 1e-3) return undefined
  const zeroPoint = Math.min(127, Math.max(-128, roundHalfAway(zero)))
  const scale = fround(exact)
  const inverse = fround(1 / scale)
  const q = Array.from(x, (v) => {
    const rounded = roundHalfAway(fround(zeroPoint + fround(v * inverse)))
    return Math.min(127, Math.max(-128, rounded)) - zeroPoint
  })
  return { q, scale }
}

export function hybridResult(layer: HybridSketch, x: Float32Array): number[] | undefined {
  const [batch, height, width, channels] = layer.shape
  const outputs = outputsOf(layer)
  const asymmetric = quantizesAsymmetrically(layer)
  const isProduct = layer.operator === 'FULLY_CONNECTED'
  const entries = isProduct ? batch * height : batch
  const size = x.length / entries
  const limits = [
    [-Infinity, Infinity],
    [0, Infinity],
    [-1, 1],
    [0, 6],
  ][layer.activation] as [number, number]
  const y: number[] = []
  const finish = (integerSum: number, inputScale: number, o: number) => {
    const sum = fround(integerSum)
    const weightScale = fround(layer.scales[layer.isPerChannel ? o : 0] ?? 1)
    const scaled =
      layer.operator === 'CONV_2D' && asymmetric
        ? fround(fround(sum * weightScale) * inputScale)
        : fround(sum * fround(inputScale * weightScale))
    const biased = layer.hasBias ? fround(scaled + (layer.bias[o] ?? 0)) : scaled
    y.push(Math.min(limits[1], Math.max(limits[0], biased)))
  }
  for (let n = 0; n < entries; n++) {
    const entry = quantized(x.subarray(n * size, (n + 1) * size), asymmetric)
    if (entry === undefined) return undefined
    const { q, scale } = entry
    const w = (index: number) => layer.weights[index] as number
    if (isProduct) {
      for (let o = 0; o < outputs; o++) {
        finish(
          q.reduce((sum, each, k) => sum + each * w(o * size + k), 0),
          scale,
          o,
        )
      }
      continue
    }
    const { kernel } = layer
    const pad = layer.isPadded ? Math.floor((kernel - 1) / 2) : 0
    const shrink = layer.isPadded ? 0 : kernel - 1
    for (let row = 0; row < height - shrink; row++) {
      for (let column = 0; column < width - shrink; column++) {
        for (let o = 0; o < outputs; o++) {
          let sum = 0
          for (let ky = 0; ky < kernel; ky++) {
            for (let kx = 0; kx < kernel; kx++) {
              const [i, j] = [row + ky - pad, column + kx - pad]
              if (i < 0 || j < 0 || i >= height || j >= width) continue
              const pixel = (i * width + j) * channels
              if (layer.operator === 'DEPTHWISE_CONV_2D') {
                const c = Math.floor(o / layer.outputs)
                sum += (q[pixel + c] as number) * w((ky * kernel + kx) * outputs + o)
              } else {
                for (let c = 0; c < channels; c++) {
                  sum += (q[pixel + c] as number) * w(((o * kernel + ky) * kernel + kx) * channels + c)
                }
              }
            }
          }
          finish(sum, scale, o)
        }
      }
    }
  }
  return y
}

/** Multiples of 2^-10 between limits: differences of two are exact in float32. */
function elements(length: number): fc.Arbitrary<Float32Array> {
  const between = fc.constantFrom([-4096, 4096], [0, 4096], [-4096, -1], [-7, 3], [0, 0])
  return between
    .chain(([min = 0, max = 0]) =>
      fc.array(fc.integer({ min, max }), { minLength: length, maxLength: length }),
    )
    .map((integers) => Float32Array.from(integers, (n) => n / 1024))
}

export const hybridLayers: fc.Arbitrary<{ layer: HybridSketch; x: Float32Array }> = fc
  .record({
    operator: fc.constantFrom('CONV_2D' as const, 'DEPTHWISE_CONV_2D' as const, 'FULLY_CONNECTED' as const),
    shape: fc.tuple(
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 3, max: 5 }),
      fc.integer({ min: 3, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
    ),
    outputs: fc.integer({ min: 1, max: 6 }),
    kernel: fc.constantFrom(1, 2, 3),
    isPadded: fc.boolean(),
    asymmetric: fc.boolean(),
    isPerChannel: fc.boolean(),
    hasBias: fc.boolean(),
    keepDims: fc.boolean(),
    activation: fc.nat(3),
  })
  .chain((r) => {
    const [batch, height, width, channels] = r.shape
    const isProduct = r.operator === 'FULLY_CONNECTED'
    const isDepthwise = r.operator === 'DEPTHWISE_CONV_2D'
    const outputs = isDepthwise ? channels * r.outputs : r.outputs
    const taps = isProduct ? width * channels : r.kernel * r.kernel * (isDepthwise ? 1 : channels)
    const exactly = (length: number) => ({ minLength: length, maxLength: length })
    return fc.record({
      layer: fc
        .record({
          weights: fc.array(fc.integer({ min: -127, max: 127 }), exactly(outputs * taps)),
          scales: fc.uniqueArray(fc.integer({ min: 1, max: 9999 }), exactly(outputs)),
          bias: fc.array(fc.integer({ min: -100, max: 100 }), exactly(outputs)),
        })
        .map(({ weights, scales, bias }) => ({
          ...r,
          // TensorFlow Lite demands as many scales as channels of depthwise weights.
          isPerChannel: r.isPerChannel || isDepthwise,
          weights: Int8Array.from(weights),
          scales: scales.map((scale) => scale * 1e-6),
          bias: Float32Array.from(bias, (n) => n * 0.01),
        })),
      x: elements(batch * height * width * channels),
    })
  })

/** One image of 4x4 pixels and 3 channels. */
export function hybridExample(change: Partial<HybridSketch>): HybridSketch {
  const layer: HybridSketch = {
    operator: 'CONV_2D',
    shape: [1, 4, 4, 3],
    outputs: 5,
    kernel: 3,
    isPadded: true,
    asymmetric: false,
    isPerChannel: false,
    hasBias: true,
    keepDims: false,
    activation: 1,
    weights: new Int8Array(0),
    scales: Array.from({ length: 15 }, (_, o) => 0.01 + o / 1000),
    bias: new Float32Array(0),
    ...change,
  }
  const outputs = outputsOf(layer)
  const taps = { CONV_2D: 27, DEPTHWISE_CONV_2D: 9, FULLY_CONNECTED: 12 }[layer.operator]
  return {
    ...layer,
    scales: layer.scales.slice(0, outputs),
    weights: Int8Array.from({ length: outputs * taps }, (_, i) => ((i * 73) % 255) - 127),
    bias: Float32Array.from({ length: outputs }, (_, o) => o - 1),
  }
}
