/**
 * The ops with weights once more, in the plainest form: one output element at a time, unbounded integers, the rounding
 * rules from their definitions. Slow, and sharing nothing with the kernels but the requantization parameters.
 */
import type { ChannelRequant } from '../../ir/arith/requant.ts'
import type { Tensor, TensorType } from '../../ir/tensor.ts'
import { tflite, tfliteWide } from '../arith/bigint-rules.ts'

export interface Geometry {
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly pads: readonly number[]
}

/** Element [n, y, x, c] of an image less its zero point; real zero outside. */
function at({ type, data }: Tensor, n: number, y: number, x: number, c: number): bigint {
  const [, h = 0, w = 0, channels = 0] = type.shape
  if (y < 0 || y >= h || x < 0 || x >= w) return 0n
  return BigInt(data[((n * h + y) * w + x) * channels + c] as number) - BigInt(type.quant?.zeroPoint[0] ?? 0)
}

function weight({ type, data }: Tensor, indices: readonly number[]): bigint {
  const flat = indices.reduce((sum, index, axis) => sum * (type.shape[axis] ?? 0) + index, 0)
  return BigInt(data[flat] as number)
}

/** A sum as an output element. */
function finish(sum: bigint, r: ChannelRequant, channel: number): number {
  const wrapped = r.wide ? sum : BigInt.asIntN(32, sum)
  if (r.rule === 'none') return Number(wrapped)
  const [m, s] = [BigInt(r.multiplier[channel] ?? 0), r.shift[channel] ?? 0]
  const scaled =
    r.rule === 'real'
      ? Number(wrapped) * (r.factor[channel] ?? 0)
      : Number(r.rule === 'tflite' ? tflite(wrapped, m, s) : tfliteWide(wrapped, m, s))
  const rounded = Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5)
  return Math.max(r.min, Math.min(r.max, rounded + r.outputZeroPoint)) + 0
}

function forEachOutput(
  output: TensorType,
  element: (n: number, y: number, x: number, o: number) => number,
): readonly number[] {
  const [batch = 0, height = 0, width = 0, channels = 0] = output.shape
  const result: number[] = []
  for (let n = 0; n < batch; n++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) for (let o = 0; o < channels; o++) result.push(element(n, y, x, o))
  return result
}

const biasOf = (bias: Tensor | undefined, o: number) => BigInt(bias?.data[o] ?? 0)

export function naiveConv2d(
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  output: TensorType,
  { stride, dilation, pads }: Geometry,
  r: ChannelRequant,
): readonly number[] {
  const [outputs = 0, kernelHeight = 0, kernelWidth = 0, groupChannels = 0] = w.type.shape
  const groups = (x.type.shape[3] ?? 0) / groupChannels
  return forEachOutput(output, (n, oy, ox, o) => {
    const group = Math.floor(o / (outputs / groups))
    let sum = biasOf(bias, o)
    for (let ky = 0; ky < kernelHeight; ky++)
      for (let kx = 0; kx < kernelWidth; kx++)
        for (let c = 0; c < groupChannels; c++) {
          const iy = oy * (stride[0] ?? 1) - (pads[0] ?? 0) + ky * (dilation[0] ?? 1)
          const ix = ox * (stride[1] ?? 1) - (pads[1] ?? 0) + kx * (dilation[1] ?? 1)
          sum += at(x, n, iy, ix, group * groupChannels + c) * weight(w, [o, ky, kx, c])
        }
    return finish(sum, r, o)
  })
}

export function naiveDepthwiseConv2d(
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  output: TensorType,
  { stride, dilation, pads }: Geometry,
  r: ChannelRequant,
): readonly number[] {
  const [, kernelHeight = 0, kernelWidth = 0, outputs = 0] = w.type.shape
  const multiplier = outputs / (x.type.shape[3] ?? 1)
  return forEachOutput(output, (n, oy, ox, o) => {
    let sum = biasOf(bias, o)
    for (let ky = 0; ky < kernelHeight; ky++)
      for (let kx = 0; kx < kernelWidth; kx++) {
        const iy = oy * (stride[0] ?? 1) - (pads[0] ?? 0) + ky * (dilation[0] ?? 1)
        const ix = ox * (stride[1] ?? 1) - (pads[1] ?? 0) + kx * (dilation[1] ?? 1)
        sum += at(x, n, iy, ix, Math.floor(o / multiplier)) * weight(w, [0, ky, kx, o])
      }
    return finish(sum, r, o)
  })
}

/** By scattering: each input element adds to the outputs under its kernel. */
export function naiveTransposeConv2d(
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  output: TensorType,
  { stride, pads }: Pick<Geometry, 'stride' | 'pads'>,
  r: ChannelRequant,
): readonly number[] {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.type.shape
  const [outputs = 0, kernelHeight = 0, kernelWidth = 0] = w.type.shape
  const [, outputHeight = 0, outputWidth = 0] = output.shape
  const sums = new Map<number, bigint>()
  for (let n = 0; n < batch; n++)
    for (let iy = 0; iy < height; iy++)
      for (let ix = 0; ix < width; ix++)
        for (let c = 0; c < channels; c++)
          for (let ky = 0; ky < kernelHeight; ky++)
            for (let kx = 0; kx < kernelWidth; kx++)
              for (let o = 0; o < outputs; o++) {
                const oy = iy * (stride[0] ?? 1) - (pads[0] ?? 0) + ky
                const ox = ix * (stride[1] ?? 1) - (pads[1] ?? 0) + kx
                if (oy < 0 || oy >= outputHeight || ox < 0 || ox >= outputWidth) continue
                const key = ((n * outputHeight + oy) * outputWidth + ox) * outputs + o
                sums.set(key, (sums.get(key) ?? 0n) + at(x, n, iy, ix, c) * weight(w, [o, ky, kx, c]))
              }
  return forEachOutput(output, (n, y, x, o) => {
    const sum = sums.get(((n * outputHeight + y) * outputWidth + x) * outputs + o) ?? 0n
    return finish(sum + biasOf(bias, o), r, o)
  })
}

export function naiveFullyConnected(
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  r: ChannelRequant,
): readonly number[] {
  const [outputs = 0, depth = 0] = w.type.shape
  const [zx, zw] = [BigInt(x.type.quant?.zeroPoint[0] ?? 0), BigInt(w.type.quant?.zeroPoint[0] ?? 0)]
  return Array.from({ length: (x.data.length / depth) * outputs }, (_, i) => {
    const [row, o] = [Math.floor(i / outputs), i % outputs]
    let sum = biasOf(bias, o)
    for (let k = 0; k < depth; k++) {
      sum += (BigInt(x.data[row * depth + k] as number) - zx) * (weight(w, [o, k]) - zw)
    }
    return finish(sum, r, o)
  })
}
